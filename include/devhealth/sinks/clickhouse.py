"""Records into ClickHouse.

Rows of one key are told apart by version and read with `final`, so what is written twice, late or out of order ends as
the same rows. What a snapshot said of a whole repository is noted, and holds for rows that arrive after it too.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from operator import attrgetter

from clickhouse_driver import Client

from devhealth.models.table import R, Record, Snapshot, Table, all_tables, table_of
from devhealth.settings import Settings
from devhealth.sinks.changes import Days, OnChange
from devhealth.sinks.clickhouse_block import insert, insert_and_tell, literal
from devhealth.warehouse.connection import connected
from devhealth.warehouse.schema import ensure_schema

_BLOCK_ROWS = 1_000_000
_OF_REPOSITORY = attrgetter("org_id", "repo_id")
_NEWER_SNAPSHOTS = """
select
    table_name,
    org_id,
    repo_id,
    max(record_snapshots.version) as version
from record_snapshots
where (org_id, repo_id) in %(repositories)s and table_name in %(tables)s
group by
    table_name,
    org_id,
    repo_id
"""


class ClickHouseSink:
    """A sink whose session is a connection; batches of one sink are written one after the other."""

    def __init__(self, client: Client) -> None:
        self.session = client
        self.overtaken_by: datetime | None = None
        self._turn = threading.Lock()

    async def write_batch(self, records: list[Record], session: Client, on_change: OnChange | None = None) -> int:
        """Store the records, of any types; the count given."""
        return await asyncio.to_thread(self._write, records, session, on_change)

    async def read(self, kind: type[R], org_ids: Sequence[str], session: Client) -> list[R]:
        """The newest row of each key of these organisations."""
        return await asyncio.to_thread(_read, kind, org_ids, session)

    async def newest(self, org_id: str, session: Client) -> datetime | None:
        """The greatest version of any record or snapshot of an organisation; None when there is none."""
        return await asyncio.to_thread(_newest, org_id, session)

    async def retire(self, snapshot: Snapshot, session: Client, on_change: OnChange | None = None) -> None:
        """Give the rows older than the snapshot the table's `gone` values."""
        await asyncio.to_thread(self._retire, snapshot, session, on_change)

    def _write(self, records: list[Record], client: Client, on_change: OnChange | None) -> int:
        with self._turn:
            may_be_late: dict[str, list[Record]] = {}
            for kind in sorted(set(map(type, records)), key=lambda kind: kind.__name__):
                declared = table_of(kind)
                rows = [record for record in records if type(record) is kind]
                for first in range(0, len(rows), _BLOCK_ROWS):
                    block = rows[first : first + _BLOCK_ROWS]
                    if on_change and (declared.days or declared.every_day):
                        insert_and_tell(client, declared, block, on_change)
                    else:
                        insert(client, declared, block)
                if declared.gone:
                    may_be_late[declared.name] = rows
            for newer in _newer_snapshots(client, may_be_late):
                self._note_overtaken(newer.version)
                _mark_gone(client, table_of(newer.table), newer)
        return len(records)

    def _retire(self, snapshot: Snapshot, client: Client, on_change: OnChange | None) -> None:
        with self._turn:
            declared = table_of(snapshot.table)
            if not snapshot.column:
                self._note_overtaken(_noted(client, snapshot))
                # Noted first: a row that another process writes meanwhile is caught by that process, which looks here.
                note = (snapshot.org_id, snapshot.repo_id, snapshot.table, snapshot.version)
                client.execute("insert into record_snapshots (org_id, repo_id, table_name, version) values", [note])
                if not _may_concern(client, declared, snapshot):
                    return
            elif snapshot.beside and not _may_concern(client, declared, snapshot):
                return
            if on_change and declared.days and (days := _days_to_go(client, declared, snapshot)):
                on_change(days)
            _mark_gone(client, declared, snapshot)

    def _note_overtaken(self, version: datetime | None) -> None:
        self.overtaken_by = max((one for one in (self.overtaken_by, version) if one), default=None)


@contextlib.contextmanager
def open_clickhouse_sink(settings: Settings) -> Iterator[ClickHouseSink]:
    """The sink of the configured ClickHouse, its tables brought up to date."""
    with connected(settings) as client:
        ensure_schema(client)
        yield ClickHouseSink(client)


def _read(kind: type[R], org_ids: Sequence[str], client: Client) -> list[R]:
    declared = table_of(kind)
    names = [column.name for column in declared.columns]
    rows = client.execute(
        f"select {', '.join(names)} from {declared.name} final where org_id in %(org_ids)s",  # noqa: S608 -- declared
        {"org_ids": tuple(org_ids)},
    )
    return [kind(**dict(zip(names, row, strict=True))) for row in rows]


def _newest(org_id: str, client: Client) -> datetime | None:
    tables = {one.name: str(one.version) for one in all_tables() if one.version} | {"record_snapshots": "version"}
    of_each = " union all ".join(
        f"select max({table}.{version}) as newest from {table} where org_id = %(org_id)s having count() > 0"  # noqa: S608 -- declared
        for table, version in tables.items()
    )
    [(count, newest)] = client.execute(f"select count(), max(newest) from ({of_each})", {"org_id": org_id})  # noqa: S608 -- declared
    found: datetime | None = newest.replace(tzinfo=UTC) if count else None
    return found


def _noted(client: Client, snapshot: Snapshot) -> datetime | None:
    """The version of a newer snapshot of the same."""
    parameters = {"tables": (snapshot.table,), "repositories": ((snapshot.org_id, snapshot.repo_id),)}
    found = [version for *_, version in client.execute(_NEWER_SNAPSHOTS, parameters) if version > snapshot.version]
    return max(found, default=None)


def _newer_snapshots(client: Client, rows_of: dict[str, list[Record]]) -> Iterator[Snapshot]:
    """Snapshots of the rows' repositories, by table, that are newer than the oldest of the rows."""
    if not rows_of:
        return
    repositories = {of_repository for rows in rows_of.values() for of_repository in map(_OF_REPOSITORY, rows)}
    oldest = {name: min(map(attrgetter(str(table_of(name).version)), rows)) for name, rows in rows_of.items()}
    parameters = {"tables": tuple(rows_of), "repositories": tuple(repositories)}
    for table, org_id, repo_id, version in client.execute(_NEWER_SNAPSHOTS, parameters):
        if version > oldest[table]:
            yield Snapshot(table=table, org_id=org_id, repo_id=repo_id, version=version)


def _may_concern(client: Client, declared: Table, snapshot: Snapshot) -> bool:
    """Whether a snapshot meets any older row of its repository; cheaper than to retire none."""
    [(count,)] = client.execute(
        f"select count() from {declared.name} where {_of_repository(snapshot)} "  # noqa: S608 -- declared
        f"and {declared.version} < {literal(snapshot.version)}"
    )
    return bool(count)


def _mark_gone(client: Client, declared: Table, snapshot: Snapshot) -> None:
    values = {name: literal(value) for name, value in declared.gone.items()}
    values[str(declared.version)] = literal(snapshot.version)
    names = ", ".join(column.name for column in declared.columns)
    source = ", ".join(values.get(column.name, column.name) for column in declared.columns)
    client.execute(
        f"insert into {declared.name} ({names}) select {source} from {declared.name} final "  # noqa: S608 -- declared
        f"where {_spoken_of(snapshot)} and {_is_to_go(declared, snapshot)}"
    )


def _days_to_go(client: Client, declared: Table, snapshot: Snapshot) -> Days:
    days = ", ".join(f"toDate({column})" for column in declared.days)
    rows = client.execute(
        f"select distinct arrayJoin([{days}]) as day from {declared.name} final "  # noqa: S608 -- declared
        f"where {_spoken_of(snapshot)} and {_is_to_go(declared, snapshot)}"
    )
    found = {day for (day,) in rows if day is not None}
    return {(snapshot.org_id, snapshot.repo_id): found} if found else {}


def _is_to_go(declared: Table, snapshot: Snapshot) -> str:
    """The condition of the rows that a snapshot makes gone, of those it speaks of."""
    is_there = " or ".join(f"{name} != {literal(value)}" for name, value in declared.gone.items())
    is_older = f"{declared.version} < {literal(snapshot.version)}"
    return f"{is_older} and ({is_there})"


def _spoken_of(snapshot: Snapshot) -> str:
    of_repository = _of_repository(snapshot)
    if not snapshot.column:
        return of_repository
    if snapshot.beside:
        version = f"{table_of(snapshot.beside).version} = {literal(snapshot.version)}"
        of_it = f"select {snapshot.column} from {snapshot.beside} where {_of_repository(snapshot)} and {version}"  # noqa: S608 -- declared
        return f"{of_repository} and {snapshot.column} in ({of_it})"
    return f"{of_repository} and {snapshot.column} in ({', '.join(map(literal, snapshot.values))})"


def _of_repository(snapshot: Snapshot) -> str:
    return f"org_id = {literal(snapshot.org_id)} and repo_id = {literal(snapshot.repo_id)}"
