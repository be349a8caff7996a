"""A sync of target `git` without any store: pages, records, and the rows a store would end up with."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from devhealth.connectors.local_git import git as connector
from devhealth.models.git_pages import CURSOR
from devhealth.models.table import Record, Snapshot, table_of
from devhealth.models.unit import Unit
from devhealth.processors.local_git import git as processor
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging


@dataclasses.dataclass
class Tables:
    """Rows by table and key, the newest version of each."""

    rows: dict[str, dict[tuple[Any, ...], Record]] = dataclasses.field(default_factory=dict)

    def store(self, record: Record | Snapshot) -> None:
        """Do what a sink does."""
        if isinstance(record, Snapshot):
            gone = table_of(record.table).gone
            rows = self.rows.get(record.table, {})
            values = set(record.values)
            for row in self.rows.get(record.beside, {}).values():
                values |= {getattr(row, record.column)} if row.fetched_at == record.version else set()
            for key, row in rows.items():
                is_spoken_of = not record.column or getattr(row, record.column) in values
                if is_spoken_of and row.fetched_at < record.version:
                    rows[key] = msgspec.structs.replace(row, fetched_at=record.version, **gone)
            return
        table = table_of(type(record))
        rows = self.rows.setdefault(table.name, {})
        key = tuple(getattr(record, column) for column in table.key)
        if key not in rows or rows[key].fetched_at <= record.fetched_at:
            rows[key] = record

    def facts(self, table: str) -> list[dict[str, Any]]:
        """The rows in order of their keys, without the time of the fetch."""
        rows = (msgspec.structs.asdict(row) for _, row in sorted(self.rows.get(table, {}).items()))
        return [{name: value for name, value in row.items() if name != "fetched_at"} for row in rows]


def unit_for(source: Path, staging: Path, **changes: Any) -> Unit:
    """A unit of that source; anything can be changed."""
    fields: dict[str, Any] = {
        "unit_id": "unit",
        "run_id": "run",
        "org_id": "acme",
        "provider": "local_git",
        "target": "git",
        "repo_id": "shop",
        "source": str(source),
        "name": "shop",
        "mode": "incremental",
        "window": None,
        "planned_until": datetime.now(UTC),
        "staging": str(staging),
    }
    return Unit(**(fields | changes))


def settings_below(home: Path, **changes: Any) -> Settings:
    """Settings of a home that is made when needed."""
    return Settings(home=home / "home", **changes)


def sync(tables: Tables, source: Path, folder: Path, cursor: bytes | None = None, **changes: Any) -> bytes | None:
    """Fetch and store once; the cursor the run leaves behind."""
    staging = UnitStaging(str(folder))
    if cursor:
        staging.write("cursor", cursor)
    unit = unit_for(source, folder, **changes)
    last: list[Page] = []
    for batch in processor.to_records(_noted(connector.fetch(unit, settings_below(folder)), last), unit):
        for record in batch:
            tables.store(record)
    return last[-1].read() if last[-1].name == CURSOR else None


def _noted(pages: Iterator[Page], last: list[Page]) -> Iterator[Page]:
    for page in pages:
        last.append(page)
        yield page
