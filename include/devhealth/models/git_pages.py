"""The pages of target `git`: what the connector writes and the processor reads. They sort in the order they are read.

    000-state               GitState as JSON: when and what the refs were, and all a processor must know beforehand
    100-new-default         commits to read, reachable from the default branch
    110-new-elsewhere       commits to read, reachable from other branches and tags only
    120-joined-default      commits now reachable from the default branch
    130-left-default        commits reachable from other branches and tags only
    140-unreachable         commits no branch or tag reaches any more
    150-people              everybody ever recorded, after a change of the mailmap
    300-commits-<number>    commits with their files, as `COMMIT_FORMAT` and `--numstat -M -z` print them
    999-cursor              GitCursor as JSON

100 to 140 hold a line `<committer time> <sha>` for each commit. Only 000, 100, 110 and 999 are always there.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

STATE = "000-state"
NEW_IN_DEFAULT = "100-new-default"
NEW_ELSEWHERE = "110-new-elsewhere"
JOINED_DEFAULT = "120-joined-default"
LEFT_DEFAULT = "130-left-default"
UNREACHABLE = "140-unreachable"
PEOPLE = "150-people"
COMMITS = "300-commits-"
CURSOR = "999-cursor"

COMMIT_MARK = b"\x01"
"""Begins a commit; no numstat token can begin with it."""
COMMIT_FORMAT = "%x01%H%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%s%x00%b"
"""Ten fields, dates by `--date=raw`; git ends it with NUL, then a newline before the first file, if any."""
COMMIT_FIELDS = 10
PEOPLE_FORMAT = "%an%x00%ae%x00%cn%x00%ce%x00%b"
PEOPLE_FIELDS = 5
LATEST = 2**64 - 1
"""What git makes of a time that is larger."""
_MOST_DIGITS = 20
FORMAT_VERSION = 1


def seconds_of(time: bytes) -> int:
    """The committer time of a line, also one of thousands of digits: git reads those as one that no clock shows."""
    digits = time.lstrip(b"0")
    return int(digits or b"0") if len(digits) < _MOST_DIGITS else LATEST


class GitRef(msgspec.Struct, frozen=True):
    """A branch or tag; `name` and times as git has them, the name through `models.text`."""

    name: str
    sha: str
    """The commit, tags peeled."""
    is_branch: bool
    created_at: int | None
    """Tagger time in seconds since 1970."""


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """What is true of the whole unit."""

    fetched_at: datetime
    refs: list[GitRef]
    missing_refs: list[str]
    """Names of refs whose objects are not there."""
    tips: list[str]
    """Commits everything reachable is reached from: of the refs, and of a detached HEAD."""
    default_branch: str | None
    default_tips: list[str]
    is_shallow: bool
    boundary: list[str] = []
    """Commits whose parents are cut off: git shows every file of the repository as added in them."""
    reads_again: bool = False
    """Whether commits may be among those read that were read before, maybe with other changes."""
    mailmap: bytes
    is_reachability_whole: bool
    """Whether the pages list every reachable commit, so that all others are unreachable."""
    walks_from: "GitCursor | None"
    """The earlier walk this one goes on from; None for a walk of everything."""
    cursor: "GitCursor"
    lists_refs: bool = True
    """Whether the unit tells of the repository and its refs; of the chunks of a backfill one does for all."""


class Backdated(msgspec.Struct, frozen=True):
    """Where dates fall along a history instead of rising: commits that are dated later than a descendant of theirs."""

    named: dict[str, tuple[int, int]] = {}
    """The newest of them: their date, and the earliest date of a descendant."""
    others: tuple[int, int] | None = None
    """Of all others the latest date, and the earliest date of a descendant."""

    def lowest(self, sha: str, date: int) -> int:
        """The earliest date of the commit and of all of its descendants, or an earlier one."""
        if sha in self.named:
            return min(date, self.named[sha][1])
        return min(date, self.others[1]) if self.others and date <= self.others[0] else date

    def joined(self, found: Mapping[str, tuple[int, int]], most: int) -> "Backdated":
        """With more of them, that many by name."""
        every = dict(self.named)
        for sha, (date, earliest) in found.items():
            every[sha] = date, min(earliest, every[sha][1] if sha in every else earliest)
        newest_first = sorted(every, key=lambda sha: (-every[sha][0], sha))
        rest = [every[sha] for sha in newest_first[most:]] + ([self.others] if self.others else [])
        others = (max(date for date, _ in rest), min(earliest for _, earliest in rest)) if rest else None
        return Backdated({sha: every[sha] for sha in newest_first[:most]}, others)


class GitCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a walk ended: what the next one subtracts, and what it depended on."""

    format_version: int
    objects: dict[str, str]
    """Ref name (through `models.text`) to the object it names, tags not peeled."""
    tips: list[str]
    default_branch: str | None
    default_tips: list[str]
    mailmap_digest: str
    shallow_digest: str
    depth_days: int | None
    backdated: Backdated | None = None
    """Of the history of `tips`; None in a cursor of a version that did not know, or when it could not be read."""
