"""Whatever happens to runs of workflows and on the way, the store ends up with what GitHub has: stages and all."""

import uuid
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devhealth.models.unit import Window
from devhealth.pipelines import metrics, setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.semantic import database, organizations
from devhealth.warehouse.connection import connected
from tests.github import faults, pipelines, repositories
from tests.github.pipeline_life import live
from tests.github.server import GitHubServer
from tests.github.world import World
from tests.pipeline_run_sync import KEYS, true

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("live"), st.integers(1, 8)),
        st.tuples(st.just("sync"), st.just(0)),
        st.tuples(st.just("cut"), st.integers(0, 9)),
        st.tuples(st.just("faulty"), st.integers(0, 9)),
        st.tuples(st.just("resync"), st.just(0)),
        st.tuples(st.just("backfill"), st.integers(0, 3)),
    ),
    max_size=8,
)


class _Shop:
    """A repository at a played GitHub, and a devhealth organisation of its own that syncs it."""

    def __init__(self, settings, monkeypatch, options=None):
        self.settings, self.organisation = settings, f"acme-{uuid.uuid4().hex[:8]}"
        self.world = World(BEGIN)
        self.repository = repositories.create(self.world, "acme/shop")
        self.server = GitHubServer(self.world)
        self.server.start()
        monkeypatch.setenv("GITHUB_API_URL", self.server.api_url)
        setup.register_source(
            settings, self.organisation, "acme/shop", provider="github", targets=["cicd"], options=options or {}
        )
        self.known = set()
        """Runs that a sync has seen."""

    def sync(self, **choices):
        as_of = datetime.now(UTC)
        asked = {"provider": "github", "run_id": new_run_id(as_of), "as_of": as_of, "organisation": self.organisation}
        report = run_sync(self.settings, SyncRequest(**(asked | choices)))
        if report.stored and "window" not in choices:
            self.known = set(self.repository["_runs"])
        return report

    def stored(self):
        expected = true(self.repository)
        with connected(self.settings) as client:
            return {table: self._rows(client, table, rows) for table, rows in expected.items()}

    def select(self, client, query):
        org_id = organizations.organization_id(database.open_semantic(self.settings), self.organisation)
        return client.execute(query, {"org": org_id})

    def _rows(self, client, table, expected):
        columns = [*(expected[0] if expected else KEYS[table])]
        there = "org_id = %(org)s and not is_deleted"
        rows = self.select(
            client, f"select {', '.join(columns)} from {table} final where {there} order by {', '.join(KEYS[table])}"
        )
        return [dict(zip(columns, row, strict=True)) for row in rows]


@pytest.fixture
def prepared(warehouse_settings):
    setup.prepare(warehouse_settings)
    return warehouse_settings


@pytest.fixture
def shop(prepared, monkeypatch):
    made = _Shop(prepared, monkeypatch)
    yield made
    made.server.stop()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), steps=STEPS, is_rest=st.booleans())
def test_any_interleaving_of_changes_and_syncs_ends_with_what_is_there(prepared, seed, steps, is_rest):
    with pytest.MonkeyPatch.context() as patch:
        shop = _Shop(prepared, patch, {"api": "rest"} if is_rest else {})
        random = Random(seed)
        try:
            for step, number in [("live", 5), *steps]:
                _do(shop, random, step, number)
            shop.world.clock.advance(days=1)  # the survey tells of pushes, and of the others once a day
            assert not shop.sync().failed
            assert shop.stored() == true(shop.repository)
        finally:
            shop.server.stop()


def _do(shop, random, step, number):
    match step:
        case "live":
            for _ in range(number):
                live(shop.world, shop.repository, random, shop.known)
        case "sync":
            assert not shop.sync().failed
        case "resync":
            assert not shop.sync(full_resync=True).failed
        case "backfill":
            since = shop.world.clock.now().replace(hour=0, minute=0, second=0) - timedelta(days=number)
            assert not shop.sync(window=Window(since, since + timedelta(days=1))).failed
        case "faulty":
            shop.server.faults.add(faults.cut(), after=number)
            assert not shop.sync().failed
            shop.server.faults.clear()
        case "cut":
            broken = shop.server.faults.add(faults.status(403, b'{"message": "No"}'), times=-1, after=number)
            shop.sync()
            shop.server.faults.planned.remove(broken)


def _finished(shop, begins, minutes, conclusion="success", queued=2):
    """A run that began at a time, after some minutes in the queue, and took some more."""
    world = shop.world
    world.clock.set(begins - timedelta(minutes=queued))
    run = pipelines.create(world, shop.repository, jobs=("build", "test"))
    world.clock.set(begins)
    pipelines.start(world, run)
    world.clock.advance(minutes=minutes)
    pipelines.finish(world, run, conclusion)
    return run


def test_nothing_new_is_no_unit_and_a_run_at_work_is_looked_at_again(shop):
    _finished(shop, BEGIN, 10)
    shop.world.clock.advance(minutes=20)
    assert shop.sync().stored[0].rows["pipeline_jobs"] == 2
    assert shop.sync().planned == 0
    run = pipelines.create(shop.world, shop.repository, jobs=("build",))
    repositories.commit(shop.world, shop.repository)
    assert shop.sync().stored[0].rows["pipeline_runs"] == 1
    assert shop.sync().rows == 0
    shop.world.clock.advance(minutes=20)
    pipelines.finish(shop.world, run)
    assert shop.sync().stored[0].rows["pipeline_runs"] == 1
    shop.world.clock.advance(minutes=20)
    assert shop.sync().rows == 0
    assert shop.sync().planned == 0
    shop.world.clock.advance(days=1)
    assert shop.sync().planned == 1, "once a day it is looked at in any case"
    assert shop.stored() == true(shop.repository)


def test_rows_that_got_lost_are_drift_and_come_back(shop):
    for hour in range(5):
        _finished(shop, BEGIN + timedelta(hours=hour + 1), 10)
    shop.world.clock.advance(days=1)
    assert shop.sync().warnings == []
    pipelines.delete(shop.world, shop.repository["_runs"][min(shop.repository["_runs"])])
    shop.world.clock.advance(days=1)
    assert shop.sync().warnings == []
    with connected(shop.settings) as client:
        client.execute("delete from pipeline_runs where number = 3")
    _finished(shop, shop.world.clock.now(), 10)
    shop.world.clock.advance(days=1)
    [warning] = shop.sync().warnings
    assert "pipeline_runs: 4 stored, 5 or more at the provider" in warning
    assert shop.sync().warnings == []
    assert shop.stored() == true(shop.repository)


def test_the_metrics_of_a_day_are_those_of_the_runs_that_finished(shop):
    _finished(shop, datetime(2024, 5, 1, 9, tzinfo=UTC), 10)
    _finished(shop, datetime(2024, 5, 1, 10, tzinfo=UTC), 20, "failure", queued=4)
    _finished(shop, datetime(2024, 5, 1, 11, tzinfo=UTC), 600, "cancelled")
    _finished(shop, datetime(2024, 5, 1, 23, tzinfo=UTC), 90, queued=6)
    again = _finished(shop, datetime(2024, 5, 1, 12, tzinfo=UTC), 30, "failure")
    shop.world.clock.set(datetime(2024, 5, 2, 8, tzinfo=UTC))
    assert not shop.sync().failed
    asked = (
        "select day, pipelines_count, success_count, failure_count, success_ratio, duration_minutes_p50, "
        "queue_minutes_p50 from cicd_metrics_daily_latest where org_id = %(org)s order by day"
    )
    first, second = date(2024, 5, 1), date(2024, 5, 2)
    assert _metrics(shop, asked)[:2] == [
        (first, 4, 1, 2, 1 / 3, 20.0, 2.0),
        (second, 1, 1, 0, 1.0, 90.0, 6.0),
    ]
    pipelines.rerun(shop.world, again)
    shop.world.clock.advance(minutes=8)
    pipelines.start(shop.world, again)
    shop.world.clock.advance(minutes=10)
    pipelines.finish(shop.world, again)
    shop.world.clock.advance(days=1)
    assert not shop.sync().failed
    assert _metrics(shop, asked)[:2] == [
        (first, 3, 1, 1, 0.5, 15.0, 3.0),
        (second, 2, 2, 0, 1.0, 50.0, 7.0),
    ]


def _metrics(shop, query):
    metrics.compute_dirty(shop.settings, datetime(2024, 5, 4, tzinfo=UTC), shop.organisation)
    with connected(shop.settings) as client:
        return shop.select(client, query)
