"""Records into PostgreSQL or SQLite.

A row is replaced only by one at least as new (the version column), and what a snapshot said of a whole repository holds
for rows that arrive after it: a batch written twice, late or out of order leaves the same rows. One batch is one
transaction.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, MetaData, Table, bindparam, func, or_, select, text, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import ColumnElement

from devhealth.errors import InputError, SettingsError
from devhealth.models.table import R, Record, Snapshot, table_of
from devhealth.models.table import Table as Declared
from devhealth.relational import insert_into, open_engine, reading, writing
from devhealth.settings import Settings
from devhealth.sinks import sql_changes, sql_rows
from devhealth.sinks.changes import OnChange
from devhealth.sinks.sql_rows import Row
from devhealth.sinks.sql_schema import ensure_schema, key_of, record_snapshots, record_tables


class SqlSink:
    """A sink whose session is the engine of one PostgreSQL or SQLite."""

    def __init__(self, engine: Engine) -> None:
        self.session = engine
        self.overtaken_by: datetime | None = None

    async def write_batch(self, records: list[Record], session: Engine, on_change: OnChange | None = None) -> int:
        """Store the records, of any types, all or none; the count given."""
        by_kind = [
            (_declared(kind), sql_rows.newest(_declared(kind), some))
            for kind, some in groupby(sorted(records, key=lambda record: type(record).__name__), type)
        ]
        if on_change:
            _tell(session, by_kind, on_change)
        with writing(session) as connection:
            for declared, rows in by_kind:
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

    async def retire(self, snapshot: Snapshot, session: Engine, on_change: OnChange | None = None) -> None:
        """Give the rows older than the snapshot the table's `gone` values."""
        declared = table_of(snapshot.table)
        if on_change and declared.days:
            with reading(session) as connection:
                days = _days_to_go(connection, declared, snapshot)
            if days:
                on_change({(snapshot.org_id, snapshot.repo_id): days})
        with writing(session) as connection:
            _lock(connection, declared, {(snapshot.org_id, snapshot.repo_id)})
            if not snapshot.column:
                self._note_overtaken([_note(connection, snapshot)])
            _mark_gone(connection, declared, snapshot)

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


def _tell(session: Engine, by_kind: list[tuple[Declared, list[Row]]], on_change: OnChange) -> None:
    """Tell the days of the rows that are not stored as they are, while no transaction keeps others waiting."""
    with writing(session) as connection:
        told = [
            sql_changes.found_in(connection, declared, table, _stage(connection, table, declared, rows))
            for declared, rows in by_kind
            if declared.days or declared.every_day
            for table in [record_tables(connection.dialect.name)[declared.name]]
        ]
    for days in told:
        if days:
            on_change(days)


def _mark_gone(connection: Connection, declared: Declared, snapshot: Snapshot) -> None:
    table = record_tables(connection.dialect.name)[declared.name]
    values = {**declared.gone, str(declared.version): snapshot.version}
    connection.execute(update(table).where(*_to_go(table, declared, snapshot)).values(values))


def _days_to_go(connection: Connection, declared: Declared, snapshot: Snapshot) -> set[date]:
    table = record_tables(connection.dialect.name)[declared.name]
    moments = [table.c[name] for name in declared.days]
    rows = connection.execute(select(*moments).where(*_to_go(table, declared, snapshot)).distinct())
    return {at.date() for row in rows for at in row if at is not None}


def _to_go(table: Table, declared: Declared, snapshot: Snapshot) -> tuple[ColumnElement[bool], ...]:
    """The condition of the rows that a snapshot makes gone."""
    is_there = or_(*(table.c[name] != value for name, value in declared.gone.items()))
    return (*_spoken_of(table, snapshot), table.c[str(declared.version)] < snapshot.version, is_there)


def _spoken_of(table: Table, snapshot: Snapshot) -> tuple[ColumnElement[bool], ...]:
    of_repository = (table.c.org_id == snapshot.org_id, table.c.repo_id == snapshot.repo_id)
    if not snapshot.column:
        return of_repository
    column = table.c[snapshot.column]
    if not snapshot.beside:
        return (*of_repository, column.in_(snapshot.values))
    beside = table.metadata.tables[snapshot.beside].c
    is_it = (beside.org_id == snapshot.org_id, beside.repo_id == snapshot.repo_id)
    is_of_it = beside[str(table_of(snapshot.beside).version)] == snapshot.version
    return (*of_repository, column.in_(select(beside[snapshot.column]).where(*is_it, is_of_it)))


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
        staged = _stage(connection, table, declared, rows)
        incoming = insert_into(connection, table).from_select([*staged.c.keys()], select(*staged.columns))
        connection.execute(_newest_wins(incoming, table, declared))
    else:
        values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.columns}
        statement = _newest_wins(insert_into(connection, table).values(values), table, declared)
        compiled = statement.compile(dialect=connection.dialect)
        connection.exec_driver_sql(str(compiled), sql_rows.for_sqlite(declared, rows))


def _stage(connection: Connection, table: Table, declared: Declared, rows: list[Row]) -> Table:
    """The rows in a temporary table of the same columns, which goes with the transaction or the connection."""
    staged = Table(f"staged_{table.name}", MetaData(), *(Column(column.name, column.type) for column in table.columns))
    names = ", ".join(column.name for column in table.columns)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"create temporary table {staged.name} (like {table.name}) on commit drop")
        with contextlib.closing(connection.connection.cursor()) as cursor:
            content = sql_rows.as_csv(declared, rows)
            cursor.copy_expert(f"copy {staged.name} ({names}) from stdin {sql_rows.CSV_FORMAT}", content)
        return staged
    places = ", ".join("?" * len(table.columns))
    connection.exec_driver_sql(f"drop table if exists temp.{staged.name}")
    connection.exec_driver_sql(f"create temporary table {staged.name} as select * from {table.name} limit 0")  # noqa: S608 -- declared names
    connection.exec_driver_sql(
        f"insert into {staged.name} ({names}) values ({places})",  # noqa: S608 -- declared names
        sql_rows.for_sqlite(declared, rows),
    )
    return staged


def _newest_wins(statement: Any, table: Table, declared: Declared) -> Any:
    new = statement.excluded
    changed = {column.name: new[column.name] for column in table.columns if column.name not in declared.key}
    is_newer = new[declared.version] >= table.c[str(declared.version)]
    return statement.on_conflict_do_update(index_elements=key_of(table), set_=changed, where=is_newer)
