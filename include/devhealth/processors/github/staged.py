"""What the targets have in common on the way from staged pages to rows: the first page, snapshots, the target's row."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from devhealth.errors import RecordError
from devhealth.models import github_pages
from devhealth.models.repository_targets import RepositoryTarget
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.staging import Page

Batch = list[Record | Snapshot]

State = TypeVar("State")
Key = TypeVar("Key", int, str)

LOT = 1_000
"""Things that one snapshot speaks of."""


def opened(pages: Iterable[Page], unit: Unit, kind: type[State]) -> tuple[State, Iterator[Page]]:
    """The state a unit's pages begin with, and the pages after it. Raises RecordError where there is none."""
    remaining = iter(pages)
    first = next(remaining, None)
    if first is None or first.name != github_pages.STATE:
        got = first.name if first else "no page"
        raise RecordError(f"{unit.name}: expected page {github_pages.STATE} first, got {got}. Sync again.")
    return msgspec.json.decode(first.read(), type=kind), remaining


def switched_off(pages: Sequence[Page], unit: Unit) -> Batch:
    """That the target was looked at, of a list that is switched off; empty of one that was read."""
    if not pages or pages[-1].name != github_pages.CURSOR:
        return []
    at = github_pages.off_at(pages[-1].read())
    return [target_row(unit, at, None)] if at else []


def everything(unit: Unit, tables: Iterable[str], listed_at: datetime) -> Batch:
    """Snapshots after a run that listed everything: what it has not met is gone."""
    return [Snapshot(table=table, org_id=unit.org_id, repo_id=unit.repo_id, version=listed_at) for table in tables]


def looked_at(unit: Unit, tables: Sequence[str], column: str, things: Sequence[tuple[Key, datetime]]) -> Batch:
    """Snapshots of things by that column, each with when it was looked at: rows of it from before are gone."""
    return [
        Snapshot(
            table=table,
            org_id=unit.org_id,
            repo_id=unit.repo_id,
            version=min(at for _, at in lot),
            column=column,
            values=tuple(sorted({key for key, _ in lot})),
        )
        for first in range(0, len(things), LOT)
        if (lot := things[first : first + LOT])
        for table in tables
    ]


def target_row(unit: Unit, fetched_at: datetime, items: int | None) -> RepositoryTarget:
    """That the target was read, and how many things the provider says it has; None where it does not say."""
    return RepositoryTarget(
        org_id=unit.org_id, repo_id=unit.repo_id, target=unit.target, items_count=items, fetched_at=fetched_at
    )
