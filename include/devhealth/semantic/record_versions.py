"""Versions of records: the later of two that an organisation was given is the greater one, whatever clocks say.

A unit takes one before it looks at its source. So what was read later replaces what was read earlier, on workers whose
clocks differ, after a clock that stepped back, and after one that ran days ahead.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.engine import Connection, Engine

from devhealth.models.observation import RESERVED
from devhealth.relational import insert_into, reading, writing
from devhealth.semantic.tables import record_versions

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """A version, and the one the unit before took that reads the same target of the same repository."""

    version: datetime
    before: datetime | None


def newest(engine: Engine, org_id: str) -> datetime | None:
    """The greatest version given so far; None when the stores have to be asked what they hold."""
    with reading(engine) as connection:
        return _read(connection, org_id, "", "")


def take(
    engine: Engine,
    org_id: str,
    *,
    now: datetime,
    above: datetime | None = None,
    repo_id: str = "",
    target: str = "",
) -> Taken:
    """A version greater than all given before and than `above`: the time, if the clock is right.

    All up to `RESERVED` after it are the caller's. With a repository and a target it is kept as theirs.
    """
    with writing(engine) as connection:
        start = max(now, above + _MICROSECOND) if above else now
        row = {"org_id": org_id, "repo_id": "", "target": "", "newest": start}
        is_first = connection.execute(insert_into(connection, record_versions).values(row).on_conflict_do_nothing())
        given = _read(connection, org_id, "", "", locks=True)
        version = start if given is None or is_first.rowcount == 1 else max(start, given + _MICROSECOND)
        _write(connection, org_id, "", "", version + RESERVED)
        if not repo_id:
            return Taken(version, None)
        before = _read(connection, org_id, repo_id, target)
        own = {"org_id": org_id, "repo_id": repo_id, "target": target, "newest": version}
        connection.execute(insert_into(connection, record_versions).values(own).on_conflict_do_nothing())
        _write(connection, org_id, repo_id, target, version)
    return Taken(version, before)


def _read(connection: Connection, org_id: str, repo_id: str, target: str, *, locks: bool = False) -> datetime | None:
    table = record_versions.c
    query = select(table.newest).where(table.org_id == org_id, table.repo_id == repo_id, table.target == target)
    found: datetime | None = connection.execute(query.with_for_update() if locks else query).scalar()
    return found


def _write(connection: Connection, org_id: str, repo_id: str, target: str, version: datetime) -> None:
    table = record_versions.c
    is_it = (table.org_id == org_id, table.repo_id == repo_id, table.target == target)
    connection.execute(update(record_versions).where(*is_it).values(newest=version))
