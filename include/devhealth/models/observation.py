"""The versions of what a unit reads: greater than all that were given before it began, whatever any clock says.

Connectors ask `observed_at` before they ask their source. What is read first may be replaced by what is read later in
the same unit, and both by a unit that begins after it.
"""

from collections.abc import Callable, Generator, Iterator
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime, timedelta
from typing import TypeVar

Item = TypeVar("Item")

RESERVED = timedelta(milliseconds=100)
"""What one unit may use: a microsecond for each look at its source."""

_GIVEN: ContextVar[Callable[[], datetime] | None] = ContextVar("version", default=None)


def observed_at() -> datetime:
    """The version of what is read from now on; outside a run, which orders them, the clock's time."""
    given = _GIVEN.get()
    return given() if given else datetime.now(UTC)


def observing(begin: Callable[[], datetime], items: Generator[Item, None, None] | Iterator[Item]) -> Iterator[Item]:
    """The items, made while `observed_at` counts up from what `begin` says when it is first asked.

    Each step may be taken by another thread, so what it sees is not left to the thread.
    """
    first: datetime | None = None
    count = -1

    def given() -> datetime:
        nonlocal first, count
        first, count = first or begin(), count + 1
        return first + min(timedelta(microseconds=count), RESERVED - timedelta(microseconds=1))

    context = copy_context()
    context.run(_GIVEN.set, given)
    try:
        while True:
            try:
                item = context.run(next, items)
            except StopIteration:
                return
            yield item
    finally:
        if isinstance(items, Generator):
            context.run(items.close)
