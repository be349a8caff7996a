"""Whatever happens to runs of workflows and on the way, the store ends up with what GitHub has: stages and all."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.pipelines import metrics
from devhealth.warehouse.connection import connected
from tests.examples import examples
from tests.github import pipelines, repositories
from tests.github.pipeline_life import live
from tests.integration.played_shop import BEGIN, REST, PlayedShop, histories, playing
from tests.pipeline_run_sync import KEYS, true


class _Shop(PlayedShop):
    targets = ("cicd",)

    def __init__(self, settings, monkeypatch, options=None):
        super().__init__(settings, monkeypatch, options)
        self.known = set()
        """Runs that a sync has seen."""

    def sync(self, **choices):
        report = super().sync(**choices)
        if report.stored and "window" not in choices:
            self.known = set(self.repository["_runs"])
        return report

    def live(self, random):
        live(self.world, self.repository, random, self.known)

    def stored(self):
        return {
            table: self.rows(table, [*(rows[0] if rows else KEYS[table])], KEYS[table])
            for table, rows in true(self.repository).items()
        }


@pytest.fixture
def shop(prepared):
    with playing(_Shop, prepared) as made:
        yield made


@examples(15)
@given(seed=st.integers(0, 2**32), steps=histories(faulty=9), is_rest=st.booleans())
def test_any_interleaving_of_changes_and_syncs_ends_with_what_is_there(prepared, seed, steps, is_rest):
    with playing(_Shop, prepared, REST if is_rest else {}) as shop:
        shop.play(Random(seed), [("live", 5), *steps])
        shop.world.clock.advance(days=1)  # the survey tells of pushes, and of the others once a day
        assert not shop.sync().failed
        assert shop.stored() == true(shop.repository)


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
    return shop.select(query)
