"""Records as rows for PostgreSQL's COPY and for SQLite. By column: several times faster than by value."""

import csv
import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from io import BytesIO, StringIO
from typing import Any

import msgspec

from devhealth.models.table import Record, Table

Row = tuple[Any, ...]

_NULL = f"null-{uuid.uuid4().hex}"
"""NULL in a CSV; random, so that no text can be taken for it."""

CSV_FORMAT = f"(format csv, null '{_NULL}')"


def newest(declared: Table, records: Iterable[Record]) -> list[Row]:
    """The rows of records of one type: of several with one key the newest, of equally new ones the last."""
    names = [column.name for column in declared.columns]
    key = [names.index(name) for name in declared.key]
    version = names.index(str(declared.version))
    by_key: dict[Row, Row] = {}
    for record in records:
        row = msgspec.structs.astuple(record)
        of_row = tuple([row[position] for position in key])
        known = by_key.get(of_row)
        if known is None or row[version] >= known[version]:
            by_key[of_row] = row
    return list(by_key.values())


def oldest(declared: Table, rows: list[Row]) -> datetime:
    """The least version among the rows."""
    version = [column.name for column in declared.columns].index(str(declared.version))
    least: datetime = min(row[version] for row in rows)
    return least


def as_csv(declared: Table, rows: list[Row]) -> BytesIO:
    """The rows in CSV_FORMAT, ready to be read."""
    columns = list(zip(*rows, strict=True))
    for position, column in enumerate(declared.columns):
        values: Iterable[Any] = columns[position]
        if column.type.sql == "JSON":
            values = map(_json, values)
        if column.nullable:
            values = (_NULL if value is None else value for value in values)
        columns[position] = tuple(values)
    content = StringIO()
    csv.writer(content, lineterminator="\r\n").writerows(zip(*columns, strict=True))
    return BytesIO(content.getvalue().encode())


def for_sqlite(declared: Table, rows: list[Row]) -> list[Row]:
    """The rows with lists as JSON and times as SQLAlchemy writes them to SQLite: naive UTC, to the microsecond."""
    columns = list(zip(*rows, strict=True))
    for position, column in enumerate(declared.columns):
        if column.type.sql == "JSON":
            columns[position] = tuple(map(_json, columns[position]))
        elif column.type.sql == "DateTime":
            as_text = cache(_utc_text)  # one instant stands in many rows
            columns[position] = tuple(map(as_text, columns[position]))
    return list(zip(*columns, strict=True))


def _utc_text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _json(value: list[str] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
