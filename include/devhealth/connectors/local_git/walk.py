"""Which commits a unit reads and tells of, by graph and never by clock, each a line `<committer time> <sha>`."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from devhealth.connectors.local_git import graph
from devhealth.connectors.local_git.damage import Report
from devhealth.connectors.local_git.git_process import attempt
from devhealth.connectors.local_git.graph import NOW, NOW_DEFAULT, WAS, WAS_DEFAULT, Reached
from devhealth.errors import SourceCorrupt
from devhealth.models import git_pages as pages
from devhealth.models.git_pages import Backdated, GitState
from devhealth.models.unit import Unit, Window
from devhealth.staging import UnitStaging

_BACKDATED = "backdated.json"

NEW = {pages.NEW_IN_DEFAULT: (NOW | NOW_DEFAULT, WAS), pages.NEW_ELSEWHERE: (NOW, WAS | NOW_DEFAULT)}
"""Page to what its commits are reached from, and from what they are not."""
_WHOLE = {pages.JOINED_DEFAULT: (NOW | NOW_DEFAULT, 0), pages.LEFT_DEFAULT: (NOW, NOW_DEFAULT)}
_CHANGED = {
    pages.JOINED_DEFAULT: (NOW_DEFAULT | WAS, WAS_DEFAULT),
    pages.LEFT_DEFAULT: (NOW | WAS_DEFAULT, NOW_DEFAULT),
    pages.UNREACHABLE: (WAS, NOW),
}


class Listings:
    """The pages of a unit that list commits. The history is walked once for all of them."""

    def __init__(self, folder: Path, state: GitState, unit: Unit) -> None:
        self._folder, self._state = folder, state
        earlier = state.walks_from
        self._window = selection(unit, is_first=earlier is None)
        self._reached: Reached | None = None
        self.pages = dict(NEW)
        """Page to what its commits are reached from, and from what they are not; in the order they are read."""
        if unit.mode != "backfill" and state.is_reachability_whole and (earlier or self._window):
            self.pages |= _WHOLE
        elif earlier:
            self.pages |= _CHANGED

    def write(self, name: str, path: Path, report: Report, staging: UnitStaging) -> None:
        """Write a page; what is unreadable is reported.

        The window is applied to each commit: git's own `--since` stops at the first older one, and dates are not
        ordered.
        """
        if self._reached is None:
            self._reached = reach(self._folder, self._state, report)
            report.save(staging)
            staging.write(_BACKDATED, msgspec.json.encode(self._reached.backdated))
        having, without = self.pages[name]
        lines = self._reached.lines(having=having, without=without)
        with path.open("wb") as file:
            file.writelines(within(lines, self._window) if self._window and name in NEW else lines)


def backdated_in(staging: UnitStaging) -> Backdated | None:
    """What the walk found, in this attempt or an earlier one."""
    return msgspec.json.decode(staging.read(_BACKDATED) or b"null", type=Backdated | None)


def reach(folder: Path, state: GitState, report: Report) -> Reached:
    """The commits of the refs as they are, and those of the walk this one goes on from as far as they differ."""
    earlier = state.walks_from
    tips: dict[str, int] = {}
    for names, stand_for in (
        (state.tips, NOW),
        (state.default_tips, NOW | NOW_DEFAULT),
        (earlier.tips if earlier else [], WAS),
        (earlier.default_tips if earlier and not state.is_reachability_whole else [], WAS | WAS_DEFAULT),
    ):
        for tip in names:
            tips[tip] = tips.get(tip, 0) | stand_for
    known = earlier.backdated if earlier and not state.is_reachability_whole else None
    try:
        return graph.read(folder, tips, [(NOW, WAS), (NOW_DEFAULT, WAS_DEFAULT)], known)
    except SourceCorrupt:
        return graph.read_readable(folder, tips, report, may_lack=0 if state.is_reachability_whole else WAS)


def selection(unit: Unit, *, is_first: bool) -> Window | None:
    """The committer dates a walk is limited to: a backfill's window, or the depth of a walk of everything."""
    if unit.mode == "backfill":
        return unit.window
    depth = unit.options.get("depth_days")
    if depth and is_first:
        return Window(
            unit.planned_until - timedelta(days=int(str(depth))), datetime.max.replace(tzinfo=unit.planned_until.tzinfo)
        )
    return None


def walkable(folder: Path, earlier: list[str], now: list[str]) -> list[str]:
    """Those of the earlier tips whose history is still there, back to what the tips of now reach."""
    still = set(now)
    left = [tip for tip in earlier if tip not in still]
    if left and not _is_walkable(folder, left, now):
        left = [tip for tip in left if _is_walkable(folder, [tip], now)]
    return sorted({*left, *(tip for tip in earlier if tip in still)})


def _is_walkable(folder: Path, tips: list[str], without: list[str]) -> bool:
    asked = "".join([*(f"{tip}\n" for tip in tips), *(f"^{tip}\n" for tip in without)]).encode()
    return attempt(folder, ["rev-list", "--count", "--stdin"], stdin=asked) is not None


def within(lines: Iterable[bytes], window: Window) -> Iterator[bytes]:
    """The lines whose time lies in the window."""
    since, before = window.since.timestamp(), window.before.timestamp()
    return (line for line in lines if since <= pages.seconds_of(line[: line.index(b" ")]) < before)
