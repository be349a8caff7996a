"""Status from the command line, with nothing but a semantic database."""

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from devhealth.cli.status_page import MOST_LISTED, page
from devhealth.models.unit import DayRange
from devhealth.pipelines.backfill import JobStatus
from devhealth.pipelines.status import OrganisationStatus, Status
from devhealth.semantic import configurations, database, dirty_ranges, organizations, repositories, watermarks
from devhealth.semantic.sync_state import ConfigurationState, DirtyDays, TargetState
from devhealth.settings import Settings
from tests.cli.semantic_commands import runner
from tests.postgres import ENGINES, fresh_uri

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = "a-name/that-is/longer-than/any-column/shop"

SHOP = ConfigurationState(
    name="shop",
    provider="local_git",
    targets=["git", "blame"],
    sources_count=2,
    is_discovering=False,
    is_paused=False,
    schedule="@daily",
    last_run_at=NOW - timedelta(minutes=5),
    last_outcome="succeeded",
    last_error=None,
)
SHOP_GIT = TargetState(
    repository="shop",
    repo_id="r",
    target="git",
    configuration="shop",
    watermark=NOW - timedelta(hours=3),
    lag_seconds=3 * 3600,
    last_outcome="stored",
    last_error=None,
)
JOB = JobStatus(
    org_id="o",
    organisation="acme",
    job_id="20260301T100000-01234567",
    provider="local_git",
    configuration="shop",
    targets=["git"],
    since=date(2026, 1, 1),
    before=date(2026, 2, 1),
    order="oldest_first",
    window_days=7,
    origin="command_line",
    dag_id="",
    run_id="",
    status="running",
    error="",
    note="",
    requested_at=NOW,
    started_at=NOW,
    finished_at=None,
    active_at=NOW,
    chunks=5,
    pending=2,
    running=1,
    completed=2,
    failed=0,
    rows=10,
    requests=1,
)
ACME = OrganisationStatus(
    organisation="acme",
    tier="community",
    backfill_days=30,
    configurations=[SHOP],
    targets=[SHOP_GIT],
    dirty=DirtyDays(),
    backfills=[],
)


def shown(*found: OrganisationStatus, width: int = 80) -> str:
    out = StringIO()
    Console(file=out, width=width).print(page(Status(as_of=NOW, organisations=list(found))))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "\u2026" not in text, "a column was cut"
    return text


def changed(**changes) -> OrganisationStatus:
    return OrganisationStatus(**{name: getattr(ACME, name) for name in ACME.__struct_fields__} | changes)


def line(text: str, start: str) -> list[str]:
    (found,) = [one.split() for one in text.splitlines() if one.startswith(start)]
    return found


def test_all_is_well_on_one_screen():
    text = shown(ACME)
    assert "acme  community tier, backfills of up to 30 days" in text
    assert "shop                 2  git, blame  5 min ago  ok" in text
    assert "shop        git     2026-03-01 09:00    3 h  ok" in text
    assert "Metrics  computed for all that is stored" in text
    assert "What went wrong" not in text
    assert text.rstrip().endswith("Next: `devhealth show` prints what is stored.")


def test_what_went_wrong_is_said_in_full():
    error = "there is nothing at /srv/docs. Check the path, or give a clone URL such as https://host/org/repo."
    docs = dataclasses.replace(SHOP, name="docs", last_outcome="partly_failed", last_error=f"docs (git): {error}")
    gone = dataclasses.replace(SHOP_GIT, repository="docs", configuration="docs", last_outcome="failed")
    gone = dataclasses.replace(gone, last_error=error, lag_seconds=5 * 86_400)
    text = shown(changed(configurations=[SHOP, docs], targets=[SHOP_GIT, gone]))
    assert " ".join(text.split()).count(error) == 1
    assert text.index("docs  ") < text.index("shop  "), "trouble first"
    assert "5 d  failed" in text
    assert "correct what went wrong" in text


def test_an_error_of_a_run_as_a_whole_is_said_too():
    failed = dataclasses.replace(SHOP, last_outcome="failed", last_error="2 of 5 chunks failed")
    text = shown(changed(configurations=[failed]))
    assert "shop: 2 of 5 chunks failed" in text
    assert "Next: correct what went wrong; `devhealth backfill status` says how to go on." in " ".join(text.split())


def test_what_never_ran_or_is_paused_or_finds_its_sources_is_told():
    never = dataclasses.replace(SHOP, name="never", last_run_at=None, last_outcome=None, is_discovering=True)
    paused = dataclasses.replace(SHOP, name="off", is_paused=True)
    text = shown(changed(configurations=[paused, never], targets=[]))
    assert line(text, "never") == ["never", "2+", "git,", "blame", "never", "ran"]
    assert line(text, "off")[-1] == "paused"
    assert "reads what was never read" in text


def test_days_that_wait_are_counted():
    dirty = DirtyDays(3, 12, 2, date(2026, 1, 1), NOW - timedelta(hours=2))
    text = shown(changed(dirty=dirty))
    assert "Metrics  12 days in 3 ranges of 2 repositories to compute, waiting for 2 h" in text
    assert "`devhealth metrics daily`" in text


def test_backfills_show_how_far_they_are():
    text = shown(changed(configurations=[dataclasses.replace(SHOP, name="x")], targets=[], backfills=[JOB]))
    assert line(text, "shop") == ["shop", "2026-01-01", "to", "2026-02-01", "2/5", "███▎", "running"]


def test_names_and_errors_cannot_steer_the_terminal_or_the_markup():
    evil = dataclasses.replace(
        SHOP_GIT, repository="\x1b[31m[red]shop", last_error="\x07[bold]x", last_outcome="failed"
    )
    text = shown(changed(targets=[evil]))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]shop" in text
    assert "[bold]x" in text


def test_long_names_and_many_of_them_fit_eighty_columns():
    configured = [dataclasses.replace(SHOP, name=f"{number}-{LONG}") for number in range(40)]
    targets = [dataclasses.replace(SHOP_GIT, repository=f"{LONG}-{number}") for number in range(40)]
    targets[30] = dataclasses.replace(targets[30], last_error="it is gone", last_outcome="failed")
    values = {name: getattr(JOB, name) for name in JOB.__struct_fields__}
    job = JobStatus(**values | {"configuration": LONG, "status": "completed_with_errors", "chunks": 1000})
    text = shown(changed(configurations=configured, targets=targets, backfills=[job] * 20))
    assert text.count(f"and {40 - MOST_LISTED} more; --json lists all") == 2
    assert f"and {20 - MOST_LISTED} more; --json lists all" in text
    assert "it is gone" in text
    assert "shop-30" in text


def test_nothing_at_all_names_the_first_step():
    assert "config apply FILE.yaml" in shown()
    assert "devhealth register PATH --org acme" in shown(changed(configurations=[], targets=[]))


@pytest.fixture(params=ENGINES)
def two_tenants(request, tmp_path):
    """A runner, and two organisations with a repository of one location each."""
    uri = fresh_uri(request.param, tmp_path)
    engine = database.open_upgraded(Settings(home=tmp_path, semantic_uri=uri))
    now = datetime.now(UTC)
    for slug, name in (("acme", "shop"), ("beta", "vault")):
        org_id = organizations.ensure_organization(engine, slug)
        where = {"provider": "local_git", "host": "localhost", "provider_id": "/srv/x", "aliases": ["/srv/x"]}
        repo_id = repositories.register(engine, org_id, name=name, **where)
        what = {"sources": ["/srv/x"], "targets": ["git"], "options": {}}
        configurations.save(engine, org_id=org_id, name=f"{name}-all", provider="local_git", **what)
        hours = timedelta(hours=5, minutes=1)
        watermarks.advance(engine, org_id, repo_id, "git", at=now - hours, cursor="c", stood=None, now=now)
        dirty_ranges.mark(engine, org_id, repo_id, [DayRange("2026-01-01", "2026-01-03")], "r")
    engine.dispose()
    return runner(tmp_path, POSTGRES_URI=uri)


def test_each_tenant_sees_itself_only(two_tenants):
    everything = two_tenants("status").stdout
    assert all(word in everything for word in ("acme", "shop", "beta", "vault"))
    for org, own, foreign in (("acme", "shop", ("beta", "vault")), ("beta", "vault", ("acme", "shop"))):
        for said in (two_tenants("status", "--org", org).stdout, two_tenants("status", "--org", org, "--json").stdout):
            assert own in said
            assert not any(word in said for word in foreign)


def test_a_script_gets_everything(two_tenants):
    (acme,) = json.loads(two_tenants("status", "--org", "acme", "--json").stdout)["organisations"]
    assert (acme["organisation"], acme["tier"], acme["backfill_days"]) == ("acme", "community", 30)
    (target,) = acme["targets"]
    assert (target["repository"], target["target"], target["last_error"]) == ("shop", "git", None)
    assert 5 * 3600 < target["lag_seconds"] < 6 * 3600
    assert (acme["dirty"]["days_count"], acme["dirty"]["ranges_count"]) == (2, 1)
    assert [one["name"] for one in acme["configurations"]] == ["shop-all"]
    assert acme["backfills"] == []


def test_an_empty_database_is_no_error_and_an_unknown_organisation_is(tmp_path):
    devhealth = runner(tmp_path)
    assert "makes a first one" in devhealth("status").stdout
    assert json.loads(devhealth("status", "--json").stdout)["organisations"] == []
    assert "organisation 'nobody' does not exist" in devhealth("status", "--org", "nobody", status=2).stderr
    assert "Examples:" in devhealth("status", "--help").stdout


def many(count: int) -> list[TargetState]:
    """Of each repository two targets; every hundredth is late, and the last ones have failed or were never read."""
    found = [
        dataclasses.replace(SHOP_GIT, repository=f"r{number:05}", repo_id=f"r{number:05}", target=target)
        for number in range(count)
        for target in ("blame", "git")
    ]
    for place in range(0, len(found), 200):
        found[place] = dataclasses.replace(found[place], lag_seconds=9 * 86_400.0)
    found[-1] = dataclasses.replace(found[-1], last_outcome="failed", last_error="no answer")
    found[-3] = dataclasses.replace(found[-3], watermark=None, lag_seconds=None, last_outcome=None)
    return found


def test_of_many_repositories_the_counts_come_first_and_failures_before_the_rest():
    shop = dataclasses.replace(SHOP, sources_count=0, is_discovering=True)
    text = shown(changed(configurations=[shop], targets=many(10_000)))
    assert line(text, "shop ")[:2] == ["shop", "10,000"]
    assert line(text, "target ") == ["target", "ok", "late", "nothing", "yet", "failed"]
    assert line(text, "blame ") == ["blame", "9,900", "100", "0", "0"]
    assert line(text, "git ") == ["git", "9,998", "0", "1", "1"]
    rows = text.partition("repository ")[2].splitlines()[1:]
    assert [row.split()[0] for row in rows[:2]] == ["r09999", "r09998"]
    assert text.index("target ") < text.index("repository ")


def test_rules_that_have_found_nothing_yet_are_no_number():
    text = shown(changed(configurations=[dataclasses.replace(SHOP, sources_count=0, is_discovering=True)], targets=[]))
    assert line(text, "shop ")[:2] == ["shop", "0+"]
