"""Days whose metrics must be computed again: marked by a run once its rows are stored, cleared once computed.

A writer announces the days of the rows that it is about to change, and marks them once the rows are stored. When it is
killed in between, nobody else can tell any more which rows it changed: the announcement says it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, insert, not_, or_, select
from sqlalchemy.engine import Connection, Engine

from devhealth.models.unit import DayRange
from devhealth.relational import reading, writing
from devhealth.semantic.tables import metric_dirty_ranges

ANNOUNCED_FOR = timedelta(hours=1)
"""How long an announcement survives being computed: no store takes that long for the rows that it is about."""

_AT_ONCE = 500
_WRITING = "writing "


@dataclass(frozen=True, slots=True)
class DirtyRange:
    """UTC days of one repository, `before` exclusive."""

    id: int
    org_id: str
    repo_id: str
    since: date
    before: date


def mark(engine: Engine, org_id: str, repo_id: str, ranges: Iterable[DayRange], reason: str) -> int:
    """Add rows for the ranges, overlapping and touching ones as one; the count of rows added."""
    wanted = list(ranges)
    if not wanted:
        return 0
    with writing(engine) as connection:
        return add(connection, org_id, repo_id, wanted, reason)


def add(connection: Connection, org_id: str, repo_id: str, ranges: Iterable[DayRange], reason: str) -> int:
    """As `mark`, in the caller's transaction."""
    now = datetime.now(UTC)
    same = {"org_id": org_id, "repo_id": repo_id, "reason": reason, "created_at": now}
    rows = [{**same, "since": since, "before": before} for since, before in _merged(ranges)]
    if rows:
        connection.execute(insert(metric_dirty_ranges), rows)
    return len(rows)


def announce(engine: Engine, org_id: str, repo_id: str, ranges: Iterable[DayRange], writer: str) -> None:
    """Note the days of rows that a writer is about to change. `settle` replaces all its announcements by marks."""
    mark(engine, org_id, repo_id, ranges, reason=f"{_WRITING}{writer}")


def settle(
    connection: Connection, org_id: str, repo_id: str, ranges: Iterable[DayRange], writer: str, reason: str
) -> None:
    """Mark the ranges and all that the writer announced, in the caller's transaction: it writes no more."""
    table = metric_dirty_ranges.c
    announced = (table.org_id == org_id, table.repo_id == repo_id, table.reason == f"{_WRITING}{writer}")
    rows = connection.execute(select(table.since, table.before).where(*announced)).all()
    # Marked anew instead of renamed: a computation may have read the announcement before the rows were stored.
    connection.execute(delete(metric_dirty_ranges).where(*announced))
    told = [DayRange(since=since.isoformat(), before=before.isoformat()) for since, before in rows]
    add(connection, org_id, repo_id, [*ranges, *told], reason)


def take(engine: Engine, org_id: str | None = None) -> list[DirtyRange]:
    """All ranges of one organisation, or of all, oldest first. They stay until they are cleared."""
    table = metric_dirty_ranges.c
    query = select(table.range_id, table.org_id, table.repo_id, table.since, table.before).order_by(table.range_id)
    if org_id is not None:
        query = query.where(table.org_id == org_id)
    with reading(engine) as connection:
        return [DirtyRange(*row) for row in connection.execute(query)]


def clear(engine: Engine, ids: Sequence[int]) -> None:
    """Remove exactly these ranges; those marked since they were taken stay, and so do fresh announcements."""
    if not ids:
        return
    table = metric_dirty_ranges.c
    is_done = or_(
        not_(table.reason.startswith(_WRITING, autoescape=True)), table.created_at < datetime.now(UTC) - ANNOUNCED_FOR
    )
    with writing(engine) as connection:
        for start in range(0, len(ids), _AT_ONCE):
            some = table.range_id.in_(ids[start : start + _AT_ONCE])
            connection.execute(delete(metric_dirty_ranges).where(some, is_done))


def _merged(ranges: Iterable[DayRange]) -> list[tuple[date, date]]:
    merged: list[tuple[date, date]] = []
    for since, before in sorted((date.fromisoformat(one.since), date.fromisoformat(one.before)) for one in ranges):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], before))
        else:
            merged.append((since, before))
    return merged
