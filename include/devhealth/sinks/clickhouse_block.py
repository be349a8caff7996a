"""One block of records on its way into ClickHouse.

Values that a whole batch shares travel in the statement, instants as integers, the rest as it is: half the time of
handing the driver every column as Python has it.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec
from clickhouse_driver import Client
from clickhouse_driver.util.escape import escape_param

from devhealth.models.table import Column, Record, Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIRE_TYPES = {"DateTime('UTC')": "UInt32", "DateTime64(6, 'UTC')": "Int64", "LowCardinality(String)": "String"}


def insert(client: Client, declared: Table, records: Sequence[Record]) -> None:
    """Store records of one type; the same block twice is stored once."""
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
    token = hashlib.blake2b(msgspec.msgpack.encode(records), digest_size=16).hexdigest()
    client.execute(
        f"insert into {declared.name} ({names}) select {source} from input({structure}) format Native",  # noqa: S608 -- declared names, escaped values
        data,
        columnar=True,
        settings={"insert_deduplication_token": token},
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
