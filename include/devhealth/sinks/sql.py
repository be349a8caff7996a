"""Records into PostgreSQL or SQLite.

A row is replaced only by one at least as new (the version column), and what a snapshot said of a whole repository holds
for rows that arrive after it: a batch written twice, late or out of order leaves the same rows. One batch is one
transaction.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO
from itertools import groupby
from typing import Any

from sqlalchemy import Table, bindparam, func, or_, select, text, update
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import ColumnElement

from devhealth.errors import InputError, SettingsError
from devhealth.models.table import R, Record, Snapshot, table_of
from devhealth.models.table import Table as Declared
from devhealth.relational import insert_into, open_engine, reading, writing
from devhealth.settings import Settings
from devhealth.sinks import sql_rows
from devhealth.sinks.sql_rows import Row
from devhealth.sinks.sql_schema import ensure_schema, key_of, record_snapshots, record_tables


class SqlSink:
    """A sink whose session is the engine of one PostgreSQL or SQLite."""

    def __init__(self, engine: Engine) -> None:
        self.session = engine
        self.overtaken_by: datetime | None = None

    async def write_batch(self, records: list[Record], session: Engine) -> int:
        """Store the records, of any types, all or none; the count given."""
        with writing(session) as connection:
            for kind, some in groupby(sorted(records, key=lambda record: type(record).__name__), type):
                declared = _declared(kind)
                rows = sql_rows.newest(declared, some)
                repositories = {row[:2] if "repo_id" in declared.key else row[:1] for row in rows}
                _lock(connection, declared, repositories)
                _write(connection, declared, rows)
                if declared.gone:
                    oldest = sql_rows.oldest(declared, rows)
                    self._note_overtaken(_mark_late_ones_gone(connection, declared, repositories, oldest))
        return len(records)

    async def read(self, kind: type[R], org_ids: Sequence[str], session: Engine) -> list[R]:
        """The row of each key of these organisations."""
        table = record_tables(session.dialect.name)[_declared(kind).name]
        with reading(session) as connection:
            rows = connection.execute(select(table).where(table.c.org_id.in_(list(org_ids))))
            return [kind(**row._mapping) for row in rows]  # noqa: SLF001 -- public by its documentation

    async def newest(self, org_id: str, session: Engine) -> datetime | None:
        """The greatest version of any record or snapshot of an organisation; None when there is none."""
        tables = [(table, str(table_of(name).version)) for name, table in record_tables(session.dialect.name).items()]
        tables.append((record_snapshots, "version"))
        with reading(session) as connection:
            found = [
                connection.execute(select(func.max(table.c[version])).where(table.c.org_id == org_id)).scalar()
                for table, version in tables
            ]
        return max((one for one in found if one), default=None)

    async def retire(self, snapshot: Snapshot, session: Engine) -> list[date]:
        """Give the rows older than the snapshot the table's `gone` values; the UTC days of all that are gone."""
        declared = table_of(snapshot.table)
        with writing(session) as connection:
            _lock(connection, declared, {(snapshot.org_id, snapshot.repo_id)})
            if not snapshot.column:
                self._note_overtaken([_note(connection, snapshot)])
            _mark_gone(connection, declared, snapshot)
            return _days_gone(connection, declared, snapshot)

    def _note_overtaken(self, versions: Iterable[datetime | None]) -> None:
        self.overtaken_by = max((one for one in (self.overtaken_by, *versions) if one), default=None)


@contextlib.contextmanager
def open_sql_sink(settings: Settings) -> Iterator[SqlSink]:
    """The sink of SECONDARY_DATABASE_URI, its tables made ready."""
    if not settings.secondary_uri:
        raise SettingsError(
            "SECONDARY_DATABASE_URI is not set: expected the PostgreSQL or SQLite that gets the records."
        )
    engine = open_engine(settings.secondary_uri, variable="SECONDARY_DATABASE_URI", echo=settings.echo_sql)
    try:
        ensure_schema(engine)
        yield SqlSink(engine)
    finally:
        engine.dispose()


def _declared(kind: type[Record]) -> Declared:
    declared = table_of(kind)
    if declared.is_metric:
        raise InputError(f"{declared.name} is a metric table: it lives in ClickHouse only. Set CLICKHOUSE_URI.")
    return declared


def _note(connection: Connection, snapshot: Snapshot) -> datetime | None:
    """Note a snapshot; the version of a newer one of the same, which stays."""
    note = insert_into(connection, record_snapshots).values(
        org_id=snapshot.org_id, repo_id=snapshot.repo_id, table_name=snapshot.table, version=snapshot.version
    )
    is_newer = note.excluded.version > record_snapshots.c.version
    key = list(record_snapshots.primary_key)
    later = {"version": note.excluded.version}
    connection.execute(note.on_conflict_do_update(index_elements=key, set_=later, where=is_newer))
    noted = record_snapshots.c
    mine = (noted.org_id == snapshot.org_id, noted.repo_id == snapshot.repo_id, noted.table_name == snapshot.table)
    newer: datetime | None = connection.execute(
        select(noted.version).where(*mine, noted.version > snapshot.version)
    ).scalar()
    return newer


def _mark_gone(connection: Connection, declared: Declared, snapshot: Snapshot) -> None:
    table = record_tables(connection.dialect.name)[declared.name]
    version = table.c[str(declared.version)]
    differs = or_(*(table.c[name] != value for name, value in declared.gone.items()))
    older = (*_spoken_of(table, snapshot), version < snapshot.version, differs)
    connection.execute(update(table).where(*older).values({**declared.gone, version.name: snapshot.version}))


def _days_gone(connection: Connection, declared: Declared, snapshot: Snapshot) -> list[date]:
    """Of all that is gone by now: a run killed after it retired rows never told their days."""
    if not declared.days:
        return []
    table = record_tables(connection.dialect.name)[declared.name]
    is_gone = [table.c[name] == value for name, value in declared.gone.items()]
    by_it = (*_spoken_of(table, snapshot), table.c[str(declared.version)] <= snapshot.version, *is_gone)
    rows = connection.execute(select(*(table.c[name] for name in declared.days)).where(*by_it).distinct())
    return sorted({at.date() for row in rows for at in row if at is not None})


def _spoken_of(table: Table, snapshot: Snapshot) -> tuple[ColumnElement[bool], ...]:
    of_repository = (table.c.org_id == snapshot.org_id, table.c.repo_id == snapshot.repo_id)
    return (*of_repository, table.c[snapshot.column].in_(snapshot.values)) if snapshot.column else of_repository


def _mark_late_ones_gone(
    connection: Connection, declared: Declared, repositories: set[Row], oldest: datetime
) -> list[datetime]:
    """Rows written after a snapshot that is newer than they are: what it said holds for them too. Those snapshots."""
    noted, newer = record_snapshots.c, []
    for org_id, repo_id in repositories:
        mine = (noted.org_id == org_id, noted.repo_id == repo_id, noted.table_name == declared.name)
        version = connection.execute(select(noted.version).where(*mine, noted.version > oldest)).scalar()
        if version is not None:
            of_table = Snapshot(table=declared.name, org_id=org_id, repo_id=repo_id, version=version)
            _mark_gone(connection, declared, of_table)
            newer.append(version)
    return newer


def _lock(connection: Connection, declared: Declared, repositories: set[Row]) -> None:
    """Let one process at a time write a table of a repository: two that lock its rows in turn would be a deadlock."""
    if connection.dialect.name != "postgresql":
        return  # SQLite has one writer at a time as it is
    for key in sorted(_lock_key(declared.name, *repository) for repository in repositories):
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


def _lock_key(*names: str) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest(), "big", signed=True)


def _write(connection: Connection, declared: Declared, rows: list[Row]) -> None:
    table = record_tables(connection.dialect.name)[declared.name]
    if connection.dialect.name == "postgresql":
        _copy(connection, table, declared, sql_rows.as_csv(declared, rows))
    else:
        values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.columns}
        statement = _newest_wins(insert_into(connection, table).values(values), table, declared)
        compiled = statement.compile(dialect=connection.dialect)
        connection.exec_driver_sql(str(compiled), sql_rows.for_sqlite(declared, rows))


def _copy(connection: Connection, table: Table, declared: Declared, content: BytesIO) -> None:
    """COPY into a temporary table, and from there into the real one."""
    staged = sql_table(f"staged_{table.name}", *(sql_column(column.name) for column in table.columns))
    connection.exec_driver_sql(f"create temporary table {staged.name} (like {table.name}) on commit drop")
    names = [column.name for column in table.columns]
    with contextlib.closing(connection.connection.cursor()) as cursor:
        cursor.copy_expert(f"copy {staged.name} ({', '.join(names)}) from stdin {sql_rows.CSV_FORMAT}", content)
    rows = insert_into(connection, table).from_select(names, select(*staged.columns))
    connection.execute(_newest_wins(rows, table, declared))


def _newest_wins(statement: Any, table: Table, declared: Declared) -> Any:
    new = statement.excluded
    changed = {column.name: new[column.name] for column in table.columns if column.name not in declared.key}
    is_newer = new[declared.version] >= table.c[str(declared.version)]
    return statement.on_conflict_do_update(index_elements=key_of(table), set_=changed, where=is_newer)
