"""Backfill jobs: one a request to fill a stretch of the past.

pending -> running -> completed | completed_with_errors | failed | cancelled; all but a completed one can be reopened.
Every function is about the jobs of one organisation, and finds no other's.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.sql import ColumnElement

from devhealth.relational import reading, writing
from devhealth.semantic import backfill_chunks, sync_runs
from devhealth.semantic.backfill_chunks import Chunk
from devhealth.semantic.sync_runs import UnitRun
from devhealth.semantic.tables import backfill_chunks as chunk_rows
from devhealth.semantic.tables import backfill_jobs as jobs

_AT_ONCE = 500
_OUTCOMES = {"completed": "succeeded", "completed_with_errors": "partly_failed", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class BackfillJob:
    """One job; `before` exclusive. `dag_id` and `run_id` name the DAG run that works on it, else they are empty."""

    org_id: str
    job_id: str
    provider: str
    configuration: str
    targets: list[str]
    since: date
    before: date
    sort_order: str
    window_days: int
    origin: str
    dag_id: str
    run_id: str
    status: str
    error: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def add(engine: Engine, job: BackfillJob, chunks: Sequence[Chunk]) -> None:
    """Store a new job with its chunks, in one transaction."""
    key = {"org_id": job.org_id, "job_id": job.job_id}
    rows = [{**key, **asdict(chunk), "repo_id": chunk.repo_id or None, "error": None} for chunk in chunks]
    with writing(engine) as connection:
        columns = {**asdict(job), "dag_id": job.dag_id or None, "run_id": job.run_id or None, "error": None}
        connection.execute(insert(jobs), columns)
        for start in range(0, len(rows), _AT_ONCE):
            connection.execute(insert(chunk_rows), rows[start : start + _AT_ONCE])


def find(engine: Engine, org_id: str, job_id: str) -> BackfillJob | None:
    """One job of the organisation; None when it has none of that id."""
    return next(iter(list_jobs(engine, org_id, job_id)), None)


def of_run(engine: Engine, org_id: str, dag_id: str, run_id: str) -> BackfillJob | None:
    """The job a DAG run works on."""
    table = jobs.c
    wanted = [table.org_id == org_id, table.dag_id == dag_id, table.run_id == run_id]
    return next(iter(_read(engine, wanted)), None)


def unfinished(engine: Engine) -> list[BackfillJob]:
    """Jobs of all organisations that wait or run, or of which a chunk still does."""
    chunks = chunk_rows.c
    at_work = select(chunks.job_id).where(
        chunks.org_id == jobs.c.org_id, chunks.job_id == jobs.c.job_id, chunks.status == "running"
    )
    return _read(engine, [or_(jobs.c.status.in_(["pending", "running"]), at_work.exists())])


def list_jobs(engine: Engine, org_id: str | None = None, job_id: str | None = None) -> list[BackfillJob]:
    """The jobs of one organisation, or of all, the newest first."""
    table = jobs.c
    wanted = [] if org_id is None else [table.org_id == org_id]
    return _read(engine, wanted if job_id is None else [*wanted, table.job_id == job_id])


def reopen(engine: Engine, org_id: str, job_id: str, *, origin: str, dag_id: str, run_id: str) -> None:
    """Make everything that is not completed pending again, for the named runner."""
    chunks = chunk_rows.c
    with writing(engine) as connection:
        connection.execute(
            update(jobs)
            .where(*_is(org_id, job_id))
            .values(
                status="pending",
                error=None,
                finished_at=None,
                origin=origin,
                dag_id=dag_id or None,
                run_id=run_id or None,
            )
        )
        connection.execute(
            update(chunk_rows)
            .where(chunks.org_id == org_id, chunks.job_id == job_id, chunks.status.in_(["running", "failed"]))
            .values(status="pending", error=None, started_at=None, finished_at=None)
        )


def abandon(engine: Engine, org_id: str, job_id: str, error: str) -> bool:
    """Note that nobody works on it any more: failed, its running chunks pending. False when it had ended meanwhile."""
    with writing(engine) as connection:
        changed = connection.execute(
            update(jobs)
            .where(*_is(org_id, job_id), jobs.c.status.in_(["pending", "running"]))
            .values(status="failed", error=error, finished_at=datetime.now(UTC))
        )
        _release(connection, org_id, job_id)
    return bool(changed.rowcount)


def close(
    engine: Engine, job: BackfillJob, *, status: str, error: str, never_ran: Sequence[tuple[int, UnitRun]] = ()
) -> None:
    """Give the job its final status and its configuration the outcome, in one transaction.

    `never_ran` are chunks that fail now, by number; others that are running go back to pending. A cancelled job stays
    cancelled.
    """
    now = datetime.now(UTC)
    with writing(engine) as connection:
        for number, run in never_ran:
            backfill_chunks.end(connection, job.org_id, job.job_id, number, run)
        _release(connection, job.org_id, job.job_id)
        changed = connection.execute(
            update(jobs)
            .where(*_is(job.org_id, job.job_id), jobs.c.status != "cancelled")
            .values(status=status, error=error or None, finished_at=now)
        )
        if changed.rowcount and status in _OUTCOMES:
            sync_runs.note_outcome(
                connection,
                org_id=job.org_id,
                provider=job.provider,
                configuration=job.configuration,
                run_id=job.job_id,
                at=now,
                outcome=_OUTCOMES[status],
                error=error or None,
            )


def cancel(engine: Engine, org_id: str, job_id: str) -> bool:
    """Cancel it; False when it is completed or cancelled already. A chunk at work ends by itself."""
    with writing(engine) as connection:
        changed = connection.execute(
            update(jobs)
            .where(*_is(org_id, job_id), jobs.c.status.not_in(["completed", "cancelled"]))
            .values(status="cancelled", error=None, finished_at=datetime.now(UTC))
        )
    return bool(changed.rowcount)


def _release(connection: Connection, org_id: str, job_id: str) -> None:
    table = chunk_rows.c
    connection.execute(
        update(chunk_rows)
        .where(table.org_id == org_id, table.job_id == job_id, table.status == "running")
        .values(status="pending", started_at=None)
    )


def _is(org_id: str, job_id: str) -> list[ColumnElement[bool]]:
    return [jobs.c.org_id == org_id, jobs.c.job_id == job_id]


def _read(engine: Engine, wanted: Sequence[ColumnElement[bool]]) -> list[BackfillJob]:
    table = jobs.c
    query = select(jobs).where(*wanted).order_by(table.requested_at.desc(), table.job_id)
    with reading(engine) as connection:
        return [_job(row) for row in connection.execute(query)]


def _job(row: "Row[tuple[object, ...]]") -> BackfillJob:
    columns = {name: getattr(row, name) for name in BackfillJob.__slots__}
    texts = {name: columns[name] or "" for name in ("dag_id", "run_id", "error")}
    return BackfillJob(**{**columns, **texts, "targets": list(row.targets)})
