"""Blame pages to ranges of consecutive lines of one commit."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from devhealth.errors import RecordError
from devhealth.models import blame_pages
from devhealth.models.blame_pages import BlameState
from devhealth.models.git import BlameRange
from devhealth.models.table import Record, Snapshot
from devhealth.models.text import to_text
from devhealth.models.unit import Unit
from devhealth.staging import Page

EVIDENCE = "blame_ranges"
"""The table that has rows of a repository once a unit of it is stored."""
BATCH = 10_000


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
    """The ranges of each file by line; a file without lines gets its single row of zeros.

    When everything was blamed, and nothing was unreadable, a snapshot tells that files not among them are gone.
    """
    waiting = iter(pages)
    state = _state(next(waiting, None), unit)
    batch: list[Record | Snapshot] = []
    for page in waiting:
        if page.name == blame_pages.CURSOR:
            if state.cursor.commit and not state.since:
                batch.append(_everything(unit, state))
            continue
        for record in _ranges_of_page(page, unit, state.fetched_at):
            batch.append(record)
            if len(batch) >= BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _state(page: Page | None, unit: Unit) -> BlameState:
    if page is None or page.name != blame_pages.STATE:
        got = "none" if page is None else page.name
        raise RecordError(f"blame pages of {unit.name} begin with {blame_pages.STATE}, got {got}. Run the sync again.")
    return msgspec.json.decode(page.read(), type=BlameState)


def _everything(unit: Unit, state: BlameState) -> Snapshot:
    return Snapshot(table="blame_ranges", org_id=unit.org_id, repo_id=unit.repo_id, version=state.fetched_at)


def _ranges_of_page(page: Page, unit: Unit, fetched_at: datetime) -> Iterator[BlameRange]:
    for path, ranges in blame_pages.split(page.read()):
        if ranges == blame_pages.UNREADABLE:
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
