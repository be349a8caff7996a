"""Pages of the target `blame`: who last touched which lines of which file, never any text.

000-state    BlameState
100-<n>      files as `path NUL ranges NUL`; a range is a line of git's own: commit, line there, line here, count.
             No ranges: the file is empty, gone or not text any more.
999-cursor   BlameCursor
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

STATE = "000-state"
CURSOR = "999-cursor"
UNREADABLE = b"?"
"""In the place of the ranges of a file that could not be read."""


class BlameCursor(msgspec.Struct, frozen=True):
    """What was blamed, for the next run to go on from."""

    commit: str | None
    """The tip of the default branch; None without commits."""
    shallow_digest: str = ""
    """Of where a shallow history is cut off; empty for a complete one."""


class BlameState(msgspec.Struct, frozen=True):
    """What holds for the whole unit."""

    fetched_at: datetime
    cursor: BlameCursor
    since: str | None
    """The commit of the last run, when only what changed since then is blamed; None when every file is."""


def join(files: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A page of paths and ranges."""
    return b"".join(part + b"\0" for file in files for part in file)


def split(page: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The paths and ranges of a page."""
    parts = page.split(b"\0")
    return zip(parts[::2], parts[1::2], strict=False)
