from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from devhealth.models.unit import DayRange, source_digest
from devhealth.relational import writing
from devhealth.semantic import (
    configurations,
    dirty_ranges,
    organizations,
    repositories,
    sync_runs,
    sync_state,
    watermarks,
)
from devhealth.semantic.sync_runs import UnitRun

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = "/srv/shop"


@pytest.fixture
def configured(engine: Engine, acme: str) -> None:
    configure(engine, acme)


def configure(engine: Engine, org_id: str, sources=(SHOP,), name: str = "shop", **choices) -> None:
    configurations.save(
        engine,
        org_id=org_id,
        name=name,
        provider="local_git",
        sources=sources,
        targets=["git"],
        options={},
        **choices,
    )


def ran(engine: Engine, org_id: str, repo_id: str | None, hours: int, source: str = SHOP, **changes) -> None:
    """A unit of a sync ended `hours` ago."""
    values = {
        "org_id": org_id,
        "run_id": f"run {99 - hours}",
        "provider": "local_git",
        "configuration": "shop",
        "repo_id": repo_id,
        "name": "shop" if repo_id else source,
        "target": "git",
        "mode": "incremental",
        "since": None,
        "before": NOW,
        "outcome": "stored",
        "rows": 1,
        "requests": 1,
        "fetch_seconds": 1.0,
        "process_seconds": 1.0,
        "store_seconds": 1.0,
        "error": None,
        "finished_at": NOW - timedelta(hours=hours),
    } | changes
    digest = source_digest(org_id, values["configuration"], source, values["target"])
    unit_id = f"{values['name'].replace('/', '-')}-git-{digest}"
    with writing(engine) as connection:
        sync_runs.record(connection, [UnitRun(unit_id=unit_id, **values)])


def stored(engine: Engine, org_id: str, repo_id: str, hours: int) -> None:
    at = NOW - timedelta(hours=hours)
    watermarks.advance(engine, org_id, repo_id, "git", at=at, cursor="c", stood=None, now=NOW)


def found(engine: Engine, org_id: str) -> list[tuple[str, str | None, float | None]]:
    state = sync_state.targets(engine, org_id, NOW)
    return [(one.repository, one.last_outcome, one.lag_seconds and one.lag_seconds / 3600) for one in state]


def test_a_target_has_its_watermark_its_lag_and_how_its_newest_unit_ended(engine: Engine, acme, shop, configured):
    stored(engine, acme, shop, 5)
    ran(engine, acme, shop, 5)
    ran(engine, acme, shop, 1, outcome="failed", error="it is gone")
    (state,) = sync_state.targets(engine, acme, NOW)
    assert (state.repository, state.repo_id, state.target, state.configuration) == ("shop", shop, "git", "shop")
    assert (state.watermark, state.lag_seconds) == (NOW - timedelta(hours=5), 5 * 3600)
    assert (state.last_outcome, state.last_error) == ("failed", "it is gone")


def test_a_success_takes_an_older_failure_away(engine: Engine, acme, shop, configured):
    ran(engine, acme, shop, 2, outcome="failed", error="it is gone")
    ran(engine, acme, shop, 1)
    assert found(engine, acme) == [("shop", "stored", None)]


def test_backfills_say_nothing_of_a_target(engine: Engine, acme, shop, configured):
    ran(engine, acme, shop, 1, mode="backfill", outcome="failed", error="x")
    assert found(engine, acme) == []


def test_a_known_repository_that_cannot_be_reached_now_is_one_line(engine: Engine, acme, shop, configured):
    stored(engine, acme, shop, 5)
    ran(engine, acme, shop, 5)
    ran(engine, acme, None, 1, outcome="failed", error="there is nothing at /srv/shop")
    assert found(engine, acme) == [("shop", "failed", 5)]
    ran(engine, acme, shop, 0)
    assert found(engine, acme) == [("shop", "stored", 5)]


def test_a_source_that_was_never_reached_is_named_by_its_location(engine: Engine, acme, configured):
    ran(engine, acme, None, 1, outcome="failed", error="x")
    assert found(engine, acme) == [(SHOP, "failed", None)]


def test_what_no_configuration_reads_any_more_is_left_out(engine: Engine, acme, shop, configured):
    stored(engine, acme, shop, 5)
    ran(engine, acme, shop, 5)
    ran(engine, acme, None, 5, source="/srv/gone", outcome="failed", error="x")
    ran(engine, acme, None, 5, configuration="removed", outcome="failed", error="x")
    assert found(engine, acme) == [("shop", "stored", 5)]
    configure(engine, acme, sources=["/srv/other"])
    assert found(engine, acme) == []


def test_what_discovery_found_counts(engine: Engine, acme, shop):
    configure(engine, acme, sources=[], discovery=["/srv/*"])
    ran(engine, acme, shop, 1)
    assert found(engine, acme) == [("shop", "stored", None)]


def test_a_repository_of_two_configurations_is_one_line_with_the_newest_outcome(engine: Engine, acme, shop, configured):
    configure(engine, acme, sources=["/srv/copy"], name="copy")
    stored(engine, acme, shop, 3)
    ran(engine, acme, shop, 3)
    ran(engine, acme, shop, 1, source="/srv/copy", configuration="copy", outcome="damaged", error="x")
    assert found(engine, acme) == [("shop", "damaged", 3)]


def test_a_watermark_from_before_units_were_kept_is_shown(engine: Engine, acme, shop):
    stored(engine, acme, shop, 3)
    assert found(engine, acme) == [("shop", None, 3)]


def test_days_that_are_still_to_come_do_not_wait(engine: Engine, acme, shop):
    today = NOW.date()
    ahead = DayRange((today + timedelta(days=1)).isoformat(), (today + timedelta(days=2)).isoformat())
    dirty_ranges.mark(engine, acme, shop, [ahead], "a commit dated ahead")
    assert sync_state.dirty_days(engine, acme, NOW) == sync_state.DirtyDays()
    assert sync_state.dirty_days(engine, acme, NOW + timedelta(days=1)).days_count == 1
    dirty_ranges.mark(engine, acme, shop, [DayRange(today.isoformat(), "2105-01-01")], "r")
    assert sync_state.dirty_days(engine, acme, NOW).days_count == 1


def test_dirty_days_are_counted_once_a_repository(engine: Engine, acme, shop):
    assert sync_state.dirty_days(engine, acme, NOW) == sync_state.DirtyDays()
    other = repositories.register(engine, acme, provider="p", host="h", provider_id="2", name="docs", aliases=[])
    dirty_ranges.mark(engine, acme, shop, [DayRange("2026-01-01", "2026-01-11")], "r")
    dirty_ranges.mark(engine, acme, shop, [DayRange("2026-01-05", "2026-01-12")], "r")
    dirty_ranges.mark(engine, acme, other, [DayRange("2025-12-31", "2026-01-01")], "r")
    dirty = sync_state.dirty_days(engine, acme, NOW)
    assert (dirty.ranges_count, dirty.days_count, dirty.repositories_count) == (3, 12, 2)
    assert dirty.oldest == date(2025, 12, 31)
    assert dirty.waiting_since <= datetime.now(UTC)


def test_configurations_tell_their_last_run(engine: Engine, acme, configured):
    configure(engine, acme, sources=[], name="found", discovery=["/srv/*"], is_paused=True, schedule="@daily")
    with writing(engine) as connection:
        which = {"org_id": acme, "provider": "local_git", "configuration": "shop", "run_id": "1"}
        sync_runs.note_outcome(connection, **which, at=NOW, outcome="partly_failed", error="x")
    discovering, shop = sync_state.configurations(engine, acme)
    assert (discovering.name, discovering.is_discovering, discovering.is_paused) == ("found", True, True)
    assert (discovering.schedule, discovering.last_outcome, discovering.sources_count) == ("@daily", None, 0)
    assert (shop.last_run_at, shop.last_outcome, shop.last_error) == (NOW, "partly_failed", "x")
    assert (shop.sources_count, shop.is_discovering, shop.targets) == (1, False, ["git"])


def test_an_organisation_sees_nothing_of_another(engine: Engine, acme, shop, configured):
    beta = organizations.ensure_organization(engine, "beta")
    ran(engine, acme, shop, 1)
    stored(engine, acme, shop, 1)
    dirty_ranges.mark(engine, acme, shop, [DayRange("2026-01-01", "2026-01-11")], "r")
    assert sync_state.targets(engine, beta, NOW) == []
    assert sync_state.configurations(engine, beta) == []
    assert sync_state.dirty_days(engine, beta, NOW) == sync_state.DirtyDays()
