"""`devhealth backfill`, run as a person runs it."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

INCLUDE = Path(__file__).parents[2] / "include"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from devhealth.warehouse import embedded

    home = tmp_path_factory.mktemp("home")
    yield home
    embedded.stop(home)


@pytest.fixture(scope="module")
def environment(home):
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(INCLUDE),
        "DEVHEALTH_HOME": str(home),
        "HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
    }


@pytest.fixture(scope="module")
def devhealth(environment):
    def run(*arguments, status=0):
        process = subprocess.run(
            [sys.executable, "-m", "devhealth.cli", *map(str, arguments)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == status, process.stdout + process.stderr
        assert "Traceback" not in process.stderr
        return process

    return run


@pytest.fixture(scope="module")
def shop(tmp_path_factory, devhealth):
    """A registered repository with three commits in March, of an organisation that may ask for any range."""
    path = tmp_path_factory.mktemp("work") / "shop"
    git("init", "-q", "-b", "main", path)
    for day in (2, 10, 20):
        (path / "file.txt").write_text(f"{day}\n" * day)
        git("-C", path, "add", ".")
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        at = f"2026-03-{day:02}T12:00:00Z"
        git("-C", path, *who, "commit", "-q", "-m", f"Change {day}", GIT_COMMITTER_DATE=at, GIT_AUTHOR_DATE=at)
    for organisation in ("acme", "beta"):
        devhealth("register", path, "--org", organisation, "--target", "git")
        devhealth("admin", "set-tier", organisation, "enterprise")
    return path


def git(*arguments, **environ):
    subprocess.run(["git", *arguments], check=True, capture_output=True, env={**os.environ, **environ})


@pytest.fixture(scope="module")
def done(devhealth, shop):
    """A backfill of March, as JSON."""
    range_ = ("--since", "2026-03-01", "--before", "2026-04-01")
    return json.loads(devhealth("backfill", "run", "--org", "acme", "--config", "shop", *range_, "--json").stdout)


def test_a_backfill_is_told_as_json(done):
    assert (done["status"], done["chunks"], done["completed"], done["failures"]) == ("completed", 5, 5, [])
    assert done["rows"] > 3
    assert done["metrics"]["repositories"] == 1


def test_without_a_terminal_the_progress_is_plain_lines(devhealth, shop):
    told = devhealth(
        "backfill", "run", "--org", "beta", "--config", "shop", "--since", "2026-03-01", "--before", "2026-03-15"
    )
    lines = told.stderr.splitlines()
    assert "2 chunks to do" in lines[0]
    assert re.match(r"2/2 shop \(git\) 2026-03-08 to 2026-03-15: \d+ rows stored", lines[2])
    assert "2 of 2 chunks are stored" in told.stdout
    assert "Next: `devhealth show --org beta`." in told.stdout
    assert "\x1b" not in told.stdout + told.stderr


def test_on_a_terminal_the_progress_is_live(environment, shop):
    arguments = (
        "backfill",
        "run",
        "--org",
        "beta",
        "--config",
        "shop",
        "--since",
        "2026-03-01",
        "--before",
        "2026-04-01",
    )
    text = on_a_terminal(environment, 80, *arguments)
    assert "of 5 chunks" in text
    assert "rows/s" in text
    assert "5 of 5 chunks are stored" in text


@pytest.mark.parametrize("columns", [80, 100])
def test_no_line_of_a_page_is_broken(environment, done, columns):
    for arguments in (("status",), ("status", done["job_id"])):
        text = on_a_terminal(environment, columns, "backfill", *arguments)
        lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).splitlines()
        assert done["job_id"] in text
        assert max(map(len, lines)) <= columns
        assert any("acme" in line and "shop" in line for line in lines)


def test_the_status_lists_jobs_and_shows_one_with_its_chunks(devhealth, done):
    listed = json.loads(devhealth("backfill", "status", "--org", "acme", "--json").stdout)
    assert done["job_id"] in [job["job_id"] for job in listed]
    one = json.loads(devhealth("backfill", "status", done["job_id"], "--json").stdout)
    assert (one["job"]["status"], one["job"]["completed"]) == ("completed", 5)
    assert [chunk["status"] for chunk in one["chunks"]] == ["completed"] * 5
    page = devhealth("backfill", "status", done["job_id"]).stdout
    assert "2026-03-01 to 2026-04-01 (31 days), 5 chunks of 7 days, oldest first" in page
    assert "5/5" in page
    listed = devhealth("backfill", "status", "--org", "acme").stdout
    assert re.search(rf"{done['job_id']}  acme shop +2026-03-01 +31  100%  completed", listed)


def test_watching_an_ended_job_ends(devhealth, done):
    assert "completed" in devhealth("backfill", "status", done["job_id"], "--watch").stdout


def test_a_job_of_another_organisation_is_not_there(devhealth, done):
    told = f"devhealth: organisation beta has no backfill job '{done['job_id']}'."
    assert told in devhealth("backfill", "status", done["job_id"], "--org", "beta", status=2).stderr
    assert told in devhealth("backfill", "cancel", done["job_id"], "--org", "beta", status=2).stderr
    assert told in devhealth("backfill", "run", "--job", done["job_id"], "--org", "beta", status=2).stderr
    listed = devhealth("backfill", "status", "--org", "beta", "--json").stdout
    assert done["job_id"] not in listed


def test_failed_chunks_are_named_and_tried_again(devhealth, shop):
    range_ = ("--since", "2026-03-01", "--before", "2026-03-15")
    away = shop.rename(shop.with_name("moved"))
    try:
        told = devhealth("backfill", "run", "--org", "acme", "--config", "shop", *range_, status=1)
    finally:
        away.rename(shop)
    assert "0 of 2 chunks are stored" in told.stdout
    assert "there is nothing at" in told.stdout
    assert "devhealth: 2 of 2 chunks failed." in told.stderr
    job_id = re.search(r"--job (\S+)`", told.stderr)[1]
    page = devhealth("backfill", "status", job_id).stdout
    assert "2 chunks between 2026-03-01 and 2026-03-15" in " ".join(page.split())
    assert "2 of 2 chunks are stored" in devhealth("backfill", "run", "--job", job_id).stdout
    assert "is completed" in devhealth("backfill", "run", "--job", job_id, status=2).stderr
    assert "completed already" in devhealth("backfill", "cancel", job_id, status=2).stderr


def test_newest_first_and_without_metrics(devhealth, shop):
    asked = ("--since", "2026-03-01", "--before", "2026-03-15", "--order", "newest-first", "--no-metrics")
    told = devhealth("backfill", "run", "--org", "acme", "--config", "shop", *asked)
    assert "1/2 shop (git) 2026-03-08" in told.stderr
    assert "Next: `devhealth metrics daily --org acme`." in told.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "shop", "--since", "30d"), "no organisation is named"),
        (("--org", "nobody", "--config", "shop", "--since", "30d"), "organisation 'nobody' does not exist"),
        (("--org", "acme", "--since", "30d"), "no configuration is named. There are: shop"),
        (("--org", "acme", "--config", "cart", "--since", "30d"), "no configuration 'cart'"),
        (("--org", "acme", "--config", "shop"), "since is missing"),
        (("--org", "acme", "--config", "shop", "--since", "soon"), "since is 'soon'"),
        (("--org", "acme", "--config", "shop", "--since", "30d", "--target", "blame"), "describes the present"),
        (("--job", "20260101T000000-00000000"), "there is no backfill job '20260101T000000-00000000'"),
    ],
)
def test_bad_input_is_one_sentence_and_exits_with_2(devhealth, shop, arguments, message):
    said = devhealth("backfill", "run", *arguments, status=2)
    assert message in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


def test_the_last_days_are_counted_exactly_against_the_tier(devhealth, shop):
    devhealth("register", shop, "--org", "small", "--target", "git")
    small = ("backfill", "run", "--org", "small", "--config", "shop", "--no-metrics")
    assert "at most 30 days, 31 asked" in devhealth(*small, "--since", "31d", status=2).stderr
    assert "5 of 5 chunks are stored" in devhealth(*small, "--since", "30d").stdout


@pytest.mark.parametrize("command", ["run", "status", "cancel"])
def test_help_shows_examples(devhealth, command):
    assert "Example" in devhealth("backfill", command, "--help").stdout


def on_a_terminal(environment, columns, *arguments):
    """What a terminal of that width is sent."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "devhealth.cli", *arguments],
        env={**environment, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40"},
        stdin=other,
        stdout=other,
        stderr=other,
    )
    os.close(other)
    text = b""
    while select.select([main], [], [], 60)[0]:
        try:
            text += os.read(main, 65536)
        except OSError:  # the other side is closed
            break
    os.close(main)
    assert process.wait(60) == 0, text.decode()
    return text.decode()
