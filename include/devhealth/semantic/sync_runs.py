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

    @property
    def writer(self) -> str:
        """By what name the unit announces the days that it is about to change."""
        return f"{self.run_id}/{self.unit_id}"


def record(connection: Connection, runs: Sequence[UnitRun]) -> None:
    """Note how these units ended; what an earlier attempt noted of the same unit is replaced."""
    rows = [asdict(run) for run in runs]
    for start in range(0, len(rows), _AT_ONCE):
        statement = insert_into(connection, sync_runs)
        changed = {name: statement.excluded[name] for name in UnitRun.__slots__ if name not in _KEY}
        upsert = statement.on_conflict_do_update(index_elements=_KEY, set_=changed)
        connection.execute(upsert, rows[start : start + _AT_ONCE])


def last_backfills(engine: Engine, org_id: str) -> dict[tuple[str, str], datetime]:
    """When a backfill of each repository and target was last at work: it ended, whatever its outcome, or was killed."""
    table, chunk, job = sync_runs.c, backfill_chunks.c, backfill_jobs.c
    of_target = (table.repo_id, table.target)
    ended = (
        select(*of_target, func.max(table.finished_at))
        .where(table.org_id == org_id, table.mode == "backfill", table.repo_id.is_not(None))
        .group_by(*of_target)
    )
    # Of a killed chunk nothing is noted but that it began; a look at its job takes that back and notes the job's end.
    began = (
        select(chunk.repo_id, chunk.target, func.max(func.coalesce(chunk.started_at, job.finished_at)))
        .join(backfill_jobs, (job.org_id == chunk.org_id) & (job.job_id == chunk.job_id))
        .where(chunk.org_id == org_id, chunk.repo_id.is_not(None), chunk.attempts > 0)
        .where(chunk.status.in_(["pending", "running"]))
        .group_by(chunk.repo_id, chunk.target)
    )
    found: dict[tuple[str, str], datetime] = {}
    with reading(engine) as connection:
        for query in (ended, began):
            for repo_id, target, at in connection.execute(query):
                if at is not None:
                    found[repo_id, target] = max(at, found.get((repo_id, target), at))
    return found


def newest_chunks(engine: Engine, org_id: str, provider: str, most: int) -> list[UnitRun]:
    """The chunks of backfills that were stored last, newest first, at most so many."""
    table = sync_runs.c
    query = (
        select(sync_runs)
        .where(table.org_id == org_id, table.provider == provider, table.mode == "backfill", table.outcome == "stored")
        .order_by(table.finished_at.desc())
        .limit(most)
    )
    with reading(engine) as connection:
        return [UnitRun(**row) for row in connection.execute(query).mappings()]


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
