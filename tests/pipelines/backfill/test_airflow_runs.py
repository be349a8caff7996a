"""Airflow's own backfills: runs that know their own days only, judged and told by what they ask together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from devhealth.errors import RunnerUnknown, TierExceeded
from devhealth.models.unit import Window
from devhealth.pipelines import setup, stages
from devhealth.pipelines.backfill import cancel_job, list_chunks, list_jobs, reconcile
from devhealth.pipelines.backfill.airflow_runs import finish_airflow_run, plan_airflow_run
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.relational import writing
from devhealth.semantic import database, tiers
from devhealth.semantic.airflow_backfills import AirflowRun
from devhealth.semantic.tables import backfill_jobs
from tests.pipelines.backfill.conftest import rows_of, unlimited
from tests.pipelines.conftest import NOW, Shop
from tests.postgres import ENGINES, fresh_uri

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=ENGINES)
def settings(request, warehouse_settings, tmp_path):
    settings = replace(warehouse_settings, semantic_uri=fresh_uri(request.param, tmp_path))
    setup.prepare(settings)
    return settings


@pytest.fixture
def shop_of_acme(settings, shop):
    """An organisation on the community tier."""
    setup.register_source(settings, "acme", str(shop.path), targets=["git", "blame"])


def planned(settings, day, *, organisation="acme", command="", run_id=None, ask=lambda *_: "success"):
    """What the run for one day, counted from FIRST, has to do."""
    since = FIRST + timedelta(days=day)
    request = SyncRequest(
        provider="local_git",
        organisation=organisation,
        window=Window(since=since, before=since + timedelta(days=1)),
        run_id=new_run_id(NOW),
        as_of=NOW,
    )
    run = AirflowRun(dag_id="sync_local_git", run_id=run_id or f"backfill__{since:%Y-%m-%d}", command=command)
    return plan_airflow_run(settings, request, run, ask)


def done(settings, units):
    for unit in units:
        for stage in (stages.fetch_unit, stages.process_unit, stages.store_unit):
            stage(settings, unit)
    finished(settings, units)


def finished(settings, units):
    finish_sync(settings, units, provider="local_git", run_id=units[0].run_id)
    finish_airflow_run(settings, units)


def age(settings, **ago):
    """Let all jobs have been asked for that long ago."""
    with writing(database.open_semantic(settings)) as connection:
        connection.execute(update(backfill_jobs).values(requested_at=datetime.now(UTC) - timedelta(**ago)))


def days_of_jobs(settings):
    return sorted((str(job.since), str(job.before)) for job in list_jobs(settings))


@pytest.mark.parametrize("backwards", [False, True])
def test_thirty_days_pass_a_limit_of_thirty_and_the_run_for_one_more_is_refused(settings, shop_of_acme, backwards):
    days = list(range(31))
    if backwards:
        days.reverse()
    for day in days[:30]:
        assert len(planned(settings, day).units) == 1
    before = list_jobs(settings)
    with pytest.raises(TierExceeded, match=r"at most 30 days, 31 asked \(2026-01-01 to 2026-02-01\)"):
        planned(settings, days[30])
    assert list_jobs(settings) == before
    assert [(job.origin, job.dag_id, job.pending) for job in before] == [("airflow_backfill", "sync_local_git", 30)]


def test_days_apart_from_each_other_count_with_those_between(settings, shop_of_acme):
    planned(settings, 0)
    with pytest.raises(TierExceeded, match="31 asked"):
        planned(settings, 30)
    assert len(planned(settings, 29).units) == 1


def test_runs_that_come_at_once_make_one_job_and_none_slips_past_the_limit(settings, shop_of_acme):
    def outcome(day):
        try:
            return len(planned(settings, day).units)
        except TierExceeded:
            return 0

    with ThreadPoolExecutor(4) as threads:
        stored = list(threads.map(outcome, [0, 31, 1, 32, 30, 2, 29, 33]))
    assert 0 < sum(stored) < 8
    (job,) = list_jobs(settings)
    assert (job.before - job.since).days <= 30
    assert job.chunks == sum(stored)
    assert len({chunk.number for chunk in list_chunks(settings, "acme", job.job_id)}) == job.chunks


def test_a_run_an_hour_after_the_last_one_is_of_another_backfill(settings, shop_of_acme):
    planned(settings, 0)
    age(settings, minutes=59)
    planned(settings, 1)
    age(settings, minutes=61)
    planned(settings, 40)
    assert days_of_jobs(settings) == [("2026-01-01", "2026-01-03"), ("2026-02-10", "2026-02-11")]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_takes_hours_keeps_its_backfill_together(settings, shop_of_acme, state):
    planned(settings, 0)
    age(settings, hours=5)
    asked = []
    with pytest.raises(TierExceeded):
        planned(settings, 30, ask=lambda *run: asked.append(run) or state)
    assert asked == [("sync_local_git", "backfill__2026-01-01")]


def test_an_airflow_that_cannot_be_asked_leaves_it_to_the_hour(settings, shop_of_acme):
    def unknown(*_):
        raise RunnerUnknown("nobody answers")

    planned(settings, 0)
    planned(settings, 1, ask=unknown)
    age(settings, hours=5)
    planned(settings, 40, ask=unknown)
    assert len(list_jobs(settings)) == 2


def test_where_airflow_names_the_command_its_runs_belong_together_and_no_others(settings, shop_of_acme):
    planned(settings, 0, command="7")
    age(settings, hours=5)
    planned(settings, 1, command="7")
    planned(settings, 40, command="8")
    assert days_of_jobs(settings) == [("2026-01-01", "2026-01-03"), ("2026-02-10", "2026-02-11")]
    with pytest.raises(TierExceeded):
        planned(settings, 41, command="7")


def test_a_run_that_is_cleared_takes_up_its_job_and_reads_its_day_again(settings, shop_of_acme):
    units = planned(settings, 0).units
    done(settings, units)
    age(settings, hours=5)
    again = planned(settings, 0).units
    assert [(unit.job_id, unit.chunk) for unit in again] == [(unit.job_id, unit.chunk) for unit in units]
    assert [job.status for job in list_jobs(settings)] == ["pending"]
    done(settings, again)
    ((job,),) = [list_jobs(settings)]
    assert (job.status, job.chunks) == ("completed", 1)
    assert [chunk.attempts for chunk in list_chunks(settings, "acme", job.job_id)] == [2]


def test_each_unit_is_a_chunk_that_its_stages_complete(settings, shop_of_acme):
    (unit,) = planned(settings, 0).units
    assert (unit.mode, unit.target, unit.chunk) == ("backfill", "git", 1)
    done(settings, [unit])
    (job,) = list_jobs(settings)
    assert (job.job_id, job.status, job.completed) == (unit.job_id, "completed", 1)
    done(settings, planned(settings, 1).units)
    (job,) = list_jobs(settings)
    assert (job.status, job.completed, days_of_jobs(settings)) == ("completed", 2, [("2026-01-01", "2026-01-03")])
    assert rows_of(settings, "sync_watermarks") == []


def test_chunks_that_failed_or_never_ran_are_named_when_the_run_ends(settings, shop: Shop, shop_of_acme):
    first, second = planned(settings, 0).units, planned(settings, 1).units
    done(settings, first)
    assert list_jobs(settings)[0].status == "running"
    finished(settings, second)
    (job,) = list_jobs(settings)
    assert (job.status, job.completed, job.failed) == ("completed_with_errors", 1, 1)
    assert (
        "1 of 2 chunks failed, the others are stored: shop (git, 2026-01-02 to 2026-01-03): it was killed" in job.error
    )


def test_each_organisation_is_judged_on_its_own(settings, shop: Shop, shop_of_acme):
    setup.register_source(settings, "globex", str(shop.path), targets=["git"])
    unlimited(settings, "globex")
    assert len(planned(settings, 0, organisation=None).units) == 2
    late = planned(settings, 30, organisation=None)
    assert [unit.configuration for unit in late.units] == ["shop"]
    (refusal,) = late.refusals
    assert 'organisation "acme" is on the community tier' in refusal
    assert days_of_jobs(settings) == [("2026-01-01", "2026-01-02"), ("2026-01-01", "2026-02-01")]


def test_a_run_of_which_nothing_is_left_fails_with_the_tier(settings, shop_of_acme):
    tiers.set_limit(database.open_semantic(settings), "community", 1)
    planned(settings, 0, organisation=None)
    with pytest.raises(TierExceeded, match="at most 1 day, 2 asked"):
        planned(settings, 1, organisation=None)


def test_a_cancelled_backfill_plans_nothing_more(settings, shop_of_acme):
    (unit,) = planned(settings, 0).units
    cancel_job(settings, "acme", unit.job_id)
    assert planned(settings, 1).units == []
    assert [(job.status, job.chunks) for job in list_jobs(settings)] == [("cancelled", 1)]


def test_a_backfill_whose_run_was_killed_does_not_stay_running(settings, shop_of_acme):
    (unit,) = planned(settings, 0).units
    stages.fetch_unit(settings, unit)
    reconcile(settings, lambda *_: "running")
    assert list_jobs(settings)[0].status == "running"
    reconcile(settings, lambda *_: "failed")
    (job,) = list_jobs(settings)
    assert job.status == "failed"
    assert "its run backfill__2026-01-01 of DAG sync_local_git ended as failed" in job.error
