"""The list of runs, whole: GitHub shows a thousand of those created in a span of time at most.

A span that holds as many is cut, down to a second; also one that comes to hold them while it is read. A list that was
shorter than GitHub said, because something was deleted while it was read, is read once more.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from devhealth.errors import SourceError
from devhealth.staging import Page

MOST_RESULTS = 1_000
_SECOND = timedelta(seconds=1)
_PAGES_KEPT = 7
"""Beside a first page of a hundred: so many more of them stay safely below a thousand."""


class Run(msgspec.Struct, frozen=True, gc=False):
    """A run as far as it says what is to be fetched."""

    id: int
    created_at: datetime
    updated_at: datetime | None = None
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

    total_count: int
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
    waiting = [(since, before)]
    while waiting:
        since, before = waiting.pop()
        newest: Sequence[Run] = ()
        for page in _listed(ask, f"{since:%Y-%m-%dT%H:%M:%SZ}..{before - _SECOND:%Y-%m-%dT%H:%M:%SZ}"):
            yield page
            newest = newest or page.runs
            if page.total >= MOST_RESULTS and before - since > _SECOND:
                middle = _cut(newest, since, before)
                waiting += [(since, middle), (middle, before)]
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
    after = ""
    while True:
        page = ask(created, after)
        yield page
        after = page.next
        if not after:
            return


def _cut(newest: Sequence[Run], since: datetime, before: datetime) -> datetime:
    """Where a span is cut in two, from the newest of its runs: so that the later part holds most of a thousand.

    Where that part would be all of it, because there were more runs before, it ends with these.
    """
    times = [run.created_at for run in newest] or [since]
    oldest = min(times)
    for middle in (oldest - (max(times) - oldest) * _PAGES_KEPT, oldest + _SECOND):
        if since < middle < before:
            return middle
    return since + max((before - since) // 2 // _SECOND, 1) * _SECOND
