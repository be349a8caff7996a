"""Running `git blame` on many files, several at once."""

import os
import re
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devhealth.connectors.local_git import git_process, view
from devhealth.connectors.local_git.blamed_files import File
from devhealth.connectors.local_git.git_failure import failure
from devhealth.connectors.local_git.git_process import GitProcess
from devhealth.errors import SourceCorrupt, SourceError
from devhealth.models.blame_pages import UNREADABLE

_RANGE = re.compile(rb"^[0-9a-f]{40,64} \d+ \d+ \d+$", re.MULTILINE)
_WORTH_A_GRAPH = 16
"""From so many files on, finding out first which commit changed which paths saves more than it costs."""
_AHEAD = 16
"""Files begun for each worker, so that a slow one does not keep the others waiting."""


@dataclass(frozen=True, slots=True)
class Todo:
    """What is blamed where, with how many processes at once."""

    folder: Path
    commit: str
    environment: Mapping[str, str]
    workers: int


def is_worth_a_graph(files: Iterable[File]) -> bool:
    """Whether `changed_paths_known` pays for these files."""
    return sum(file.is_text for file in files) >= _WORTH_A_GRAPH


@contextmanager
def changed_paths_known(folder: Path, commit: str, *, needs_graph: bool) -> Iterator[dict[str, str]]:
    """The environment in which git knows which paths each commit changed, so that blame skips most commits.

    The knowledge is a commit graph in a scratch folder that borrows the repository's objects: nothing is written to a
    repository that is not ours, and no graph of its own is read.
    """
    if not needs_graph:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="devhealth-graph-") as scratch:
        objects = git_process.run(folder, ["rev-parse", "--git-path", "objects"]).removesuffix(b"\n")
        view.link_objects(folder / os.fsdecode(objects), Path(scratch))
        environment = {
            "GIT_OBJECT_DIRECTORY": scratch,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "core.commitGraph",
            "GIT_CONFIG_VALUE_0": "true",
        }
        arguments = ["commit-graph", "write", "--stdin-commits", "--changed-paths", "--no-progress"]
        try:
            git_process.run(folder, arguments, stdin=f"{commit}\n".encode(), extra_environment=environment)
        except SourceError:  # without it blame is slower, not wrong
            environment = {}
        yield environment


def blame_all(todo: Todo, groups: Sequence[Sequence[File]]) -> Iterator[list[tuple[bytes, bytes]]]:
    """For each group its paths and ranges, while files of the following groups are being blamed already."""
    pool = ThreadPoolExecutor(todo.workers, thread_name_prefix="blame")
    files = ((number, file) for number, group in enumerate(groups) for file in group)
    running: deque[tuple[int, File, Future[bytes]]] = deque()
    try:
        for number in range(len(groups)):
            blamed: list[tuple[bytes, bytes]] = []
            while True:
                while len(running) < _AHEAD * todo.workers and (upcoming := next(files, None)):
                    running.append((*upcoming, pool.submit(blame, todo, upcoming[1])))
                if not running or running[0][0] != number:
                    break
                _, file, ranges = running.popleft()
                blamed.append((file.path, ranges.result()))
            yield blamed
    finally:
        pool.shutdown(cancel_futures=True)


def blame(todo: Todo, file: File) -> bytes:
    """The ranges of one file in the order git found them; UNREADABLE when its history is damaged."""
    if not file.is_text:
        return UNREADABLE if file.is_damaged else b""
    arguments = ["blame", "--incremental", "--no-textconv", "--ignore-revs-file=", todo.commit, "--"]
    ranges: list[bytes] = []
    with GitProcess(todo.folder, [*arguments, os.fsdecode(file.path)], extra_environment=todo.environment) as process:
        rest = b""
        while block := process.output.read(1 << 20):
            whole, _, rest = (rest + block).rpartition(b"\n")
            ranges += _RANGE.findall(whole)
        outcome = process.wait()
    if outcome.is_success:
        return b"\n".join(ranges)
    error = failure(todo.folder, outcome)
    if isinstance(error, SourceCorrupt):
        return UNREADABLE
    raise error
