"""The command line, run as a person runs it: own processes, a real repository, a real embedded ClickHouse."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

INCLUDE = Path(__file__).parents[2] / "include"
SECRET = "hunter2-do-not-show"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from devhealth.warehouse import embedded

    home = tmp_path_factory.mktemp("home")
    yield home
    embedded.stop(home)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    path = tmp_path_factory.mktemp("work") / "shop"
    git("init", "-q", "-b", "main", path)
    for number, name in enumerate(("Ada", "Grace", "Ada")):
        (path / f"file{number}.txt").write_text(f"line\n{SECRET}\n" * (number + 1))
        git("-C", path, "add", ".")
        who = ("-c", f"user.name={name}", "-c", f"user.email={name}@example.com")
        git("-C", path, *who, "commit", "-q", "-m", f"Change {number}")
    return path


def git(*arguments):
    subprocess.run(["git", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def devhealth(home):
    def run(*arguments, status=0, environ=None, **options):
        process = subprocess.run(
            [sys.executable, "-m", "devhealth.cli", *map(str, arguments)],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(INCLUDE),
                "DEVHEALTH_HOME": str(home),
                "HOME": str(home),
                **(environ or {}),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert process.returncode == status, process.stdout + process.stderr
        assert "Traceback" not in process.stderr
        assert SECRET not in process.stdout + process.stderr
        return process

    return run


@pytest.fixture(scope="module")
def synced(devhealth, repository):
    """What the first sync, the metrics and the page said."""
    first = devhealth("sync", "git", "--repo-path", repository, "--org", "acme", "--target", "git", "--target", "blame")
    metrics = devhealth("metrics", "daily", "--org", "acme")
    return first, metrics, devhealth("show", "--org", "acme")


def test_a_repository_goes_from_sync_to_page(synced):
    first, metrics, page = synced
    assert "commits" in first.stdout
    assert "devhealth metrics daily" in first.stdout
    assert "repo_metrics_daily" in metrics.stdout
    assert "shop" in page.stdout
    assert "organisation acme, branch main" in page.stdout


def test_the_page_counts_what_git_counts(synced, devhealth):
    [found] = json.loads(devhealth("show", "--org", "acme", "--json").stdout)["repositories"]
    totals = found["totals"]
    assert (totals["commits"], totals["people"], totals["files"]) == (3, 2, 3)
    assert (totals["additions"], totals["deletions"]) == (12, 0)
    assert sum(week["commits"] for week in found["weeks"]) == 3


def test_one_repository_is_shown_by_its_name_its_id_or_where_it_is(synced, devhealth, repository):
    [found] = json.loads(devhealth("show", "--org", "acme", "--repo", repository, "--json").stdout)["repositories"]
    assert found["name"] == "shop"
    devhealth("show", "--org", "acme", "--repo", found["repo_id"])
    devhealth("show", "--org", "acme", "--repo", repository.parent, status=2)


def test_a_second_sync_says_that_nothing_is_new(synced, devhealth, repository):
    again = devhealth("sync", "git", "--repo-path", repository, "--org", "acme")
    assert "Nothing is new" in again.stdout
    assert "Nothing to compute" in devhealth("metrics", "daily").stdout


def test_all_registered_repositories_are_synced_without_naming_one(synced, devhealth):
    assert "Nothing is new" in devhealth("sync", "git", "--org", "acme").stdout


def test_a_script_reads_json_from_standard_output_alone(synced, devhealth, repository):
    again = devhealth("sync", "git", "--repo-path", repository, "--org", "acme", "--full-resync", "--json")
    assert json.loads(again.stdout)["planned"] == 2
    assert json.loads(devhealth("metrics", "daily", "--json").stdout)["repositories"] == 1


def test_sync_git_reads_configured_blame_and_configures_what_it_reads(synced, devhealth, repository):
    devhealth("register", repository, "--org", "two", "--target", "git", "--target", "blame", "--provider", "local_git")
    first = json.loads(devhealth("sync", "git", "--org", "two", "--json").stdout)
    assert {unit["unit_id"].split("-")[1] for unit in first["stored"]} == {"git", "blame"}
    again = devhealth("sync", "git", "--org", "two", "--repo-path", repository, "--full-resync", "--json")
    assert json.loads(again.stdout)["planned"] == 2
    alone = devhealth("sync", "git", "--org", "two", "--target", "git", "--full-resync", "--json")
    assert json.loads(alone.stdout)["planned"] == 1
    for provider in ("local_git", "local"):
        devhealth("sync", "git", "--org", "three", "--provider", provider, "--repo-path", repository)
    [found] = json.loads(devhealth("status", "--org", "three", "--json").stdout)["organisations"]
    assert [one["target"] for one in found["targets"]] == ["git"]


def test_a_target_that_nobody_configured_is_refused_in_one_sentence(synced, devhealth):
    done = devhealth("sync", "prs", "--org", "acme", status=2)
    assert done.stdout == ""
    assert done.stderr.strip() == (
        'devhealth: organisation "acme" lacks a configuration of provider github, so there is nothing to read. '
        "`devhealth register SOURCE --org ORG --provider github` adds one."
    )


def test_the_page_fits_eighty_columns(synced):
    assert max(map(len, synced[2].stdout.splitlines())) <= 80


def test_a_registered_repository_is_not_read_yet(devhealth, repository, tmp_path):
    git("clone", "-q", "--bare", repository, tmp_path / "copy.git")
    said = devhealth("register", tmp_path / "copy.git", "--org", "other", "--target", "git")
    assert "registered for other: git" in said.stdout
    assert json.loads(devhealth("show", "--org", "other", "--json").stdout)["repositories"] == []


def test_metrics_of_a_range_are_computed_whether_dirty_or_not(synced, devhealth):
    found = devhealth("metrics", "daily", "--org", "acme", "--since", "2020-01-01", "--as-of", "2030-01-01", "--json")
    assert json.loads(found.stdout)["repositories"] == 1


BAD = {
    "not a repository": (("sync", "git", "--repo-path", "{empty}"), "repository"),
    "no such folder": (("sync", "git", "--repo-path", "/nowhere/at/all"), "/nowhere/at/all"),
    "unknown organisation": (("sync", "git", "--org", "nobody"), "nobody"),
    "unknown organisation in show": (("show", "--org", "nobody"), "nobody"),
    "unknown repository": (("show", "--org", "acme", "--repo", "nothing"), "nothing"),
    "unknown target": (("sync", "git", "--repo-path", "{repository}", "--target", "gti"), "gti"),
    "since after before": (
        ("sync", "git", "--repo-path", "{repository}", "--since", "2026-02-01", "--before", "2026-01-01"),
        "since",
    ),
    "days still to come": (
        ("sync", "git", "--repo-path", "{repository}", "--since", "2026-01-01", "--before", "2999-01-01"),
        "before 2999-01-01 lies in the future",
    ),
    "no day": (("sync", "git", "--repo-path", "{repository}", "--since", "yesterday"), "2026-01-31"),
    "empty range of metrics": (("metrics", "daily", "--since", "2026-02-01", "--before", "2026-02-01"), "since"),
    "no time": (("metrics", "daily", "--as-of", "noon"), "noon"),
    "no provider": (("sync", "git", "--provider", "svn"), "local"),
    "no command": (("snyc",), "snyc"),
    "password in a wrong URL": (
        ("sync", "git", "--repo-path", f"http://ada:{SECRET}@127.0.0.1:9/shop.git"),
        "127.0.0.1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_exit_status_2(name, synced, devhealth, repository, tmp_path):
    arguments, expected = BAD[name]
    said = devhealth(*(one.format(empty=tmp_path, repository=repository) for one in arguments), status=2)
    assert expected in said.stderr
    assert said.stdout == ""


def test_a_window_the_tier_does_not_allow_makes_no_organisation(devhealth, repository):
    asked = ("sync", "git", "--repo-path", repository, "--org", "newcomer", "--since", "2020-01-01")
    said = devhealth(*asked, "--before", "2020-02-01", status=2)
    assert (
        'organisation "newcomer" is on the community tier: a backfill covers at most 30 days, 31 asked' in said.stderr
    )
    assert "newcomer" not in devhealth("admin", "list-orgs").stdout
    devhealth(*asked, "--before", "2020-01-31")
    assert "newcomer" in devhealth("admin", "list-orgs").stdout


def test_an_unknown_target_makes_no_organisation(devhealth, repository):
    said = devhealth("sync", "git", "--repo-path", repository, "--org", "mistyped", "--target", "gti", status=2)
    assert "local_git has no target 'gti'. It has: blame, git." in said.stderr
    assert "mistyped" not in devhealth("admin", "list-orgs").stdout


def test_a_setting_that_makes_no_sense_is_named(devhealth):
    assert "BATCH_SIZE" in devhealth("show", status=2, environ={"BATCH_SIZE": "many"}).stderr


def test_a_clickhouse_out_of_reach_fails_without_its_password(devhealth, tmp_path):
    environ = {"CLICKHOUSE_URI": f"clickhouse://ada:{SECRET}@127.0.0.1:9/devhealth", "DEVHEALTH_HOME": str(tmp_path)}
    said = devhealth("db", "upgrade", status=1, environ=environ)
    assert len(said.stderr.strip().splitlines()) == 1


def test_a_unit_that_fails_makes_the_run_fail_and_is_named(devhealth, tmp_path):
    path = tmp_path / "broken"
    git("init", "-q", "-b", "main", path)
    git("-C", path, "-c", "user.name=Ada", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "First")
    head = subprocess.run(["git", "-C", path, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    found = path / ".git/objects" / head[:2] / head[2:].strip()
    found.chmod(0o600)
    found.write_bytes(b"nonsense")
    said = devhealth("sync", "git", "--repo-path", path, "--org", "broken", status=1)
    assert "broken" in said.stderr


def test_debug_shows_where_an_error_came_from(home, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "devhealth.cli", "--debug", "sync", "git", "--repo-path", str(tmp_path)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(INCLUDE), "DEVHEALTH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "Traceback" in run.stderr


def test_the_warehouse_is_started_shown_and_stopped(devhealth, tmp_path):
    environ = {"DEVHEALTH_HOME": str(tmp_path)}
    assert "not running" in devhealth("warehouse", "status", status=1, environ=environ).stdout
    assert "127.0.0.1" in devhealth("warehouse", "start", environ=environ).stdout
    status = json.loads(devhealth("warehouse", "status", "--json", environ=environ).stdout)
    assert status["running"] is True
    assert "password" not in status
    assert "stopped" in devhealth("warehouse", "stop", environ=environ).stdout
    assert "not running" in devhealth("warehouse", "stop", environ=environ).stdout


def test_the_semantic_database_goes_up_and_down(devhealth, tmp_path, home):
    from devhealth.warehouse import embedded

    environ = {"DEVHEALTH_HOME": str(tmp_path), "CLICKHOUSE_URI": embedded.ensure_started(home).uri}
    assert "no tables yet" in devhealth("db", "current", environ=environ).stdout
    devhealth("db", "upgrade", environ=environ)
    assert json.loads(devhealth("db", "current", "--json", environ=environ).stdout)["revision"]
    devhealth("db", "downgrade", "base", status=1, environ=environ)
    devhealth("db", "downgrade", "base", "--yes", environ=environ)
    assert "no tables yet" in devhealth("db", "current", environ=environ).stdout


def test_help_comes_at_once_with_examples(devhealth):
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        assert "Examples:" in devhealth("--help").stdout
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 1.5


def test_the_top_of_the_command_line_imports_nothing_heavy():
    heavy = {"rich", "msgspec", "sqlalchemy", "clickhouse_driver", "alembic", "upath", "pendulum", "psutil"}
    code = f"import devhealth.cli, sys; print(sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(INCLUDE)}, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    ["register", "sync git", "sync blame", "metrics daily", "show", "db upgrade", "db downgrade", "db current"],
)
def test_every_command_of_a_working_day_shows_examples(command, devhealth):
    assert "Example" in devhealth(*command.split(), "--help").stdout


def test_the_version_is_printed(devhealth):
    assert devhealth("version").stdout == "devhealth 0.1.0\n"


def test_registering_again_keeps_the_options_that_are_not_given(devhealth, repository):
    first = ("register", repository, "--org", "options", "--json")
    given = ("--default-branch", "main", "--any-branch", "--depth-days", "30", "--bot-pattern", "ci@")
    expected = {"default_branch": "main", "counts_any_branch": True, "depth_days": 30, "bot_patterns": ["ci@"]}
    assert json.loads(devhealth(*first, *given).stdout)["options"] == expected
    assert json.loads(devhealth(*first, "--depth-days", "60").stdout)["options"] == {**expected, "depth_days": 60}
