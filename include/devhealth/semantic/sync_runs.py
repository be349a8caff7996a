"""How each unit of each run ended, and how the last run of a configuration did."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection, Engine

from devhealth.relational import insert_into, reading
from devhealth.semantic.tables import backfill_chunks, backfill_jobs, sync_configurations, sync_runs

_KEY = ("org_id", "run_id", "unit_id")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class UnitRun:
    """One unit of one run; `outcome` is stored, damaged or failed."""

    org_id: str
    run_id: str
    unit_id: str
    provider: str
    configuration: str
    repo_id: str | None
    name: str
    target: str
    mode: str
    since: datetime | None
    before: datetime
    outcome: str
    rows: int
    requests: int
    fetch_seconds: float
    process_seconds: float
    store_seconds: float
    error: str | None
    finished_at: datetime


def record(connection: Connection, runs: Sequence[UnitRun]) -> None:
    """Note how these units ended; what an earlier attempt noted of the same unit is replaced."""
    rows = [asdict(run) for run in runs]
    for start in range(0, len(rows), _AT_ONCE):
        statement = insert_into(connection, sync_runs)
        changed = {name: statement.excluded[name] for name in UnitRun.__slots__ if name not in _KEY}
        upsert = statement.on_conflict_do_update(index_elements=_KEY, set_=changed)
        connection.execute(upsert, rows[start : start + _AT_ONCE])


def is_backfilled_since(engine: Engine, org_id: str, repo_id: str, target: str, at: datetime) -> bool:
    """Whether a backfill of the target ended after that time, whatever its outcome, or was killed or is at work."""
    table, chunk = sync_runs.c, backfill_chunks.c
    of_target = (table.org_id == org_id, table.repo_id == repo_id, table.target == target)
    ended = select(table.run_id).where(*of_target, table.mode == "backfill", table.finished_at >= at)
    # Of a killed chunk nothing is noted but that it began; a look at its job takes that back and notes the job's end.
    last_seen = func.coalesce(chunk.started_at, backfill_jobs.c.finished_at)
    began = (
        select(chunk.job_id)
        .join(backfill_jobs, (backfill_jobs.c.org_id == chunk.org_id) & (backfill_jobs.c.job_id == chunk.job_id))
        .where(chunk.org_id == org_id, chunk.repo_id == repo_id, chunk.target == target)
        .where(chunk.attempts > 0, chunk.status.in_(["pending", "running"]), last_seen >= at)
    )
    with reading(engine) as connection:
        return any(connection.execute(query.limit(1)).first() is not None for query in (ended, began))


def newest(engine: Engine, org_ids: Sequence[str]) -> list[UnitRun]:
    """The units of these organisations' newest run that stored any row; none when there is no such run."""
    table = sync_runs.c
    of_them = (table.org_id.in_(list(org_ids)), table.rows > 0)
    last = select(table.run_id).where(*of_them).order_by(table.finished_at.desc(), table.run_id).limit(1)
    query = select(sync_runs).where(*of_them, table.run_id == last.scalar_subquery()).order_by(table.unit_id)
    with reading(engine) as connection:
        return [
            UnitRun(**{name: getattr(row, name) for name in UnitRun.__slots__}) for row in connection.execute(query)
        ]


def note_outcome(
    connection: Connection,
    *,
    org_id: str,
    provider: str,
    configuration: str,
    run_id: str,
    at: datetime,
    outcome: str,
    error: str | None,
) -> None:
    """Say in the configuration how its last run ended: succeeded, partly_failed or failed."""
    table = sync_configurations.c
    connection.execute(
        update(sync_configurations)
        .where(table.org_id == org_id, table.provider == provider, table.name == configuration)
        .values(last_run_id=run_id, last_run_at=at, last_outcome=outcome, last_error=error)
    )
