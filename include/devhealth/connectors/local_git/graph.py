"""Which commits can be reached from which tips: told by their parents alone, whatever their dates are.

`git log A ^B` stops where dates say that nothing more can come, and names commits of B as new when the dates of a
history do not rise. So B is no exclusion here: one walk of both, newest first, and each commit inherits from its
children what it is reached from. The walk ends early where the rest can change nothing any more, which is certain by
the dates as far as the history of B is known to keep them, and by `git_pages.Backdated` where it does not.
"""

import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from devhealth.connectors.local_git.damage import Report, read_around
from devhealth.connectors.local_git.git_failure import Outcome, failure
from devhealth.connectors.local_git.git_process import GitProcess, run
from devhealth.models.git_pages import COMMIT_MARK, Backdated

NOW_DEFAULT, NOW, WAS_DEFAULT, WAS = 1, 2, 4, 8
"""From what a commit is reached: the default branch and all refs, as they are and as they were in an earlier walk."""

Pairs = Sequence[tuple[int, int]]
"""What is compared: a commit with one of a pair and not the other is asked for."""

_WALK = ("-c", "core.commitGraph=false", "rev-list", "--stdin", "--timestamp", "--parents", "--format=0%ct")
"""Each commit is two lines, `<time git orders by> commit <sha> <parents>` and the time as pages of commits have it:
they find each other by it, and it differs for malformed dates. The 0 stands for a date git cannot print. A
commit-graph holds times cut to 34 bits, which would order the commits of a far future otherwise.
"""
_GRAPH = ("log", "--stdin", "--no-walk=unsorted", "-z", "--encoding=UTF-8", "--format=%x01%H%x00%x30%ct%x00%P")
_NEVER = 1 << 80
_MOST_NAMED = 256


class Reached:
    """The commits of a walk in the order git named them, newest first, each with what it is reached from."""

    def __init__(self) -> None:
        self.backdated: Backdated | None = None
        """What holds for the history of the refs as they are now, and so for the next walk; None when not known."""
        self._lines: list[bytes] = []
        self._flags = bytearray()

    def lines(self, *, having: int, without: int = 0) -> Iterator[bytes]:
        """Lines `<committer time> <sha>` of the commits reached from all of `having` and none of `without`."""
        asked = having | without
        return (line for line, flags in zip(self._lines, self._flags, strict=True) if flags & asked == having)

    def add(self, line: bytes, flags: int) -> None:
        """One more commit."""
        self._lines.append(line)
        self._flags.append(flags)


def read(folder: Path, tips: Mapping[str, int], compared: Pairs = (), known: Backdated | None = None) -> Reached:
    """Walk from the tips, each with what it stands for: everything, or all that differs in what is compared.

    `known` is what an earlier walk found out of the history of WAS; without it everything is read.
    Raises SourceCorrupt when a commit on the way cannot be read.
    """
    walk = _Walk(tips, compared, known)
    if tips:
        asked = "".join(f"{tip}\n" for tip in tips).encode()
        with GitProcess(folder, _WALK, stdin=asked, extra_environment={"GIT_FLUSH": "0"}) as process:
            if walk.is_ended_by(process.output):
                return walk.reached()
            outcome = process.wait()
        if not outcome.is_success:
            raise failure(folder, outcome)
    return walk.reached()


class _Walk:
    """Commits have numbers here, in the order they are first heard of: as a tip or a parent, before they are read."""

    def __init__(self, tips: Mapping[str, int], compared: Pairs, known: Backdated | None) -> None:
        self._known = known
        self._shas = [sha.encode() for sha in tips]
        self._numbers = {sha: number for number, sha in enumerate(self._shas)}
        self._flags = bytearray(tips.values())
        self._dates: list[int] = [-1] * len(tips)
        """-1 for one that is not read yet."""
        self._earliest = [_NEVER] * len(tips)
        """The earliest date of its descendants."""
        self._parents: list[tuple[int, ...]] = [()] * len(tips)
        self._order, self._odd_times = array("L"), dict[int, bytes]()
        self._differs = [known is not None and any(bool(f & a) != bool(f & b) for a, b in compared) for f in range(16)]
        self._ahead = {number for number, flags in enumerate(self._flags) if self._differs[flags]}
        self._asked: set[int] = set()
        self._floor: int | None = None
        """Nothing older can change what is asked for; None when it has to be worked out."""

    def is_ended_by(self, lines: BinaryIO) -> bool:
        """Read commits; whether the rest needs not be read."""
        for line in lines:
            stamp, _, sha, *parents = line.split()
            date, number = int(stamp), self._number(sha)
            if self._known is not None and not self._ahead and date < self._lowest(self._known):
                return True
            time = next(lines).strip()
            if time[1:] != stamp:
                self._odd_times[number] = time
            self._dates[number] = date
            self._parents[number] = tuple(map(self._number, parents))
            self._order.append(number)
            if self._differs[self._flags[number]]:
                self._ahead.discard(number)
                self._asked.add(number)
                self._floor = None
            self._hand_down(number)
        return False

    def _number(self, sha: bytes) -> int:
        number = self._numbers.setdefault(sha, len(self._shas))
        if number == len(self._shas):
            self._shas.append(sha)
            self._dates.append(-1)
            self._flags.append(0)
            self._earliest.append(_NEVER)
            self._parents.append(())
        return number

    def _hand_down(self, number: int) -> None:
        """Tell the parents what they are reached from, and those of them that were read before tell theirs."""
        waiting = [number]
        while waiting:
            child = waiting.pop()
            flags, earliest = self._flags[child], min(self._dates[child], self._earliest[child])
            for parent in self._parents[child]:
                had, before = self._flags[parent], self._earliest[parent]
                if had | flags == had and earliest >= before:
                    continue
                self._flags[parent], self._earliest[parent] = had | flags, min(earliest, before)
                is_read = self._dates[parent] >= 0
                if self._differs[had] or self._differs[had | flags]:
                    self._note(self._asked if is_read else self._ahead, parent, had | flags)
                if is_read:
                    waiting.append(parent)

    def _note(self, group: set[int], number: int, flags: int) -> None:
        (group.add if self._differs[flags] else group.discard)(number)
        if group is self._asked:
            self._floor = None

    def _lowest(self, known: Backdated) -> int:
        """The date below which no commit can lead to one that is asked for."""
        if self._floor is None:
            floors = (known.lowest(self._shas[one].decode(), self._dates[one]) for one in self._asked)
            self._floor = min(floors, default=_NEVER)
        return self._floor

    def reached(self) -> Reached:
        """What was read."""
        reached, shas = Reached(), self._shas
        for number in self._order:
            time = self._odd_times.get(number) or b"0%d" % self._dates[number]
            reached.add(b"%s %s\n" % (time, shas[number]), self._flags[number])
        found = {
            shas[number].decode(): (self._dates[number], self._earliest[number])
            for number in self._order
            if self._earliest[number] < self._dates[number]
        }
        reached.backdated = (self._known or Backdated()).joined(found, most=_MOST_NAMED)
        return reached


def read_readable(folder: Path, tips: Mapping[str, int], report: Report, *, may_lack: int = 0) -> Reached:
    """As `read`, of a repository whose history git cannot walk: what readable commits lead to, in no order.

    Holds the whole graph in memory. Commits that refs of now lead to but that are not there are reported, unless they
    are reached from `may_lack` too.
    """
    parents = _read_graph(folder)
    flags: dict[bytes, int] = {}
    for bit in (NOW_DEFAULT, NOW, WAS_DEFAULT, WAS):
        for sha in _reachable(parents, [tip for tip, stands_for in tips.items() if stands_for & bit]):
            flags[sha] = flags.get(sha, 0) | bit
    reached = Reached()
    for sha, reached_from in flags.items():
        if sha in parents:
            reached.add(b"%s %s\n" % (parents[sha][0], sha), reached_from)
        elif reached_from & NOW and not reached_from & may_lack:
            report.add(sha.decode())
    return reached


_Graph = dict[bytes, tuple[bytes, list[bytes]]]
"""Commit to its time and its parents."""


def _reachable(graph: _Graph, tips: Iterable[str]) -> Iterator[bytes]:
    waiting = [tip.encode() for tip in tips]
    seen = set(waiting)
    while waiting:
        sha = waiting.pop()
        yield sha
        fresh = [parent for parent in graph[sha][1] if parent not in seen] if sha in graph else []
        seen.update(fresh)
        waiting.extend(fresh)


def _read_graph(folder: Path) -> _Graph:
    every = run(folder, ["cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"])
    shas = [line[7:] + b"\n" for line in every.splitlines() if line.startswith(b"commit ")]

    def log(chunk: list[bytes], target: Path) -> Outcome:
        with GitProcess(folder, _GRAPH, stdin=b"".join(chunk), stdout=target) as process:
            return process.wait()

    with tempfile.TemporaryDirectory(prefix="devhealth-") as scratch:
        written = Path(scratch) / "graph"
        outcome = log(shas, written)
        if not outcome.is_success:
            read_around(folder, shas, written, outcome, log, Report(folder, folder.name))
        tokens = written.read_bytes().split(b"\0")
    return {
        tokens[at].removeprefix(COMMIT_MARK): (tokens[at + 1], tokens[at + 2].split())
        for at in range(0, len(tokens) - 2, 3)
    }
