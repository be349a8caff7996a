"""Chunks whose stages run one by one, as Airflow runs them."""

import msgspec
import pytest

from devhealth.errors import BackfillCancelled, SourceNotFound
from devhealth.models.unit import Window
from devhealth.pipelines.backfill import cancel_job, close_job, expected_seconds, list_chunks, open_job, plan_job
from devhealth.pipelines.stages import fetch_unit, is_left, process_unit, store_unit
from tests.pipelines.backfill.conftest import asked, query, rows_of
from tests.pipelines.conftest import NOW

STAGES = (fetch_unit, process_unit, store_unit)


@pytest.fixture
def job(settings, acme):
    return open_job(settings, asked(origin="dag", dag_id="backfill", run_id="manual"), NOW)


@pytest.fixture
def units(settings, job):
    return plan_job(settings, job.org_id, job.job_id)


def chunks(settings, job):
    return list_chunks(settings, "acme", job.job_id)


def test_a_chunk_runs_from_its_fetch_on_and_completes_with_its_store(settings, job, units):
    seen = []
    for stage in STAGES:
        stage(settings, units[0])
        seen.append((chunks(settings, job)[0].status, len(rows_of(settings, "metric_dirty_ranges"))))
    assert seen == [("running", 0), ("running", 0), ("completed", 1)]
    first = chunks(settings, job)[0]
    assert (first.attempts, first.rows > 5, first.requests > 0, first.error) == (1, True, True, "")
    assert first.started_at <= first.finished_at
    (run,) = rows_of(settings, "sync_runs")
    assert run.fetch_seconds > 0
    assert run.store_seconds > 0


def test_a_completed_chunk_is_not_done_again(settings, job, units, shop):
    for stage in STAGES:
        stage(settings, units[0])
    before = (chunks(settings, job), rows_of(settings, "metric_dirty_ranges"))
    shop.path.rename(shop.path.with_name("moved"))
    assert [stage(settings, units[0]).rows for stage in STAGES] == [{}, {}, {}]
    assert (chunks(settings, job), rows_of(settings, "metric_dirty_ranges")) == before


def test_a_chunk_that_fails_says_why_and_a_retry_mends_it(settings, job, units, shop):
    away = shop.path.rename(shop.path.with_name("moved"))
    with pytest.raises(SourceNotFound):
        fetch_unit(settings, units[0])
    failed = chunks(settings, job)[0]
    assert (failed.status, str(shop.path) in failed.error) == ("failed", True)
    away.rename(shop.path)
    for stage in STAGES:
        stage(settings, units[0])
    mended = chunks(settings, job)[0]
    assert (mended.status, mended.attempts, mended.error) == ("completed", 2, "")
    assert [run.outcome for run in rows_of(settings, "sync_runs")] == ["stored"]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_stage_works_for_a_cancelled_job(settings, job, units, number):
    for stage in STAGES[:number]:
        stage(settings, units[0])
    cancel_job(settings, "acme", job.job_id)
    with pytest.raises(BackfillCancelled, match=f"backfill {job.job_id} was cancelled"):
        STAGES[number](settings, units[0])
    assert chunks(settings, job)[0].status != "completed"
    report = close_job(settings, job.org_id, job.job_id)
    assert (report.status, report.completed, report.pending) == ("cancelled", 0, 4)


def test_chunks_that_were_killed_or_never_ran_fail_when_the_job_is_closed(settings, job, units):
    for stage in STAGES:
        stage(settings, units[0])
    fetch_unit(settings, units[1])
    for _ in range(2):  # a retry of the closing task changes nothing
        report = close_job(settings, job.org_id, job.job_id)
        assert (report.status, report.completed, len(report.failures)) == ("completed_with_errors", 1, 3)
        assert "3 of 4 chunks failed, the others are stored" in report.failure_text()
        assert "it was killed or never ran" in report.failure_text()
    assert [run.outcome for run in rows_of(settings, "sync_runs")].count("failed") == 3


def test_a_chunk_that_is_cleared_later_puts_its_job_to_work_again(settings, job, units):
    for unit in units[:3]:
        for stage in STAGES:
            stage(settings, unit)
    assert close_job(settings, job.org_id, job.job_id).status == "completed_with_errors"
    for stage in STAGES:
        stage(settings, units[3])
    assert close_job(settings, job.org_id, job.job_id).status == "completed"
    assert query(settings, "select count() from commits final") == [(5,)]


def test_of_a_bundle_that_was_killed_between_two_chunks_a_retry_does_what_is_left(settings, job, units):
    for stage in STAGES[:2]:
        for unit in units:
            stage(settings, unit)
    for unit in units[:2]:
        store_unit(settings, unit)
    assert [chunk.status for chunk in chunks(settings, job)] == ["completed"] * 2 + ["running"] * 2
    before = chunks(settings, job)[:2]
    assert [is_left(unit, "store") for unit in units] == [False, False, True, True]
    for stage, name in zip(STAGES, ("fetch", "process", "store"), strict=True):  # all three are cleared
        for unit in units:
            if is_left(unit, name):
                stage(settings, unit)
    assert chunks(settings, job)[:2] == before
    assert [(chunk.status, chunk.attempts) for chunk in chunks(settings, job)] == [("completed", 1)] * 4


def test_what_chunks_should_take_is_learnt_from_those_before(settings, job, units):
    assert expected_seconds(settings, units) == [2.0] * 4
    for stage in STAGES:
        stage(settings, units[0])
    (run,) = rows_of(settings, "sync_runs")
    took = run.fetch_seconds + run.process_seconds + run.store_seconds
    elsewhere = msgspec.structs.replace(units[1], repo_id="another")
    twice = msgspec.structs.replace(units[1], window=Window(units[1].window.since, units[2].window.before))
    never = msgspec.structs.replace(units[1], target="blame")
    found = expected_seconds(settings, [units[1], elsewhere, twice, never])
    assert found == pytest.approx([max(took, 0.05), max(took, 0.05), max(2 * took, 0.05), 2.0])
    assert expected_seconds(settings, []) == []
