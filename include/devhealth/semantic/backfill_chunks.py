"""The chunks of backfill jobs: pending -> running -> completed | failed. A completed one never changes again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import ColumnElement

from devhealth.errors import BackfillCancelled, UnknownName
from devhealth.models.unit import DayRange
from devhealth.relational import reading, writing
from devhealth.semantic import dirty_ranges, sync_runs
from devhealth.semantic.sync_runs import UnitRun
from devhealth.semantic.tables import backfill_chunks, backfill_jobs


@dataclass(frozen=True, slots=True)
class Chunk:
    """A source, a target and a window of a job, `before` exclusive; `repo_id` is empty while it is unresolved."""

    number: int
    source: str
    name: str
    repo_id: str
    target: str
    since: date
    before: date
    status: str = "pending"
    attempts: int = 0
    rows: int = 0
    requests: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the chunks of a job have come."""

    pending: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    rows: int = 0
    requests: int = 0
    active_at: datetime | None = None
    """When a chunk last began or ended."""


def read(engine: Engine, org_id: str, job_id: str) -> list[Chunk]:
    """All chunks of a job, in the order of work."""
    table = backfill_chunks.c
    query = select(*(table[name] for name in Chunk.__slots__))
    query = query.where(table.org_id == org_id, table.job_id == job_id).order_by(table.number)
    with reading(engine) as connection:
        found = [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name
    return [Chunk(**{**row, "repo_id": row["repo_id"] or "", "error": row["error"] or ""}) for row in found]


def count(engine: Engine, org_id: str | None = None, job_id: str | None = None) -> dict[tuple[str, str], Counts]:
    """By organisation and job, in one query."""
    table = backfill_chunks.c
    query = select(
        table.org_id,
        table.job_id,
        table.status,
        func.count().label("chunks"),
        func.sum(table.rows).label("rows"),
        func.sum(table.requests).label("requests"),
        func.max(table.started_at).label("started_at"),
        func.max(table.finished_at).label("finished_at"),
    ).group_by(table.org_id, table.job_id, table.status)
    if org_id is not None:
        query = query.where(table.org_id == org_id)
    if job_id is not None:
        query = query.where(table.job_id == job_id)
    parts: dict[tuple[str, str], list[dict[str, object]]] = {}
    with reading(engine) as connection:
        for row in connection.execute(query):
            parts.setdefault((row.org_id, row.job_id), []).append(dict(row._mapping))  # noqa: SLF001
    return {key: _counts(rows) for key, rows in parts.items()}


def resolve(engine: Engine, org_id: str, job_id: str, source: str, name: str, repo_id: str) -> None:
    """Note which repository a source of the job is."""
    table = backfill_chunks.c
    with writing(engine) as connection:
        connection.execute(
            update(backfill_chunks)
            .where(table.org_id == org_id, table.job_id == job_id, table.source == source)
            .values(name=name, repo_id=repo_id)
        )


def begin(engine: Engine, org_id: str, job_id: str, number: int, *, is_attempt: bool) -> bool:
    """Put a chunk and its job to running; False when the chunk is completed and nothing is left to do.

    Raises BackfillCancelled when its job is cancelled.
    """
    here = _is(org_id, job_id, number)
    query = (
        select(backfill_chunks.c.status, backfill_jobs.c.status.label("job_status"))
        .join(
            backfill_jobs,
            (backfill_jobs.c.org_id == backfill_chunks.c.org_id) & (backfill_jobs.c.job_id == backfill_chunks.c.job_id),
        )
        .where(*here)
    )
    with writing(engine) as connection:
        found = connection.execute(query).one_or_none()
        if found is None:
            raise UnknownName(f"backfill job {job_id} has no chunk {number}. `devhealth backfill status` lists jobs.")
        if found.job_status == "cancelled":
            raise BackfillCancelled(
                f"backfill {job_id} was cancelled. `devhealth backfill run --job {job_id}` takes it up again."
            )
        if found.status == "completed":
            return False
        now = datetime.now(UTC)
        if is_attempt or found.status != "running":
            connection.execute(
                update(backfill_chunks)
                .where(*here)
                .values(
                    status="running",
                    started_at=now,
                    finished_at=None,
                    error=None,
                    attempts=backfill_chunks.c.attempts + int(is_attempt),
                )
            )
        if found.job_status != "running":
            _start_job(connection, org_id, job_id, now)
    return True


def complete(engine: Engine, org_id: str, job_id: str, number: int, run: UnitRun, days: Sequence[DayRange]) -> None:
    """Complete a chunk whose rows are stored, or fail it when the source was damaged; note its touched days.

    All of it in one transaction, so that no completed chunk lacks its days. Repeated, it changes nothing.
    """
    with writing(engine) as connection:
        if end(connection, org_id, job_id, number, run):
            _mark(connection, run, days)


def fail(engine: Engine, org_id: str, job_id: str, number: int, run: UnitRun) -> None:
    """Note why a chunk failed, and the days of what it stored all the same."""
    with writing(engine) as connection:
        if end(connection, org_id, job_id, number, run) and run.repo_id:
            _mark(connection, run, [])


def end(connection: Connection, org_id: str, job_id: str, number: int, run: UnitRun) -> bool:
    """Note how a chunk ended, in the caller's transaction; False for one that was completed before."""
    changed = connection.execute(
        update(backfill_chunks)
        .where(*_is(org_id, job_id, number), backfill_chunks.c.status != "completed")
        .values(
            status="completed" if run.outcome == "stored" else "failed",
            rows=run.rows,
            requests=run.requests,
            finished_at=run.finished_at,
            error=run.error,
        )
    )
    if changed.rowcount:
        sync_runs.record(connection, [run])
    return bool(changed.rowcount)


def _mark(connection: Connection, run: UnitRun, days: Sequence[DayRange]) -> None:
    reason = f"{run.target} {run.run_id}"
    dirty_ranges.settle(connection, run.org_id, str(run.repo_id), days, run.writer, reason)


def _start_job(connection: Connection, org_id: str, job_id: str, now: datetime) -> None:
    table = backfill_jobs.c
    connection.execute(
        update(backfill_jobs)
        .where(table.org_id == org_id, table.job_id == job_id, table.status != "cancelled")
        .values(status="running", error=None, finished_at=None, started_at=func.coalesce(table.started_at, now))
    )


def _is(org_id: str, job_id: str, number: int) -> list[ColumnElement[bool]]:
    table = backfill_chunks.c
    return [table.org_id == org_id, table.job_id == job_id, table.number == number]


def _counts(rows: list[dict[str, object]]) -> Counts:
    by_status = {str(row["status"]): int(str(row["chunks"])) for row in rows}
    moments = [moment for row in rows for moment in (row["started_at"], row["finished_at"])]
    return Counts(
        **by_status,
        rows=sum(int(str(row["rows"])) for row in rows),
        requests=sum(int(str(row["requests"])) for row in rows),
        active_at=max((moment for moment in moments if isinstance(moment, datetime)), default=None),
    )
