"""Blame of every text file at the tip of the default branch: which commit last touched which lines. Never any text.

000-state    JSON: when the tip was read, the tip, the commit the last run saw (null: blame everything)
100-<n>      files as `path NUL ranges NUL`; a range is a line of git's own: commit, line there, line here, count.
             No ranges: the file is empty, gone or not text any more. A single "?": it could not be read.
999-cursor   JSON: the tip
"""

import json
import os
import re
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devhealth.connectors.local_git import blamed_files, git_process
from devhealth.connectors.local_git.git_failure import failure
from devhealth.connectors.local_git.git_process import GitProcess
from devhealth.connectors.local_git.source import is_mirrored, open_source
from devhealth.errors import InputError, SourceCorrupt, SourceError
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging

FILES_PER_PAGE = 128
UNREADABLE = b"?"
_STATE = "000-state"
_CURSOR = "999-cursor"
_RANGE = re.compile(rb"^[0-9a-f]{40,64} \d+ \d+ \d+$", re.MULTILINE)
_WORTH_A_GRAPH = 16
"""From so many files on, finding out first which commit changed which paths saves more than it costs."""


@dataclass(frozen=True, slots=True)
class _Blamed:
    """Where and how the files of one unit are blamed."""

    folder: Path
    commit: str
    environment: Mapping[str, str]


def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether the tip of the default branch is another one than the cursor's."""
    del options
    tip = blamed_files.tip(open_source(source, settings))
    return tip is not None and tip != _seen(cursor)


def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The pages of the unit; those staged by an earlier attempt are handed on as they are.

    Raises InputError for a backfill, and SourceCorrupt after the last page when a file could not be blamed.
    """
    if unit.mode == "backfill":
        raise InputError(
            f"{unit.name}: blame tells of the files as they are now, so it cannot be backfilled. Leave the target out."
        )
    staging = UnitStaging(unit.staging)
    staged = {page.name: page for page in staging.pages()}
    if _CURSOR in staged:
        yield from staged.values()
        return
    folder = open_source(unit.source, settings, unit.planned_until)
    yield staged.get(_STATE) or _write_state(staging, folder, unit)
    state = json.loads(staging.page(_STATE).read())
    if state["commit"]:
        yield from _blame_pages(staging, folder, unit, settings, state["commit"], state["since"])
    yield staging.write_page(_CURSOR, json.dumps({"commit": state["commit"]}).encode())


def _seen(cursor: bytes | None) -> str | None:
    try:
        return str(json.loads(cursor)["commit"] or "") or None if cursor else None
    except (ValueError, KeyError, TypeError):
        return None


def _write_state(staging: UnitStaging, folder: Path, unit: Unit) -> Page:
    fetched_at, tip = datetime.now(UTC), blamed_files.tip(folder)
    seen = _seen(staging.read("cursor")) if unit.mode == "incremental" else None
    since = seen if tip and seen and blamed_files.first_parents(folder, seen, tip) is not None else None
    content = {"fetched_at": fetched_at.isoformat(), "commit": tip, "since": since}
    return staging.write_page(_STATE, json.dumps(content).encode())


def _blame_pages(
    staging: UnitStaging, folder: Path, unit: Unit, settings: Settings, commit: str, since: str | None
) -> Iterator[Page]:
    files = blamed_files.changed(folder, commit, since)
    staged = {page.name: page for page in staging.pages()}
    pages = {
        f"100-{first // FILES_PER_PAGE:07d}": files[first : first + FILES_PER_PAGE]
        for first in range(0, len(files), FILES_PER_PAGE)
    }
    wanted = {name: some for name, some in pages.items() if name not in staged}
    is_ready = is_mirrored(unit.source) or sum(map(len, wanted.values())) < _WORTH_A_GRAPH
    unreadable: list[bytes] = []
    with _changed_paths_known(folder, commit, is_ready=is_ready) as environment:
        blamed = _blame_all(_Blamed(folder, commit, environment), list(wanted.values()), settings.max_workers)
        for name in pages:
            page = staged.get(name) or staging.write_page(name, next(blamed))
            parts = page.read().split(b"\0")
            unreadable += [path for path, ranges in zip(parts[::2], parts[1::2], strict=False) if ranges == UNREADABLE]
            yield page
    if unreadable:
        raise SourceCorrupt(
            f"{len(unreadable)} of {len(files)} files of {unit.name} cannot be blamed, the first is "
            f"{os.fsdecode(unreadable[0])!r}. Repair the repository (`git fsck`) or clone it again, then sync again."
        )


def _blame_all(blamed: _Blamed, pages: Sequence[list[blamed_files.File]], workers: int) -> Iterator[bytes]:
    """The content of each page, while the files of the following ones are being blamed already."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="blame")
    files = ((index, file) for index, page in enumerate(pages) for file in page)
    running: deque[tuple[int, blamed_files.File, Future[bytes]]] = deque()
    try:
        for index in range(len(pages)):
            parts: list[bytes] = []
            while True:
                while len(running) < 16 * workers and (upcoming := next(files, None)):
                    running.append((*upcoming, pool.submit(_blame, blamed, upcoming[1])))
                if not running or running[0][0] != index:
                    break
                _, file, result = running.popleft()
                parts += (file.path, result.result())
            yield b"\0".join([*parts, b""])
    finally:
        pool.shutdown(cancel_futures=True)


def _blame(blamed: _Blamed, file: blamed_files.File) -> bytes:
    """The ranges of one file, in the order git found them."""
    if not file.is_text:
        return UNREADABLE if file.is_damaged else b""
    arguments = ["blame", "--incremental", "--no-textconv", "--ignore-revs-file=", blamed.commit, "--"]
    ranges: list[bytes] = []
    with GitProcess(
        blamed.folder, [*arguments, os.fsdecode(file.path)], extra_environment=blamed.environment
    ) as process:
        rest = b""
        while block := process.output.read(1 << 20):
            whole, _, rest = (rest + block).rpartition(b"\n")
            ranges += _RANGE.findall(whole)
        outcome = process.wait()
    if outcome.is_success:
        return b"\n".join(ranges)
    error = failure(blamed.folder, outcome)
    if isinstance(error, SourceCorrupt):
        return UNREADABLE
    raise error


@contextmanager
def _changed_paths_known(folder: Path, commit: str, *, is_ready: bool) -> Iterator[dict[str, str]]:
    """The environment in which git knows which paths each commit changed, so that blame skips most of them.

    The knowledge is a commit graph in a scratch folder that borrows the repository's objects: nothing is written to a
    repository that is not ours.
    """
    if is_ready:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="devhealth-graph-") as scratch:
        objects = git_process.run(folder, ["rev-parse", "--git-path", "objects"]).removesuffix(b"\n")
        borrowed = os.path.realpath(folder / os.fsdecode(objects))
        quoted = borrowed.replace("\\", "\\\\").replace('"', '\\"')
        environment = {"GIT_OBJECT_DIRECTORY": scratch, "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"'}
        arguments = ["commit-graph", "write", "--stdin-commits", "--changed-paths", "--no-progress"]
        with suppress(SourceError):  # without it blame is slower, not wrong
            git_process.run(folder, arguments, stdin=f"{commit}\n".encode(), extra_environment=environment)
        yield environment
