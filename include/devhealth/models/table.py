"""How a record declares the table it lives in.

A record is a frozen msgspec Struct; `@table(...)` states once what every store needs to know: the name, the key, the
version column, the partitions, and which values mean "gone". The DDL of ClickHouse (`devhealth.warehouse.schema`) and
of PostgreSQL and SQLite (`devhealth.sinks.sql`) are derived from it, and so is the documentation.
"""

import importlib
import pkgutil
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from devhealth.errors import RecordError


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One column type in the words of each store. `sql` is a SQLAlchemy type name."""

    clickhouse: str
    sql: str
    least: int | datetime | date | None = None
    """The least and the greatest value that every store holds; None where any will do."""
    most: int | datetime | date | None = None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_INSTANT = datetime(2299, 12, 31, tzinfo=UTC)
_LAST_SECOND = datetime.fromtimestamp(2**32 - 1, UTC)

Text = Annotated[str, ColumnType("String", "Text")]
"""Free text."""
Code = Annotated[str, ColumnType("LowCardinality(String)", "Text")]
"""Text of few distinct values."""
Texts = Annotated[list[str], ColumnType("Array(String)", "JSON")]
Flag = Annotated[bool, ColumnType("Bool", "Boolean")]
Count = Annotated[int, ColumnType("UInt32", "BigInteger", 0, 2**32 - 1)]
Counts = Annotated[int, ColumnType("UInt64", "BigInteger", 0, 2**63 - 1)]
"""A sum of counts that may pass four billion."""
Seconds = Annotated[int, ColumnType("Int32", "Integer", -(2**31), 2**31 - 1)]
Number = Annotated[float, ColumnType("Float64", "Float")]
At = Annotated[datetime, ColumnType("DateTime('UTC')", "DateTime", _EPOCH, _LAST_SECOND)]
"""An instant, UTC, to the second; 1970-01-01 to 2106-02-07."""
Instant = Annotated[datetime, ColumnType("DateTime64(6, 'UTC')", "DateTime", _EPOCH, _LAST_INSTANT)]
"""An instant, UTC, to the microsecond: versions and compute times."""
Day = Annotated[date, ColumnType("Date", "Date", _EPOCH.date(), date(2149, 6, 6))]
"""A UTC day."""

EARLIEST = date(1970, 1, 1)
"""No record is older (see `At`)."""


_MACHINE_INTEGERS = {(0, 2**32 - 1): "I", (-(2**31), 2**31 - 1): "i"}
"""Ranges that the machine checks by itself, in half the time."""
_SHOWN = 80
"""Characters of a key in an error."""


class Record(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Base of everything stored: immutable, staged as a MessagePack array, validated on the way in."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, type in each store, whether it may be NULL."""

    name: str
    type: ColumnType
    nullable: bool


@dataclass(frozen=True, slots=True)
class Table:
    """What a record declares. `key` is the sorting key in ClickHouse and the primary key in SQL."""

    name: str
    record: type[Record]
    key: tuple[str, ...]
    version: str | None
    """Column whose greatest value wins among rows of one key; None for append-only metric tables."""
    partition_by: str | None
    """A ClickHouse expression."""
    gone: dict[str, int] = field(default_factory=dict)
    """Column values that mean the row's thing no longer exists at the provider (see Snapshot)."""
    days: tuple[str, ...] = ()
    """Columns with the moments whose UTC days read differently once a row is written."""
    every_day: tuple[str, ...] = ()
    """Columns of which a change makes every day of the repository read differently."""
    columns: tuple[Column, ...] = ()

    @property
    def is_metric(self) -> bool:
        """Whether rows are appended by a computation rather than replaced by a fetch."""
        return self.version is None


R = TypeVar("R", bound=Record)

_BY_NAME: dict[str, Table] = {}
_BY_RECORD: dict[type[Record], Table] = {}


def table(
    name: str,
    *,
    key: tuple[str, ...],
    version: str | None = "fetched_at",
    partition_by: str | None = None,
    gone: dict[str, int] | None = None,
    days: tuple[str, ...] = (),
    every_day: tuple[str, ...] = (),
) -> Callable[[type[R]], type[R]]:
    """Declare the table of the decorated record."""

    def declare(record: type[R]) -> type[R]:
        declared = Table(name, record, key, version, partition_by, gone or {}, days, every_day, _columns(record))
        _BY_NAME[name] = _BY_RECORD[record] = declared
        return record

    return declare


def table_of(record: type[Record] | str) -> Table:
    """The table a record type, or a table name, stands for; KeyError when it has none."""
    if not isinstance(record, str):
        return _BY_RECORD[record]
    _declare_all()
    return _BY_NAME[record]


def check_ranges(declared: Table, records: Sequence[Record]) -> None:
    """Raise RecordError, naming the record and the column, for a value that not every store holds.

    Column by column: it costs a few nanoseconds a value, and every record passes here.
    """
    for name, nullable, least, most in _bounded(declared.record):
        values: Iterable[Any] = map(attrgetter(name), records)
        if nullable:
            values = [value for value in values if value is not None]
        if not _all_within(values, least, most):
            record = next(one for one in records if not _is_within(getattr(one, name), least, most))
            raise RecordError(
                f"{named(record)}: `{name}` is {getattr(record, name)}: expected {least} to {most}. "
                "Correct it at its source, or leave the source out."
            )


def named(record: Record) -> str:
    """A record by its table and its key, for people: pull_requests (number 7)."""
    declared = table_of(type(record))
    key = [name for name in declared.key if name not in {"org_id", "repo_id"}]
    said = ", ".join(f"{name} {str(getattr(record, name))[:_SHOWN]!r}" for name in key)
    return f"{declared.name} ({said})" if said else declared.name


def _all_within(values: Iterable[Any], least: Any, most: Any) -> bool:
    if kind := _MACHINE_INTEGERS.get((least, most)):
        try:
            array(kind, values)
        except OverflowError:
            return False
        return True
    distinct = set(values)
    return not distinct or (least <= min(distinct) and max(distinct) <= most)


def _is_within(value: Any, least: Any, most: Any) -> bool:
    return value is None or least <= value <= most


@cache
def _bounded(record: type[Record]) -> list[tuple[str, bool, Any, Any]]:
    columns = table_of(record).columns
    return [
        (column.name, column.nullable, column.type.least, column.type.most)
        for column in columns
        if column.type.least is not None
    ]


def all_tables() -> tuple[Table, ...]:
    """Every declared table, by name."""
    _declare_all()
    return tuple(_BY_NAME[name] for name in sorted(_BY_NAME))


@cache
def _declare_all() -> None:
    """Import every module beside this one: a table exists because its record does, listed nowhere else."""
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"{package}.{module.name}")


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Says that a table was listed whole for one repository: rows with an older version are gone at the provider.

    A processor emits it after the rows themselves; a sink answers by writing those rows again with the table's `gone`
    values. Nothing is deleted.

    With `column` and `values` it speaks of the rows that have one of these values there, and of no others: what
    belongs to these pull requests was listed whole. Such a one does not hold for rows that arrive after it: they are
    told by their version, which is older than that of the row they belong to.
    """

    table: str
    org_id: str
    repo_id: str
    version: datetime
    column: str = ""
    values: tuple[int | str, ...] = ()
    beside: str = ""
    """Instead of values: the rows whose `column` stands in a row of this table with the snapshot's very version."""


def _columns(record: type[Record]) -> tuple[Column, ...]:
    hints = get_type_hints(record, include_extras=True)
    return tuple(_column(name, hints[name]) for name in record.__struct_fields__)


def _column(name: str, hint: Any) -> Column:
    nullable = False
    if get_origin(hint) is not Annotated:  # `Text | None`
        variants = [variant for variant in get_args(hint) if variant is not type(None)]
        if len(variants) != 1:
            raise TypeError(f"column {name}: expected one of the column types of devhealth.models.table, got {hint}")
        hint, nullable = variants[0], True
    kind = next(extra for extra in get_args(hint) if isinstance(extra, ColumnType))
    return Column(name, kind, nullable)
