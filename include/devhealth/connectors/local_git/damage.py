"""Reading around what is missing or corrupt: every commit that can be read is kept, the others are named."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from devhealth.connectors.local_git.git_failure import Outcome, failure, lack, place
from devhealth.errors import SourceCorrupt
from devhealth.models.git_pages import COMMIT_MARK, GitState
from devhealth.staging import UnitStaging

_SAVED = "damaged-listings"
_NAMED_AT_MOST = 20
_GIVE_UP_AFTER = 1_000
_COMMIT = re.compile(rb"\0" + COMMIT_MARK + rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\0")
_OVERLAP = 70
"""Longer than a match, so that none is missed where two blocks meet."""

Log = Callable[[list[bytes], Path], Outcome]


class Report:
    """What of one repository could not be read. Safe to fill from several threads."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = place(folder), name
        self._found: list[str] = []
        self._lock = Lock()

    @property
    def found(self) -> list[str]:
        """What was noted."""
        return list(self._found)

    def add(self, what: str) -> None:
        """Note one unreadable thing; raises SourceCorrupt when there are too many to go on."""
        with self._lock:
            if what in self._found:
                return
            self._found.append(what)
            is_hopeless = len(self._found) >= _GIVE_UP_AFTER
        if is_hopeless:
            self.raise_if_any()

    def add_missing_refs(self, state: GitState) -> None:
        """Note the refs whose objects are not there."""
        for name in state.missing_refs:
            self.add(name)

    def raise_if_any(self) -> None:
        """Raise SourceCorrupt when anything was noted."""
        if self._found:
            more = len(self._found) - _NAMED_AT_MOST
            named = ", ".join(self._found[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
            condition, remedy = lack(self._folder)
            raise SourceCorrupt(
                f"{self._name} ({self._folder}) is {condition}: could not read {named}. Everything else was kept. "
                f"{remedy}"
            )

    def save(self, staging: UnitStaging) -> None:
        """Keep what was noted so far for a later attempt, which will not list the commits again."""
        if self._found:
            staging.write(_SAVED, "\n".join(self._found).encode())

    def load(self, staging: UnitStaging) -> None:
        """Note what an earlier attempt saved."""
        saved = (staging.read(_SAVED) or b"").decode().splitlines()
        self._found.extend(what for what in saved if what not in self._found)

    def is_marked(self, staging: UnitStaging, name: str) -> bool:
        """Whether an earlier attempt had to leave something out of that page."""
        return bool(staging.read(f"damaged-{name}"))

    def mark(self, staging: UnitStaging, name: str, *, is_damaged: bool) -> None:
        """Note, for a later attempt, whether the page lacks something."""
        if is_damaged or self.is_marked(staging, name):
            staging.write(f"damaged-{name}", b"yes" if is_damaged else b"")


def read_around(folder: Path, shas: list[bytes], path: Path, outcome: Outcome, log: Log, report: Report) -> None:
    """Complete a file git failed to write: every readable commit of the chunk goes there, the others are reported.

    Raises what `failure` makes of the outcome when that is not damage.
    """
    error = failure(folder, outcome)
    if not isinstance(error, SourceCorrupt):
        raise error
    part = path.with_name(f"{path.name}.part")
    try:
        done = keep_whole_commits(path)
        with path.open("ab") as whole:
            _read_rest(shas[done:], whole, part, log, report)
    finally:
        part.unlink(missing_ok=True)


def keep_whole_commits(path: Path) -> int:
    """Cut the last commit, which may be half written, off a file; the count of those kept."""
    last, count, offset, tail = 0, 0, 0, b"\0"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            text = tail + block
            for match in _COMMIT.finditer(text):
                last, count = offset - len(tail) + match.start() + 1, count + 1
            offset += len(block)
            tail = text[-_OVERLAP:]
            seen = _COMMIT.search(tail)
            if seen:
                tail = tail[seen.start() + 1 :]
    os.truncate(path, last)
    return max(0, count - 1)


def _read_rest(shas: list[bytes], whole: BinaryIO, part: Path, log: Log, report: Report) -> None:
    while shas:
        is_success = log(shas, part).is_success
        done = len(shas) if is_success else keep_whole_commits(part)
        with part.open("rb") as read:
            shutil.copyfileobj(read, whole)
        shas = shas[done:]
        if is_success or done:
            continue
        if len(shas) == 1:
            report.add(shas[0].decode().strip())
            return
        half = len(shas) // 2
        _read_rest(shas[:half], whole, part, log, report)
        shas = shas[half:]
