"""Lists of a repository that the chunks of a backfill read together: whoever comes to a page first asks for it.

A page lies under what it was asked with, which for the first page is nothing. So those who read a list go from page to
page by what each one names as the next, also when two processes have asked for the same page at once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec

from devhealth.connectors.github.answer import Answer
from devhealth.models import github_pages
from devhealth.models.observation import observed_at
from devhealth.staging import UnitStaging

_ASKING = Lock()
"""The threads of one process wait for each other; a page that two processes ask for costs two requests."""
_NOTHING = b"nothing"


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list. `fetched_at` is our clock before it was asked for."""

    fetched_at: datetime
    raw: bytes
    next: str

    @property
    def body(self) -> Any:
        """The decoded answer."""
        return msgspec.json.decode(self.raw)


class SharedLists:
    """The lists of one target; each unit alone reads its own where nothing is shared."""

    def __init__(self, shared: str, target: str) -> None:
        self._staging = UnitStaging(f"{shared}/{target}") if shared else None

    def page(self, what: str, after: str, ask: Callable[[], Answer | None]) -> Listed | None:
        """The page of a list that comes after another one; None where there is nothing."""
        if self._staging is None:
            return _asked(ask)
        name = f"{what}-{hashlib.sha256(after.encode()).hexdigest()[:20]}"
        with _ASKING:
            content = self._staging.read(name)
            if content is None:
                found = _asked(ask)
                self._staging.write(
                    name, github_pages.encode(what, found.fetched_at, found.raw, next=found.next) if found else _NOTHING
                )
                return found
        if content == _NOTHING:
            return None
        page = github_pages.decode(content)
        return Listed(page.fetched_at, bytes(page.answer), page.next)

    def state(self, read: Callable[[], bytes]) -> bytes:
        """What was true when the first of them began."""
        if self._staging is None:
            return read()
        with _ASKING:
            content = self._staging.read(github_pages.STATE)
            if content is None:
                content = read()
                self._staging.write(github_pages.STATE, content)
        return content

    def belongs_to(self, what: str, chunk: int) -> bool:
        """Whether what only one chunk has to store belongs to this one: the first that asks takes it."""
        if self._staging is None:
            return True
        with _ASKING:
            owner = self._staging.read(f"{what}-owner")
            if owner is None:
                owner = str(chunk).encode()
                self._staging.write(f"{what}-owner", owner)
        return owner == str(chunk).encode()


def _asked(ask: Callable[[], Answer | None]) -> Listed | None:
    fetched_at = observed_at()
    answer = ask()
    return Listed(fetched_at, answer.raw, answer.next) if answer else None


UNSHARED = SharedLists("", "")
"""Of a unit that stands alone."""
