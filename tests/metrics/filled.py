"""Records of which a test says only what matters to it."""

from datetime import UTC, datetime

from devhealth.models.table import Column, table_of

FETCHED = datetime(2026, 6, 1, tzinfo=UTC)
_EMPTY = {"String": "", "LowCardinality(String)": "", "UInt32": 0, "Bool": False, "Array(String)": []}


def record(table: str, **said):
    """A record of the table: what is not said is NULL, empty or zero, a time the time of the fetch."""
    declared = table_of(table)
    assert set(said) <= {column.name for column in declared.columns}
    return declared.record(**{column.name: said.get(column.name, _nothing(column)) for column in declared.columns})


def _nothing(column: Column):
    return None if column.nullable else _EMPTY.get(column.type.clickhouse, FETCHED)
