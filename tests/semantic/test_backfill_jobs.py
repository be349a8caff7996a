from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from devhealth.errors import BackfillCancelled, StoreError, UnknownName
from devhealth.models.unit import DayRange
from devhealth.relational import reading
from devhealth.semantic import backfill_chunks, backfill_jobs, configurations, dirty_ranges, organizations
from devhealth.semantic.backfill_chunks import Chunk
from devhealth.semantic.backfill_jobs import BackfillJob
from devhealth.semantic.sync_runs import UnitRun
from devhealth.semantic.tables import backfill_chunks as chunk_rows
from devhealth.semantic.tables import backfill_jobs as job_rows
from devhealth.semantic.tables import sync_configurations, sync_runs

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
JOB = "20260601T120000-0a1b2c3d"


def job(org_id: str, **changes: object) -> BackfillJob:
    fields = {
        "org_id": org_id,
        "job_id": JOB,
        "provider": "local_git",
        "configuration": "shop",
        "targets": ["git"],
        "since": date(2026, 3, 1),
        "before": date(2026, 3, 15),
        "sort_order": "oldest_first",
        "window_days": 7,
        "origin": "command_line",
        "dag_id": "",
        "run_id": "",
        "status": "pending",
        "error": "",
        "requested_at": AT,
        "started_at": None,
        "finished_at": None,
    }
    return BackfillJob(**(fields | changes))


def chunk(number: int, repo_id: str = "", **changes: object) -> Chunk:
    fields = {"source": "/srv/shop", "name": "shop", "repo_id": repo_id, "target": "git"}
    days = {"since": date(2026, 3, 7 * number - 6), "before": date(2026, 3, 7 * number + 1)}
    return Chunk(**({"number": number} | fields | days | changes))


def ended(org_id: str, repo_id: str | None, outcome: str = "stored", **changes: object) -> UnitRun:
    fields = {
        "org_id": org_id,
        "run_id": JOB,
        "unit_id": "shop-git",
        "provider": "local_git",
        "configuration": "shop",
        "repo_id": repo_id,
        "name": "shop",
        "target": "git",
        "mode": "backfill",
        "since": AT,
        "before": AT,
        "outcome": outcome,
        "rows": 12,
        "requests": 3,
        "fetch_seconds": 1.0,
        "process_seconds": 0.5,
        "store_seconds": 0.25,
        "error": None if outcome == "stored" else "it broke",
        "finished_at": AT,
    }
    return UnitRun(**(fields | changes))


@pytest.fixture
def opened(engine: Engine, acme: str, shop: str) -> str:
    """A job of two chunks."""
    backfill_jobs.add(engine, job(acme), [chunk(1, shop), chunk(2, shop)])
    return shop


def chunks(engine: Engine, org_id: str) -> list[Chunk]:
    return backfill_chunks.read(engine, org_id, JOB)


def found(engine: Engine, org_id: str) -> BackfillJob:
    one = backfill_jobs.find(engine, org_id, JOB)
    assert one is not None
    return one


def test_a_job_and_its_chunks_are_stored_together_or_not_at_all(engine: Engine, acme: str, shop: str):
    with pytest.raises(StoreError):
        backfill_jobs.add(engine, job(acme), [chunk(1, shop), chunk(1, shop)])
    with reading(engine) as connection:
        assert connection.execute(select(job_rows)).all() == []
        assert connection.execute(select(chunk_rows)).all() == []
    backfill_jobs.add(engine, job(acme), [chunk(1, shop), chunk(2)])
    assert found(engine, acme) == job(acme)
    assert chunks(engine, acme) == [chunk(1, shop), chunk(2)]


def test_a_chunk_that_begins_puts_its_job_to_running(engine: Engine, acme: str, opened: str):
    assert backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    assert (found(engine, acme).status, found(engine, acme).started_at is not None) == ("running", True)
    first, second = chunks(engine, acme)
    assert (first.status, first.attempts, second.status, second.attempts) == ("running", 1, "pending", 0)
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=False)
    assert chunks(engine, acme)[0].attempts == 1
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    assert chunks(engine, acme)[0].attempts == 2


def test_a_completed_chunk_has_its_days_and_its_run_noted(engine: Engine, acme: str, opened: str):
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    backfill_chunks.complete(engine, acme, JOB, 1, ended(acme, opened), [DayRange("2026-03-01", "2026-03-03")])
    first = chunks(engine, acme)[0]
    assert (first.status, first.rows, first.requests, first.error) == ("completed", 12, 3, "")
    assert [(one.since, one.before) for one in dirty_ranges.take(engine, acme)] == [
        (date(2026, 3, 1), date(2026, 3, 3))
    ]
    with reading(engine) as connection:
        assert connection.execute(select(sync_runs.c.outcome, sync_runs.c.rows)).all() == [("stored", 12)]


def test_a_chunk_whose_days_cannot_be_noted_is_not_completed(engine: Engine, acme: str, opened: str):
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    run = ended(acme, "no such repository")
    with pytest.raises(StoreError):
        backfill_chunks.complete(engine, acme, JOB, 1, run, [DayRange("2026-03-01", "2026-03-03")])
    assert chunks(engine, acme)[0].status == "running"
    with reading(engine) as connection:
        assert connection.execute(select(sync_runs)).all() == []


def test_a_completed_chunk_never_changes_again(engine: Engine, acme: str, opened: str):
    days = [DayRange("2026-03-01", "2026-03-03")]
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    backfill_chunks.complete(engine, acme, JOB, 1, ended(acme, opened), days)
    before = chunks(engine, acme)
    assert not backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    backfill_chunks.complete(engine, acme, JOB, 1, ended(acme, opened, rows=99), days)
    backfill_chunks.fail(engine, acme, JOB, 1, ended(acme, opened, "failed"))
    backfill_jobs.reopen(engine, acme, JOB, origin="command_line", dag_id="", run_id="")
    backfill_jobs.abandon(engine, acme, JOB, "gone")
    assert chunks(engine, acme) == before
    assert len(dirty_ranges.take(engine, acme)) == 1


def test_rows_of_a_damaged_source_are_told_though_the_chunk_fails(engine: Engine, acme: str, opened: str):
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    backfill_chunks.complete(
        engine, acme, JOB, 1, ended(acme, opened, "damaged"), [DayRange("2026-03-01", "2026-03-03")]
    )
    first = chunks(engine, acme)[0]
    assert (first.status, first.rows, first.error) == ("failed", 12, "it broke")
    assert len(dirty_ranges.take(engine, acme)) == 1


def test_no_chunk_of_a_cancelled_job_begins(engine: Engine, acme: str, opened: str):
    assert backfill_jobs.cancel(engine, acme, JOB)
    assert not backfill_jobs.cancel(engine, acme, JOB)
    with pytest.raises(BackfillCancelled, match=JOB):
        backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    assert [one.status for one in chunks(engine, acme)] == ["pending", "pending"]


def test_a_chunk_at_work_ends_though_its_job_is_cancelled_meanwhile(engine: Engine, acme: str, opened: str):
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    backfill_jobs.cancel(engine, acme, JOB)
    backfill_chunks.complete(engine, acme, JOB, 1, ended(acme, opened), [])
    backfill_jobs.close(engine, found(engine, acme), status="completed_with_errors", error="")
    assert (found(engine, acme).status, chunks(engine, acme)[0].status) == ("cancelled", "completed")


def test_an_abandoned_job_is_failed_and_its_running_chunks_wait_again(engine: Engine, acme: str, opened: str):
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    assert backfill_jobs.abandon(engine, acme, JOB, "its process is gone")
    assert (found(engine, acme).status, found(engine, acme).error) == ("failed", "its process is gone")
    assert [one.status for one in chunks(engine, acme)] == ["pending", "pending"]
    assert not backfill_jobs.abandon(engine, acme, JOB, "again")


def test_a_reopened_job_keeps_what_is_completed(engine: Engine, acme: str, opened: str):
    for number, outcome in ((1, "stored"), (2, "failed")):
        backfill_chunks.begin(engine, acme, JOB, number, is_attempt=True)
        backfill_chunks.complete(engine, acme, JOB, number, ended(acme, opened, outcome), [])
    backfill_jobs.close(engine, found(engine, acme), status="completed_with_errors", error="one")
    backfill_jobs.reopen(engine, acme, JOB, origin="dag", dag_id="backfill", run_id="again")
    one = found(engine, acme)
    assert (one.status, one.error, one.run_id, one.finished_at) == ("pending", "", "again", None)
    assert [(one.status, one.error) for one in chunks(engine, acme)] == [("completed", ""), ("pending", "")]
    assert backfill_jobs.of_run(engine, acme, "backfill", "again") == one


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("completed", "succeeded"), ("completed_with_errors", "partly_failed"), ("failed", "failed")],
)
def test_a_closed_job_leaves_its_outcome_in_the_configuration(
    engine: Engine, acme: str, opened: str, status: str, outcome: str
):
    configurations.save(
        engine, org_id=acme, name="shop", provider="local_git", sources=["/srv/shop"], targets=["git"], options={}
    )
    backfill_jobs.close(engine, found(engine, acme), status=status, error="why" if status != "completed" else "")
    table = sync_configurations.c
    with reading(engine) as connection:
        row = connection.execute(select(table.last_outcome, table.last_run_id, table.last_error)).one()
    assert row == (outcome, JOB, "why" if status != "completed" else None)


def test_chunks_are_counted_by_job_and_status(engine: Engine, acme: str, opened: str):
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    backfill_chunks.complete(engine, acme, JOB, 1, ended(acme, opened), [])
    backfill_chunks.begin(engine, acme, JOB, 2, is_attempt=True)
    counts = backfill_chunks.count(engine, acme, JOB)[acme, JOB]
    assert (counts.pending, counts.running, counts.completed, counts.failed) == (0, 1, 1, 0)
    assert (counts.rows, counts.requests) == (12, 3)
    assert counts.active_at is not None
    assert counts.active_at >= AT


def test_nobody_sees_or_changes_the_job_of_another_organisation(engine: Engine, acme: str, opened: str):
    beta = organizations.ensure_organization(engine, "beta")
    assert backfill_jobs.find(engine, beta, JOB) is None
    assert backfill_jobs.list_jobs(engine, beta) == []
    assert backfill_chunks.read(engine, beta, JOB) == []
    assert backfill_chunks.count(engine, beta) == {}
    assert not backfill_jobs.cancel(engine, beta, JOB)
    assert not backfill_jobs.abandon(engine, beta, JOB, "gone")
    backfill_jobs.reopen(engine, beta, JOB, origin="dag", dag_id="d", run_id="r")
    backfill_chunks.resolve(engine, beta, JOB, "/srv/shop", "mine", "mine")
    with pytest.raises(UnknownName):
        backfill_chunks.begin(engine, beta, JOB, 1, is_attempt=True)
    assert found(engine, acme) == job(acme)
    assert chunks(engine, acme) == [chunk(1, opened), chunk(2, opened)]


def test_two_organisations_may_have_jobs_of_one_id(engine: Engine, acme: str, opened: str):
    beta = organizations.ensure_organization(engine, "beta")
    backfill_jobs.add(engine, job(beta), [chunk(1)])
    backfill_jobs.cancel(engine, beta, JOB)
    assert (found(engine, acme).status, found(engine, beta).status) == ("pending", "cancelled")
    assert len(backfill_jobs.list_jobs(engine)) == 2


def test_jobs_of_which_anything_waits_or_runs_are_unfinished(engine: Engine, acme: str, opened: str):
    assert [one.job_id for one in backfill_jobs.unfinished(engine)] == [JOB]
    backfill_chunks.begin(engine, acme, JOB, 1, is_attempt=True)
    backfill_jobs.cancel(engine, acme, JOB)
    assert [one.status for one in backfill_jobs.unfinished(engine)] == ["cancelled"]
    backfill_jobs.abandon(engine, acme, JOB, "gone")
    assert backfill_jobs.unfinished(engine) == []
    assert found(engine, acme).status == "cancelled"
