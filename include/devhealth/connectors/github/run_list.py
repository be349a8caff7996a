"""The list of runs, whole: GitHub shows a thousand of those created in a span of time at most.

A span that holds as many is cut, down to a second; also one that comes to hold them while it is read. A list that was
shorter than GitHub said, because something was deleted while it was read, is read once more.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from devhealth.errors import SourceError
from devhealth.staging import Page
from devhealth.transport.decoding import At
from devhealth.transport.listing import Listing, Share

MOST_RESULTS = 1_000
_SECOND = timedelta(seconds=1)
_PAGES_KEPT = 7
"""Beside a first page of a hundred: so many more of them stay safely below a thousand."""


class Run(msgspec.Struct, frozen=True, gc=False):
    """A run as far as it says what is to be fetched."""

    id: Annotated[int, msgspec.Meta(ge=1)]
    created_at: At
    updated_at: At | None = None
    status: str | None = None
    conclusion: str | None = None
    run_attempt: int | None = None

    @property
    def attempt(self) -> int:
        """From 1; servers that do not number attempts show one."""
        return self.run_attempt or 1

    @property
    def digest(self) -> str:
        """Differs once anything that the list shows of the run has changed."""
        said = f"{self.updated_at}|{self.attempt}|{self.status}|{self.conclusion}"
        return hashlib.blake2b(said.encode(), digest_size=4).hexdigest()


class Listed(msgspec.Struct, frozen=True):
    """An answer of the list."""

    total_count: Annotated[int, msgspec.Meta(ge=0)]
    workflow_runs: list[Run]


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of the list, staged or not."""

    runs: Sequence[Run]
    total: int
    next: str
    staged: Page | None = None


Ask = Callable[[str, str], ListPage]
"""The page of a span of time, or the one after a `next`."""


def pages(ask: Ask, since: datetime, before: datetime) -> Iterator[ListPage]:
    """Pages that hold all runs created in that time, some of them more than once; the newest first.

    Raises SourceError where GitHub does not show all of them.
    """
    waiting: list[tuple[datetime, datetime, Share | None]] = [(since, before, None)]
    while waiting:
        since, before, share = waiting.pop()
        newest: Sequence[Run] = ()
        for page in _listed(ask, f"{since:%Y-%m-%dT%H:%M:%SZ}..{before - _SECOND:%Y-%m-%dT%H:%M:%SZ}"):
            if share and not newest:
                share.take(page.total, f"runs created {since:%Y-%m-%d}")
            yield page
            newest = newest or page.runs
            if page.total >= MOST_RESULTS and before - since > _SECOND:
                middle = _cut(newest, since, before)
                parts = Share(page.total)
                waiting += [(since, middle, parts), (middle, before, parts)]
                break


def _listed(ask: Ask, created: str) -> Iterator[ListPage]:
    """The pages of a list, and those of the list anew while that brings runs it should have had before."""
    found: set[int] = set()
    total, before = 0, -1
    while before < len(found) < max(total, 1):
        before = len(found)
        for page in _once(ask, created):
            yield page
            total = max(total, page.total)
            found |= {run.id for run in page.runs}
    if total > max(len(found), MOST_RESULTS):
        raise SourceError(
            f"GitHub shows {len(found)} of {total} runs created {created}, and no way to the others. "
            "Run again; tell GitHub if it stays so."
        )


def _once(ask: Ask, created: str) -> Iterator[ListPage]:
    after, listing = "", Listing(f"runs created {created}")
    while True:
        page = ask(created, after)
        yield page
        after = page.next
        if not after:
            return
        listing.turn(after, [run.id for run in page.runs], page.total)


def _cut(newest: Sequence[Run], since: datetime, before: datetime) -> datetime:
    """Where a span is cut in two, from the newest of its runs: so that the later part holds most of a thousand.

    Where that part would be all of it, because there were more runs before, it ends with these.
    """
    times = [min(max(run.created_at, since), before) for run in newest] or [since]
    oldest = min(times)
    for middle in (oldest - (max(times) - oldest) * _PAGES_KEPT, oldest + _SECOND):
        if since < middle < before:
            return middle
    return since + max((before - since) // 2 // _SECOND, 1) * _SECOND
