"""Whether what is stored of a repository is what its provider says there is, by numbers.

A connector that knows how many rows a table should hold leaves it in its cursor page, as `totals`: by table the least
and the most there were while it read, since some may come meanwhile; no most where rows outlive what they tell of.
"""

import msgspec
from sqlalchemy import func, select

from devhealth.models.table import Table, table_of
from devhealth.models.unit import Unit
from devhealth.relational import open_engine, reading
from devhealth.settings import Settings
from devhealth.sinks.sql_schema import record_tables
from devhealth.warehouse import connection


class _Totals(msgspec.Struct):
    totals: dict[str, tuple[int, int | None]] = {}


def found_in(settings: Settings, unit: Unit, cursor: bytes) -> str:
    """In words what differs; empty when nothing does, or when the provider did not say."""
    try:
        totals = msgspec.json.decode(cursor, type=_Totals).totals
    except msgspec.DecodeError:
        return ""
    differences = []
    for table, (least, most) in totals.items():
        stored = _stored(settings, table_of(table), unit)
        if stored < least or (most is not None and stored > most):
            expected = f"{least} or more" if most is None else f"{least} to {most}" if least < most else str(least)
            differences.append(f"{table}: {stored} stored, {expected} at the provider")
    return "; ".join(differences)


def _stored(settings: Settings, declared: Table, unit: Unit) -> int:
    """Rows of the repository that are not gone, in the store that is read first."""
    if settings.sink == "sql":
        return _stored_in_sql(settings, declared, unit)
    is_there = "".join(f" and {name} != {int(value)}" for name, value in declared.gone.items())
    query = (
        f"select count() from {declared.name} final "  # noqa: S608 - declared names
        f"where org_id = %(org_id)s and repo_id = %(repo_id)s{is_there}"
    )
    with connection.connected(settings) as client:
        return int(client.execute(query, {"org_id": unit.org_id, "repo_id": unit.repo_id})[0][0])


def _stored_in_sql(settings: Settings, declared: Table, unit: Unit) -> int:
    engine = open_engine(str(settings.secondary_uri), variable="SECONDARY_DATABASE_URI", echo=settings.echo_sql)
    table = record_tables(engine.dialect.name)[declared.name]
    wanted = [table.c.org_id == unit.org_id, table.c.repo_id == unit.repo_id]
    wanted += [table.c[name] != value for name, value in declared.gone.items()]
    try:
        with reading(engine) as reader:
            return int(reader.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one())
    finally:
        engine.dispose()
