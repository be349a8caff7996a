"""A repository's refs and commits, listed once for all chunks of a backfill: each chunk takes the slice of its window.

    history.json             what was listed (`_History`), and by the name of which listing
    pages/<listing>-<page>   every commit that page of a unit would hold without a window, newest first

Whoever comes first lists. Two processes at once both list, neither waiting for the other: the files of a listing are
whole before history.json names them, so a reader sees one listing or another, never parts of two.
"""

import contextlib
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import msgspec

from devhealth.connectors.local_git import walk
from devhealth.connectors.local_git.damage import Report
from devhealth.models import git_pages as pages
from devhealth.models.git_pages import GitState
from devhealth.models.unit import Unit, Window
from devhealth.staging import UnitStaging

_NAME = "history.json"
_TIME = 20
"""Digits of a time in a listing: all its lines are of one length, so that a time is found without reading the rest."""
_LISTING = Lock()
"""The threads of one process wait for each other."""


class _History(msgspec.Struct, frozen=True):
    listing: str
    chunk: int
    """The chunk that listed; it alone stores the refs."""
    state: GitState
    damage: list[str]


def stage_slice(unit: Unit, folder: Path, staging: UnitStaging, read_state: Callable[[], GitState]) -> None:
    """Stage what a unit on its own would list: the commits of its window and, once they are, its state.

    The refs are in the state of one chunk only.
    """
    shared = UnitStaging(unit.shared)
    with _LISTING:
        history = _read(shared) or _list_all(unit, folder, shared, read_state)
    if unit.window is None:
        raise ValueError(f"{unit.unit_id} shares a history, but has no window")
    for name in (pages.NEW_IN_DEFAULT, pages.NEW_ELSEWHERE):
        with shared.page(_file(history.listing, name)).open() as lines, staging.page_file(name) as path:
            _copy_within(lines, path, unit.window)
    report = Report(folder, unit.name)
    for what in history.damage:
        report.add(what)
    report.save(staging)
    state = history.state if history.chunk == unit.chunk else _without_refs(history.state)
    staging.write_page(pages.STATE, msgspec.json.encode(state))


def _read(shared: UnitStaging) -> _History | None:
    """What was listed before; a file that nobody can read is as good as none."""
    content = shared.read(_NAME)
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.decode(content, type=_History) if content else None
    return None


def _list_all(unit: Unit, folder: Path, shared: UnitStaging, read_state: Callable[[], GitState]) -> _History:
    state, report, listing = read_state(), Report(folder, unit.name), uuid.uuid4().hex
    reached = walk.reach(folder, state, report)
    for name, (having, without) in walk.NEW.items():
        with shared.page_file(_file(listing, name)) as path:
            _write_sorted(path, reached.lines(having=having, without=without))
    history = _History(listing, unit.chunk, state, report.found)
    shared.write(_NAME, msgspec.json.encode(history))
    return history


def _file(listing: str, page: str) -> str:
    return f"{listing}-{page}"


def _write_sorted(path: Path, lines: Iterable[bytes]) -> None:
    commits = sorted(((pages.seconds_of(seconds), sha) for seconds, sha in map(bytes.split, lines)), reverse=True)
    with path.open("wb") as file:  # in the order git reads fastest
        file.writelines(b"%0*d %s\n" % (_TIME, seconds, sha) for seconds, sha in commits)


def _copy_within(lines: BinaryIO, path: Path, window: Window) -> None:
    times = _Times(lines)
    first = bisect_right(times, -window.before.timestamp())
    last = bisect_right(times, -window.since.timestamp(), first)
    lines.seek(first * times.width)
    path.write_bytes(lines.read((last - first) * times.width))


class _Times(Sequence[int]):
    """The times of a listing, read where they are asked for; negative, since the newest comes first."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines = lines
        self.width = len(lines.readline())
        self._size = lines.seek(0, 2)

    def __len__(self) -> int:
        return self._size // self.width if self.width else 0

    def __getitem__(self, at: int) -> int:  # type: ignore[override]  # nobody asks for a slice
        self._lines.seek(at * self.width)
        return -int(self._lines.read(_TIME))


def _without_refs(state: GitState) -> GitState:
    """What a processor must know of the rest; a repository may have more refs than a window has commits."""
    cursor = msgspec.structs.replace(state.cursor, objects={}, tips=[], default_tips=[])
    return msgspec.structs.replace(state, lists_refs=False, refs=[], tips=[], default_tips=[], cursor=cursor)
