"""What each metric table and column means, as data: the `definition.toml` beside each `query.sql`.

The engine takes from it which days a change of the inputs touches, the documentation everything else.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import devhealth.models.metric_rows  # noqa: F401 - declares the tables
from devhealth.models.table import Table, table_of

FOLDER = Path(__file__).parent

ADDED_BY_THE_ENGINE = ("org_id", "definition_version", "computed_at", "is_withdrawn")
"""Columns of every metric table that no query writes."""


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column in a sentence."""

    name: str
    text: str
    unit: str
    """What a value counts or measures; empty for names and ids."""
    awaits: str
    """The records without which the column stays NULL; empty when it is computed today."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric table."""

    name: str
    title: str
    text: str
    version: int
    """Goes up by one whenever a published number changes."""
    scope: str
    """`repository` or `organisation`: whose whole day a recompute covers."""
    day: str
    """The key column that holds the day."""
    window_days: int
    """How many days, its own included, a row looks back over."""
    inputs: tuple[str, ...]
    columns: tuple[ColumnDefinition, ...]

    @property
    def table(self) -> Table:
        """The declaration of the table."""
        return table_of(self.name)

    @property
    def query(self) -> str:
        """The statement that computes the rows."""
        return (FOLDER / self.name / "query.sql").read_text(encoding="utf-8")

    @property
    def computed_columns(self) -> tuple[str, ...]:
        """The columns the query writes, in order."""
        return tuple(
            column.name for column in self.columns if not column.awaits and column.name not in ADDED_BY_THE_ENGINE
        )


@cache
def all_definitions() -> tuple[Definition, ...]:
    """Every metric table, by name."""
    return tuple(_load(path) for path in sorted(FOLDER.glob("*/definition.toml")))


def _load(path: Path) -> Definition:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    columns = tuple(
        ColumnDefinition(name, column["text"], column.get("unit", ""), column.get("awaits", ""))
        for name, column in data.pop("columns").items()
    )
    return Definition(name=path.parent.name, inputs=tuple(data.pop("inputs")), columns=columns, **data)
