"""Watermarks: up to when a target of a repository is stored, and the cursor the next run goes on from.

One for each organisation, repository and target. It only moves forward, never past now. One that lies in the future is
corrupt: it is lowered, and the outcome says so. The cursor is that of the run that read last, whatever its clock said;
runs that overlapped leave none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.sql import ColumnElement

from devhealth.relational import insert_into, reading, writing
from devhealth.semantic.tables import sync_watermarks


@dataclass(frozen=True, slots=True)
class Watermark:
    """`at` is UTC; `cursor` is what the connector of the target left, None when it keeps none."""

    at: datetime
    cursor: str | None
    mark: str | None = None
    """What the provider's survey said when that run was planned; None when it has to be asked in any case."""
    version: datetime | None = None
    """What the newest run took that left its cursor (`record_versions`); None for one of an earlier version of ours."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What stands after `advance`; `corrected` is the time in the future that stood there before."""

    at: datetime
    cursor: str | None
    corrected: datetime | None


def read(engine: Engine, org_id: str, repo_id: str, target: str) -> Watermark | None:
    """The watermark of one target; None before its first successful run."""
    return read_all(engine, org_id, [repo_id]).get((repo_id, target))


def read_all(engine: Engine, org_id: str, repo_ids: Sequence[str]) -> dict[tuple[str, str], Watermark]:
    """The watermarks of an organisation's repositories, by repository and target."""
    table = sync_watermarks.c
    columns = (table.repo_id, table.target, table.at, table.cursor, table.mark, table.version)
    found: dict[tuple[str, str], Watermark] = {}
    with reading(engine) as connection:
        for start in range(0, len(repo_ids), 500):
            query = select(*columns).where(table.org_id == org_id, table.repo_id.in_(repo_ids[start : start + 500]))
            for row in connection.execute(query):
                found[row.repo_id, row.target] = Watermark(row.at, row.cursor, row.mark, row.version)
    return found


def advance(
    engine: Engine,
    org_id: str,
    repo_id: str,
    target: str,
    *,
    at: datetime,
    cursor: str | None,
    stood: Watermark | None,
    now: datetime,
    mark: str | None = None,
    version: datetime | None = None,
) -> Advance:
    """Move the watermark to `at`, or to `now` when that is earlier, with its cursor, its mark and its version.

    An earlier time leaves the time as it is. `stood` is what stood when the run was planned: when it still stands, the
    run read after the one that left it, so its cursor holds, also when a clock says otherwise. When another run has
    left something different since, neither of the two speaks for all that is stored, so the cursor goes and the next
    run reads everything.
    """
    row = {"org_id": org_id, "repo_id": repo_id, "target": target}
    row_values = {**row, "at": min(at, now), "cursor": cursor, "updated_at": now, "mark": mark, "version": version}
    with writing(engine) as connection:
        statement = insert_into(connection, sync_watermarks).values(row_values).on_conflict_do_nothing()
        is_first = connection.execute(statement).rowcount == 1
        table = sync_watermarks.c
        stands = select(table.at, table.cursor, table.mark, table.version).where(*_is(row))
        before = Watermark(*connection.execute(stands.with_for_update()).one())
        if is_first:
            return Advance(before.at, before.cursor, None)
        is_still, is_forward = _is_still(stood, before), before.at <= min(at, now) or before.at > now
        after = Watermark(min(at, now) if is_forward else before.at, cursor, mark)
        if not is_still and before.cursor != cursor:
            after = Watermark(after.at, None)
        elif not is_still and not is_forward:
            after = before
        versions = [one for one in (before.version, version) if one]
        changed = {
            "at": after.at,
            "cursor": after.cursor,
            "updated_at": now,
            "mark": after.mark,
            "version": max(versions, default=None),
        }
        connection.execute(update(sync_watermarks).where(*_is(row)).values(changed))
    return Advance(after.at, after.cursor, before.at if before.at > now else None)


def confirm(engine: Engine, org_id: str, quiet: Sequence[tuple[str, str, str]], *, at: datetime, now: datetime) -> None:
    """Move these watermarks to `at`, or to `now` when that is earlier: nothing is new since their cursors.

    Each is given by repository, target and cursor. An earlier time changes nothing, nor does a cursor that is not the
    one that stands.
    """
    if not quiet:
        return
    table = sync_watermarks.c
    statement = (
        update(sync_watermarks)
        .where(
            table.org_id == org_id,
            table.repo_id == bindparam("of_repo_id"),
            table.target == bindparam("of_target"),
            table.cursor == bindparam("of_cursor"),
            table.at < min(at, now),
        )
        .values(at=min(at, now), updated_at=now)
    )
    rows = [{"of_repo_id": repo_id, "of_target": target, "of_cursor": cursor} for repo_id, target, cursor in quiet]
    with writing(engine) as connection:
        connection.execute(statement, rows)


def _is_still(stood: Watermark | None, stands: Watermark) -> bool:
    """Whether no run has come in between. No cursor may be that of two which did: only the time tells."""
    if stood is None or stood.cursor != stands.cursor:
        return False
    return stands.cursor is not None or stood.at == stands.at


def _is(key: dict[str, str]) -> list[ColumnElement[bool]]:
    return [sync_watermarks.c[column] == value for column, value in key.items()]
