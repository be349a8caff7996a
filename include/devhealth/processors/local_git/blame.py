"""Blame pages to ranges of consecutive lines of one commit."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from devhealth.errors import RecordError
from devhealth.models.git import BlameRange
from devhealth.models.table import Record, Snapshot
from devhealth.models.text import to_text
from devhealth.models.unit import Unit
from devhealth.staging import Page

EVIDENCE = "blame_ranges"
"""The table that has rows of a repository once a unit of it is stored."""
BATCH = 10_000
_UNREADABLE = b"?"


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
    """The ranges of each file by line; a file without lines gets its single row of zeros.

    When everything was blamed, and nothing was unreadable, a snapshot tells that files not among them are gone.
    """
    state: dict[str, str | None] = {}
    batch: list[Record | Snapshot] = []
    for page in pages:
        if page.name.startswith("000-"):
            state = json.loads(page.read())
        elif page.name.startswith("999-"):
            if state["commit"] and state["since"] is None:
                version = _fetched_at(state, unit)
                batch.append(Snapshot(table="blame_ranges", org_id=unit.org_id, repo_id=unit.repo_id, version=version))
        else:
            for record in _ranges_of_page(page, unit, _fetched_at(state, unit)):
                batch.append(record)
                if len(batch) >= BATCH:
                    yield batch
                    batch = []
    if batch:
        yield batch


def _fetched_at(state: dict[str, str | None], unit: Unit) -> datetime:
    text = state.get("fetched_at")
    if not text:
        raise RecordError(f"the first blame page of {unit.name} lacks fetched_at. Run the sync again.")
    return datetime.fromisoformat(text)


def _ranges_of_page(page: Page, unit: Unit, fetched_at: datetime) -> Iterator[BlameRange]:
    parts = page.read().split(b"\0")
    for path, ranges in zip(parts[::2], parts[1::2], strict=False):
        if ranges == _UNREADABLE:
            continue
        name = to_text(path)
        for first, count, sha in _merged(ranges):
            yield BlameRange(
                org_id=unit.org_id,
                repo_id=unit.repo_id,
                path=name,
                first_line=first,
                line_count=count,
                sha=sha.decode(),
                fetched_at=fetched_at,
            )


def _merged(ranges: bytes) -> Iterator[tuple[int, int, bytes]]:
    """First line, count and commit, by line, neighbours of one commit joined; zeros without any range."""
    found = sorted((int(line), int(count), sha) for sha, _, line, count in map(bytes.split, ranges.splitlines()))
    first, count, sha = found[0] if found else (0, 0, b"")
    for next_first, next_count, next_sha in found[1:]:
        if next_sha == sha:
            count += next_count
        else:
            yield first, count, sha
            first, count, sha = next_first, next_count, next_sha
    yield first, count, sha
