"""Clocks that step, differ or ran ahead lose nothing; nor do runs that overtake each other."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from devhealth.models.table import Snapshot
from devhealth.pipelines import finish, setup, stages, versions
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.relational import writing
from devhealth.semantic import database
from devhealth.semantic.tables import record_versions
from devhealth.sinks.clickhouse import open_clickhouse_sink
from devhealth.warehouse.connection import connected

ALL = (stages.fetch_unit, stages.process_unit, stages.store_unit)


class Clock:
    """A clock that can be set."""

    def __init__(self):
        self.ahead = timedelta(0)

    def now(self, zone):
        return datetime.now(zone) + self.ahead

    fromisoformat = staticmethod(datetime.fromisoformat)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (versions, finish):
        monkeypatch.setattr(module, "datetime", clock)
    return clock


@pytest.fixture
def org_id(settings, shop):
    return setup.register_source(settings, "acme", str(shop.path), targets=["git", "blame"]).org_id


def request(clock, **choices):
    as_of = clock.now(UTC)
    return SyncRequest(**{"provider": "local_git", "run_id": new_run_id(as_of), "as_of": as_of} | choices)


def sync(settings, clock, **choices):
    report = run_sync(settings, request(clock, **choices))
    assert not report.failed
    return report


def query(settings, sql):
    with connected(settings) as client:
        return client.execute(sql)


def assert_stored_as_in(settings, shop):
    """What a store filled at once holds: the commits that count, where the branches are, and each line's commit."""
    counted = "select sha from commit_reachability final where is_reachable and in_default_branch"
    assert {sha for (sha,) in query(settings, counted)} == set(shop.git("rev-list", "main").split())
    reachable = "select sha from commit_reachability final where is_reachable"
    assert {sha for (sha,) in query(settings, reachable)} == set(shop.git("rev-list", "--all").split())
    refs = "select name, sha from refs final where not is_deleted"
    there = shop.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    assert set(query(settings, refs)) == {tuple(line.split()) for line in there}
    lines = "select sum(lines) from blame_current(org_id = '{}', repo_ids = [{}])"
    org_id, repo_id = query(settings, "select org_id, repo_id from repositories final")[0]
    [(count,)] = query(settings, lines.format(org_id, f"'{repo_id}'"))
    assert count == len((shop.path / "file.txt").read_text().splitlines())


@pytest.mark.parametrize("skew", [timedelta(seconds=-120), timedelta(days=-2), timedelta(days=2)])
def test_a_clock_that_was_wrong_for_one_run_loses_nothing(settings, shop, org_id, clock, skew):
    sync(settings, clock)
    shop.commit()
    clock.ahead = skew
    sync(settings, clock)
    assert_stored_as_in(settings, shop)
    clock.ahead = timedelta(0)
    shop.git("branch", "side")
    shop.commit()
    sync(settings, clock)
    assert_stored_as_in(settings, shop)
    shop.git("branch", "-D", "side")
    shop.git("reset", "-q", "--hard", "HEAD~2")
    sync(settings, clock)
    assert_stored_as_in(settings, shop)
    assert plan_sync(settings, request(clock)) == []


def test_a_store_that_is_ahead_of_now_already_is_healed_by_the_next_run(settings, shop, org_id, clock):
    """It was filled before versions were kept."""
    clock.ahead = timedelta(days=2)
    sync(settings, clock)
    with writing(database.open_semantic(settings)) as connection:
        connection.execute(record_versions.delete())
    clock.ahead = timedelta(0)
    shop.commit()
    shop.git("reset", "-q", "--hard", "HEAD~3")
    sync(settings, clock)
    assert_stored_as_in(settings, shop)


def test_a_list_in_the_store_that_is_newer_than_a_run_stops_its_cursor(settings, shop, org_id, clock):
    """Another devhealth, with a semantic database of its own, writes to the same store."""
    sync(settings, clock)
    repo_id = query(settings, "select repo_id from repositories")[0][0]
    ahead = datetime.now(UTC) + timedelta(days=2)
    with open_clickhouse_sink(settings) as sink:
        for table in ("commit_reachability", "refs"):
            theirs = Snapshot(table=table, org_id=org_id, repo_id=repo_id, version=ahead)
            asyncio.run(sink.retire(theirs, sink.session))
    shop.commit()
    (warning,) = sync(settings, clock).warnings
    assert "reads everything" in warning
    assert not sync(settings, clock).warnings
    assert_stored_as_in(settings, shop)
    assert plan_sync(settings, request(clock)) == []


@pytest.mark.parametrize("order", ["later first", "earlier first"])
def test_a_run_that_is_overtaken_leaves_no_wrong_flags(settings, shop, org_id, clock, order):
    sync(settings, clock)
    shop.git("checkout", "-qb", "side")
    shop.commit(2)
    shop.git("checkout", "-q", "main")
    earlier = plan_sync(settings, request(clock))
    for unit in earlier:
        stages.fetch_unit(settings, unit)
    shop.git("branch", "-D", "side")
    shop.commit()
    later = plan_sync(settings, request(clock))
    for unit in later:
        stages.fetch_unit(settings, unit)
    for units in (later, earlier) if order == "later first" else (earlier, later):
        for unit in units:
            stages.process_unit(settings, unit)
            stages.store_unit(settings, unit)
        finish_sync(settings, units, provider="local_git", run_id=units[0].run_id)
    assert_stored_as_in(settings, shop)


def test_a_run_after_one_that_stored_and_was_killed_leaves_no_wrong_flags(settings, shop, org_id, clock):
    sync(settings, clock)
    shop.git("checkout", "-qb", "side")
    shop.commit(2)
    shop.git("checkout", "-q", "main")
    for unit in plan_sync(settings, request(clock)):
        for stage in ALL:
            stage(settings, unit)
    shop.git("branch", "-D", "side")
    shop.commit()
    sync(settings, clock)
    assert_stored_as_in(settings, shop)
