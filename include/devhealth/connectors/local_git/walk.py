"""Which commits a walk covers, by graph and never by clock, each as a line `<committer time> <sha>` of a page."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from devhealth.connectors.local_git.damage import Report
from devhealth.connectors.local_git.damaged_graph import list_around
from devhealth.connectors.local_git.git_failure import failure
from devhealth.connectors.local_git.git_process import GitProcess, attempt
from devhealth.errors import SourceCorrupt
from devhealth.models import git_pages as pages
from devhealth.models.git_pages import GitState
from devhealth.models.unit import Unit, Window

Write = Callable[[Path, Report], None]

LINE_ARGUMENTS = ("--encoding=UTF-8", "--format=0%ct %H")
"""The time as pages of commits have it, since both find each other by it: `rev-list --timestamp` reads malformed dates
otherwise. The 0 stands for a date git cannot print.
"""


def listings(folder: Path, state: GitState, unit: Unit) -> dict[str, Write]:
    """Page name to what writes that page, in the order the pages are read."""
    earlier = state.walks_from
    known = earlier.tips if earlier else []
    default, tips = state.default_tips, state.tips
    window = selection(unit, is_first=earlier is None)
    listed: dict[str, Write] = {
        pages.NEW_IN_DEFAULT: lambda path, report: list_commits(folder, path, report, default, known, window),
        pages.NEW_ELSEWHERE: lambda path, report: list_commits(folder, path, report, tips, [*default, *known], window),
    }
    if unit.mode != "backfill" and state.is_reachability_whole and (earlier or window):
        listed[pages.JOINED_DEFAULT] = lambda path, report: list_commits(folder, path, report, default, [])
        listed[pages.LEFT_DEFAULT] = lambda path, report: list_commits(folder, path, report, tips, default)
    elif earlier:
        was_default = earlier.default_tips
        if set(default) != set(was_default):
            listed[pages.JOINED_DEFAULT] = lambda path, report: list_commits(folder, path, report, default, was_default)
            listed[pages.LEFT_DEFAULT] = lambda path, report: _list_left(
                folder, path, report, was_default, default, tips
            )
        if set(known) - set(tips):
            listed[pages.UNREACHABLE] = lambda path, report: list_commits(folder, path, report, known, tips)
    return listed


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
    asked = _asked(tips, without)
    return attempt(folder, ["rev-list", "--count", "--stdin"], stdin=asked) is not None


def list_commits(
    folder: Path, path: Path, report: Report, tips: list[str], without: list[str], window: Window | None = None
) -> None:
    """Write the commits reachable from the tips, but not from `without`, to the file; unreadable ones are reported.

    The window is applied to each commit: git's own `--since` stops at the first older one, and dates are not ordered.
    """
    if not tips:
        path.touch()
        return
    asked = _asked(tips, without)
    with GitProcess(folder, ["log", "--stdin", *LINE_ARGUMENTS], stdin=asked, stdout=path) as process:
        outcome = process.wait()
    if not outcome.is_success:
        error = failure(folder, outcome)
        if not isinstance(error, SourceCorrupt):
            raise error
        path.write_bytes(b"".join(list_around(folder, path, tips, without, report)))
    if window is not None:
        with _rewritten(path) as (lines, file):
            file.writelines(within(lines, window))


def within(lines: Iterable[bytes], window: Window) -> Iterator[bytes]:
    """The lines whose time lies in the window."""
    since, before = window.since.timestamp(), window.before.timestamp()
    return (line for line in lines if since <= int(line[: line.index(b" ")]) < before)


def _list_left(
    folder: Path, path: Path, report: Report, was_default: list[str], default: list[str], tips: list[str]
) -> None:
    """Write the commits that left the default branch, but not the repository."""
    list_commits(folder, path, report, was_default, tips)
    unreachable = set(path.read_bytes().splitlines(keepends=True))
    list_commits(folder, path, report, was_default, default)
    if unreachable:
        with _rewritten(path) as (lines, file):
            file.writelines(line for line in lines if line not in unreachable)


def _asked(tips: list[str], without: list[str]) -> bytes:
    return "".join([*(f"{tip}\n" for tip in tips), *(f"^{tip}\n" for tip in without)]).encode()


@contextmanager
def _rewritten(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    every = path.rename(path.with_name(f"{path.name}.all"))
    try:
        with every.open("rb") as lines, path.open("wb") as file:
            yield lines, file
    finally:
        every.unlink()
