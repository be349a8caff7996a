"""One block of records on its way into ClickHouse.

Values that a whole batch shares travel in the statement, instants as integers, the rest as it is: half the time of
handing the driver every column as Python has it.
"""

import contextlib
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec
from clickhouse_driver import Client
from clickhouse_driver.util.escape import escape_param

from devhealth.errors import StoreError
from devhealth.models.table import Column, Record, Table
from devhealth.sinks.changes import Days, OnChange, all_days, days_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIRE_TYPES = {"DateTime('UTC')": "UInt32", "DateTime64(6, 'UTC')": "Int64", "LowCardinality(String)": "String"}


def insert_and_tell(client: Client, declared: Table, records: Sequence[Record], on_change: OnChange) -> None:
    """As `insert`, after the days of the records that are not stored as they are were told.

    The records are sent once: into a temporary table that is compared with what is stored. Where nothing is stored that
    they could replace, they need no comparison.
    """
    if not _may_replace(client, declared, records):
        if days := days_of(declared, records):
            on_change(days)
        insert(client, declared, records)
        return
    with _incoming(client, declared, records) as incoming:
        for days in (_days_that_differ(client, declared, incoming), _every_day(client, declared, incoming)):
            if days:
                on_change(days)
        names = _names(declared)
        client.execute(
            f"insert into {declared.name} ({names}) select {names} from {incoming}",  # noqa: S608 -- declared names
            settings={"insert_deduplication_token": _digest(records)},
        )


def insert(client: Client, declared: Table, records: Sequence[Record], into: str = "") -> None:
    """Store records of one type, or in another table of the same columns; the same block twice is stored once."""
    shared: dict[str, str] = {}
    sent: list[Column] = []
    data: list[list[Any]] = []
    for column in declared.columns:
        values = list(map(attrgetter(column.name), records))
        if column.name in {"org_id", "repo_id", declared.version} and values.count(values[0]) == len(values):
            shared[column.name] = literal(values[0])
        else:
            sent.append(column)
            data.append(_wire_values(column, values))
    names = ", ".join(column.name for column in declared.columns)
    source = ", ".join(shared.get(column.name) or _from_wire(column) for column in declared.columns)
    structure = literal(", ".join(f"{column.name} {_wire_type(column)}" for column in sent))
    client.execute(
        f"insert into {into or declared.name} ({names}) select {source} from input({structure}) format Native",  # noqa: S608 -- declared names, escaped values
        data,
        columnar=True,
        settings={"insert_deduplication_token": _digest(records)},
    )


def literal(value: str | bool | int | datetime) -> str:  # noqa: FBT001 -- any value of a column
    """The value as ClickHouse SQL, instants to the microsecond."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"fromUnixTimestamp64Micro({_microseconds(value)}, 'UTC')"
    return str(escape_param(value, None))


def _wire_type(column: Column) -> str:
    kind = _WIRE_TYPES.get(column.type.clickhouse, column.type.clickhouse)
    return f"Nullable({kind})" if column.nullable else kind


def _wire_values(column: Column, values: list[Any]) -> list[Any]:
    match _WIRE_TYPES.get(column.type.clickhouse):
        case "UInt32":
            return [None if value is None else int(value.timestamp()) for value in values]
        case "Int64":
            return [None if value is None else _microseconds(value) for value in values]
    return values


def _from_wire(column: Column) -> str:
    is_precise = _WIRE_TYPES.get(column.type.clickhouse) == "Int64"
    return f"fromUnixTimestamp64Micro({column.name}, 'UTC')" if is_precise else column.name


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _may_replace(client: Client, declared: Table, records: Sequence[Record]) -> bool:
    """Whether a stored row lies where these belong, by organisation, repository and the column they are sorted by."""
    conditions = []
    for column in declared.key[:3]:
        values = set(map(attrgetter(column), records))
        first, last = _sql(min(values)), _sql(max(values))
        conditions.append(f"{column} = {first}" if len(values) == 1 else f"{column} between {first} and {last}")
    found = client.execute(f"select 1 from {declared.name} where {' and '.join(conditions)} limit 1")  # noqa: S608 -- declared names, escaped values
    return bool(found)


@contextlib.contextmanager
def _incoming(client: Client, declared: Table, records: Sequence[Record]) -> Iterator[str]:
    """The name of a temporary table with the records."""
    name = f"incoming_{uuid.uuid4().hex}"
    client.execute(
        f"create temporary table {name} engine = Memory as select {_names(declared)} from {declared.name} limit 0"  # noqa: S608 -- declared names
    )
    try:
        insert(client, declared, records, name)
        yield name
    finally:
        with contextlib.suppress(StoreError):  # it goes with the connection, if that is what broke
            client.execute(f"drop temporary table if exists {name}")


def _days_that_differ(client: Client, declared: Table, incoming: str) -> Days:
    """Days of the rows that differ from the stored row of their key in anything but the version, or have none.

    And those of the stored rows that they replace: what ended on another day counts there no more.
    """
    if not declared.days:
        return {}
    columns = ", ".join(column.name for column in declared.columns if column.name != declared.version)
    moments = ", ".join(f"toDate({column})" for column in declared.days)
    given = f"select {columns} from {incoming}"  # noqa: S608 -- declared names
    stored = f"select {columns} from {_stored(declared, incoming)}"  # noqa: S608 -- declared names
    changed = f"({given} except {stored})"
    if not set(declared.days) <= set(declared.key):
        changed = f"({changed} union all ({stored} except {given}))"
    rows = client.execute(
        f"select distinct org_id, repo_id, arrayJoin([{moments}]) as day from {changed}"  # noqa: S608 -- declared names
    )
    days: dict[tuple[str, str], set[date]] = {}
    for org_id, repo_id, day in rows:
        if day is not None:
            days.setdefault((org_id, repo_id), set()).add(day)
    return days


def _every_day(client: Client, declared: Table, incoming: str) -> Days:
    """All days of the repositories of which a row changes that is about all of them."""
    if not declared.every_day:
        return {}
    key, columns = ", ".join(declared.key), ", ".join(declared.every_day)
    differs = " or ".join(f"{incoming}.{name} != stored.{name}" for name in declared.every_day)
    rows = client.execute(
        f"select distinct org_id, repo_id from {incoming} inner join "  # noqa: S608 -- declared names
        f"(select {key}, {columns} from {_stored(declared, incoming)}) as stored using ({key}) where {differs}"
    )
    return all_days(rows)


def _stored(declared: Table, incoming: str) -> str:
    """The table and the condition of the stored rows that have the key of an incoming one."""
    key = ", ".join(declared.key)
    return f"{declared.name} final where ({key}) in (select {key} from {incoming})"  # noqa: S608 -- declared names


def _names(declared: Table) -> str:
    return ", ".join(column.name for column in declared.columns)


def _sql(value: Any) -> str:
    """A value of a key as SQL; an instant to the second, as key columns have it."""
    return f"toDateTime({int(value.timestamp())}, 'UTC')" if isinstance(value, datetime) else literal(value)


def _digest(records: Sequence[Record]) -> str:
    return hashlib.blake2b(msgspec.msgpack.encode(records), digest_size=16).hexdigest()
