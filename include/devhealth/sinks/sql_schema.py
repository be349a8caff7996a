"""The record tables in PostgreSQL and SQLite, derived from the declarations of `devhealth.models`.

Metric tables are left out: metrics are computed in ClickHouse and stored only there.
"""

from functools import cache

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Float, Index, Integer, MetaData, Table, Text, func, text
from sqlalchemy import inspect as inspect_database
from sqlalchemy import select as sql_select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql import ColumnElement

from devhealth.errors import SchemaOutdated
from devhealth.models import table as declarations
from devhealth.relational import UtcDateTime, reading, writing

_LOCK_KEY = 0x6465767265636F72
"""Advisory lock that one process at a time holds on PostgreSQL while it changes tables."""

_TYPES = {
    "Text": (Text, "''"),
    "JSON": (JSON, "'[]'"),
    "Boolean": (Boolean, None),
    "BigInteger": (BigInteger, "0"),
    "Integer": (Integer, "0"),
    "Float": (Float, "0"),
    "DateTime": (UtcDateTime, "'1970-01-01 00:00:00.000000'"),
    "Date": (Date, "'1970-01-01'"),
}
"""Each SQL type of a declaration, and what rows older than a new column hold: the same as in ClickHouse."""

_FALSE = {"postgresql": "false", "sqlite": "0"}


record_snapshots = Table(
    "record_snapshots",
    MetaData(),
    Column("org_id", Text, primary_key=True),
    Column("repo_id", Text, primary_key=True),
    Column("table_name", Text, primary_key=True),
    Column("version", UtcDateTime, nullable=False),
)
"""When a table was last listed whole for a repository: rows that arrive late and are older are gone."""


@cache
def record_tables(dialect: str) -> dict[str, Table]:
    """The tables of one kind of database, by name."""
    metadata = MetaData()
    return {
        declared.name: _table(metadata, declared, dialect)
        for declared in declarations.all_tables()
        if not declared.is_metric
    }


def key_of(table: Table) -> list[ColumnElement[object]]:
    """What a row is recognised by: the primary key, on PostgreSQL the unique index."""
    index = next(iter(table.indexes), None)
    return list(table.primary_key.columns if index is None else index.expressions)  # type: ignore[arg-type]


def ensure_schema(engine: Engine) -> None:
    """Make the tables and columns that are missing. Any number of processes may call it at once; cheap when none is."""
    tables = [record_snapshots, *record_tables(engine.dialect.name).values()]
    try:
        with reading(engine) as connection:
            for table in tables:
                connection.execute(sql_select(table).where(text("1 = 0")))
    except SchemaOutdated:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            for table in tables:
                table.create(connection, checkfirst=True)
                _add_columns(connection, table)


def _add_columns(connection: Connection, table: Table) -> None:
    there = {column["name"] for column in inspect_database(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"alter table {table.name} add column {definition}")


def _table(metadata: MetaData, declared: declarations.Table, dialect: str) -> Table:
    is_sqlite = dialect == "sqlite"
    columns = [
        _column(column, dialect, in_key=is_sqlite and column.name in declared.key) for column in declared.columns
    ]
    table = Table(declared.name, metadata, *columns, sqlite_with_rowid=False)
    if not is_sqlite:
        Index(f"key_{declared.name}", *_postgresql_key(table, declared), unique=True)
    return table


def _postgresql_key(table: Table, declared: declarations.Table) -> list[ColumnElement[object]]:
    """The key with digests for texts: an index entry holds 2.7 KB at most, a path or a name may be longer."""
    return [
        func.md5(table.c[name]) if position > 1 and isinstance(table.c[name].type, Text) else table.c[name]
        for position, name in enumerate(declared.key)
    ]


def _column(declared: declarations.Column, dialect: str, *, in_key: bool) -> "Column[object]":
    kind, default = _TYPES[declared.type.sql]
    if declared.type.sql == "Boolean":
        default = _FALSE[dialect]
    server_default = None if declared.nullable or default is None else text(default)
    return Column(declared.name, kind(), primary_key=in_key, nullable=declared.nullable, server_default=server_default)
