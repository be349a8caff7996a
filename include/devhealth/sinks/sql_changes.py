"""Which rows of a batch PostgreSQL or SQLite does not hold as they are."""

from datetime import UTC, date, datetime

from sqlalchemy import JSON, Table, Text, and_, cast, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from devhealth.models.table import Table as Declared
from devhealth.sinks.changes import Days, all_days


def found_in(connection: Connection, declared: Declared, table: Table, staged: Table) -> Days:
    """The days of the staged rows that differ from the stored ones in any column but the version, or have none.

    And those of the stored ones that they replace: what ended on another day counts there no more.
    """
    days = _days_that_differ(connection, declared, table, staged)
    return {**days, **_every_day(connection, declared, table, staged)}


def _days_that_differ(connection: Connection, declared: Declared, table: Table, staged: Table) -> Days:
    if not declared.days:
        return {}
    others = [column.name for column in declared.columns if column.name not in {*declared.key, declared.version}]
    moments = [side.c[name].label(f"{side.name}_{name}") for side in (staged, table) for name in declared.days]
    rows = connection.execute(
        select(staged.c.org_id, staged.c.repo_id, *moments)
        .select_from(staged.outerjoin(table, _same_key(connection, declared, table, staged)))
        .where(or_(table.c.org_id.is_(None), *(_differs(staged, table, name) for name in others)))
        .distinct()
    )
    days: dict[tuple[str, str], set[date]] = {}
    for org_id, repo_id, *times in rows:
        found = {at.astimezone(UTC).date() for at in times if isinstance(at, datetime)}
        if found:
            days.setdefault((org_id, repo_id), set()).update(found)
    return days


def _every_day(connection: Connection, declared: Declared, table: Table, staged: Table) -> Days:
    if not declared.every_day:
        return {}
    rows = connection.execute(
        select(staged.c.org_id, staged.c.repo_id)
        .select_from(staged.join(table, _same_key(connection, declared, table, staged)))
        .where(or_(*(_differs(staged, table, name) for name in declared.every_day)))
        .distinct()
    )
    return all_days((row.org_id, row.repo_id) for row in rows)


def _same_key(connection: Connection, declared: Declared, table: Table, staged: Table) -> ColumnElement[bool]:
    same = [table.c[name] == staged.c[name] for name in declared.key]
    if connection.dialect.name == "postgresql":  # its index holds digests of texts
        texts = [name for name in declared.key[2:] if isinstance(table.c[name].type, Text)]
        same += [func.md5(table.c[name]) == func.md5(staged.c[name]) for name in texts]
    return and_(*same)


def _differs(staged: Table, table: Table, name: str) -> ColumnElement[bool]:
    one, other = staged.c[name], table.c[name]
    if isinstance(one.type, JSON):
        return cast(one, Text).is_distinct_from(cast(other, Text))
    return one.is_distinct_from(other)
