"""Lists that end: what leads from page to page without end is an error, whatever the provider says."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from devhealth.errors import SourceError

_BARREN = 10
"""Pages in a row with nothing new: a list that grows at its front shifts, but hardly by a thousand rows."""
_LONGEST = 20_000
"""Pages of a list that does not tell how long it is."""
_GROWTH, _SLACK = 2, 1_000
"""How much longer a list may become while it is read."""
_KEYS = ("node_id", "id", "fullDatabaseId", "sha", "oid", "name", "number")


class Listing:
    """One list; `turn` is told of each of its pages, and raises SourceError where no end can be expected."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._asked: set[str] = set()
        self._seen: set[object] = set()
        self._pages = self._barren = 0
        self._total: int | None = None

    def turn(self, following: str, keys: Iterable[object], total: int | None = None) -> None:
        """A page with rows of these keys goes on at `following`, empty at the end; it says that there are `total`."""
        if not following:
            return
        if following in self._asked:
            self._raise(f"page {self._pages + 1} leads back to one that was read before")
        self._asked.add(following)
        before = len(self._seen)
        self._seen.update(keys)
        self._pages += 1
        self._barren = 0 if len(self._seen) > before else self._barren + 1
        self._total = total if self._total is None else self._total
        if self._barren >= _BARREN:
            self._raise(f"{self._barren} pages in a row have nothing new, and say that it goes on")
        if self._total is not None and len(self._seen) > self._total * _GROWTH + _SLACK:
            self._raise(f"expected {self._total} rows, as the provider says, got {len(self._seen)}, and it goes on")
        if self._pages >= _LONGEST:
            self._raise(f"{self._pages} pages, and it goes on")

    def _raise(self, reason: str) -> None:
        raise SourceError(f"{self._what}: the list has no end: {reason}. Sync again; tell the provider if it stays so.")


class Share:
    """What the parts of a list that is cut in two may hold together."""

    def __init__(self, total: int) -> None:
        self._left = total * _GROWTH - total // 2 + _SLACK  # half as many again

    def take(self, count: int, what: str) -> None:
        """A part says that it holds so many; raises SourceError when the parts hold more than the whole."""
        self._left -= count
        if self._left < 0:
            raise SourceError(f"{what}: the parts of a list say that they hold more than the whole of it. Sync again.")


def keys_of(rows: Iterable[Any]) -> list[object]:
    """What tells rows apart: an id where they have one, else all of what they say. None is nothing."""
    return [_key(row) for row in rows if row is not None]


def _key(row: Any) -> object:
    things = [row, *row.values()] if isinstance(row, Mapping) else []
    for thing in filter(lambda one: isinstance(one, Mapping), things):  # a commit stands in what lists it
        found = next((thing[name] for name in _KEYS if isinstance(thing.get(name), str | int)), None)
        if found is not None:
            return found
    return hashlib.blake2b(msgspec.json.encode(row), digest_size=16).digest()
