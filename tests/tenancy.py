"""A second tenant with the keys of the first and other values in everything else, planted straight into the tables."""

from datetime import date, datetime, timedelta

from sqlalchemy import JSON, CheckConstraint, Text, insert, select

from devhealth.models.table import all_tables
from devhealth.relational import reading, writing
from devhealth.semantic.tables import metadata

_FOREIGN = "of the other tenant"
_NAMES = {"path", "author_email", "email"}
_VISIBLE = {"is_withdrawn", "is_removed", "is_reachable", "is_deleted", "is_gone"}
"""A row that is withdrawn, removed, deleted or unreachable would be a row nobody can see."""
_FIVE_DAYS = {"Date": 5, "DateTime('UTC')": 5 * 86400}


def plant_records(client, org_id, other):
    """Give the other tenant each row of every table, all but its key changed; then once more with other days and names.

    A third tenant gets rows as old as the original.
    """
    for declared in all_tables():
        rest = [column for column in declared.columns if column.name not in declared.key]
        changed = {column.name: _changed(column) for column in rest}
        moved = {column.name: _moved(column) for column in _movable(declared)}
        _copy(client, declared, org_id, {"org_id": f"'{other}'"} | changed)
        _copy(client, declared, org_id, {"org_id": f"'{other}'"} | changed | moved)
        _copy(client, declared, org_id, {"org_id": "'third'"} | changed | {declared.version or "computed_at": ""})
    return {declared.name: _count(client, declared.name, other) for declared in all_tables()}


def _copy(client, declared, org_id, values):
    replaced = ", ".join(f"{value} as {name}" for name, value in values.items() if value)
    # In a subquery: beside `replace`, org_id would already be the other tenant's.
    mine = f"(select * from {declared.name} where org_id = '{org_id}')"
    client.execute(f"insert into {declared.name} select * replace ({replaced}) from {mine}")


def _movable(declared):
    columns = [column for column in declared.columns if column.name in declared.key]
    return [column for column in columns if column.name in _NAMES or column.type.clickhouse in _FIVE_DAYS]


def _moved(column):
    if column.name in _NAMES:
        return f"{column.name} || '{_FOREIGN}'"
    return f"{column.name} + {_FIVE_DAYS[column.type.clickhouse]}"


def _count(client, table, org_id):
    return client.execute(f"select count() from {table} where org_id = %(org_id)s", {"org_id": org_id})[0][0]


def _changed(column):
    kind = column.type.clickhouse
    if kind == "Bool":
        return column.name if column.name in _VISIBLE else f"not {column.name}"
    if "Array" in kind:
        return f"['{_FOREIGN}']"
    if "String" in kind:
        return column.name if column.name == "owner_basis" else f"'{_FOREIGN}'"
    if kind == "Date":
        return "toDate('2149-01-01')"
    if "DateTime" in kind:
        return f"{column.name} + {7 if 'DateTime64' in kind else 9 * 86400}"
    return f"{column.name} + 1000"


def plant_state(engine, org_id, other):
    """Give the other tenant, which exists, each row of every table of the semantic database."""
    with reading(engine) as connection:
        rows = {table.name: _rows(connection, table, org_id) for table in metadata.sorted_tables}
    with writing(engine) as connection:
        for table in metadata.sorted_tables:
            if table.name != "organizations" and rows[table.name]:
                connection.execute(insert(table), [_foreign(table, row, other) for row in rows[table.name]])
    return {name: len(found) for name, found in rows.items() if "org_id" in metadata.tables[name].c}


def _rows(connection, table, org_id):
    if "org_id" not in table.c:
        return []
    return [dict(row._mapping) for row in connection.execute(select(table).where(table.c.org_id == org_id))]


def _foreign(table, row, other):
    checked = " ".join(str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint))
    kept = {column.name for column in table.columns if column.primary_key or column.foreign_keys}
    kept |= {"repo_id", "target", "mode", "provider"}  # what people ask by
    kept |= {column.name for constraint in table.foreign_key_constraints for column in constraint.columns}
    planted = {"org_id": other}
    for column in table.columns:
        if column.name == "range_id":
            continue
        value = row[column.name]
        if column.name not in kept and column.name not in checked and value is not None:
            value = _other_value(column, value)
        planted.setdefault(column.name, value)
    return planted


def _other_value(column, value):
    if isinstance(column.type, JSON):
        return {_FOREIGN: True} if isinstance(value, dict) else [_FOREIGN]
    if isinstance(column.type, Text):
        return f"{_FOREIGN} {value}"  # as different from one another as they were
    if isinstance(value, bool):
        return not value
    if isinstance(value, datetime | date):
        return value + timedelta(days=1)
    return value + 1000
