"""Commits with their files, several git processes at once, each writing a page of its own."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Self

from devhealth.connectors.local_git.damage import Report, read_around
from devhealth.connectors.local_git.git_failure import Outcome
from devhealth.connectors.local_git.git_process import GitProcess
from devhealth.models.git_pages import COMMIT_FORMAT, COMMITS
from devhealth.staging import Page, UnitStaging

LOG_ARGUMENTS = (
    "log",
    "--stdin",
    "--no-walk=unsorted",
    "-z",
    "--numstat",
    "-M",
    "--no-relative",
    "--no-ext-diff",
    "--date=raw",
    "--encoding=UTF-8",
    f"--format={COMMIT_FORMAT}",
)
"""Plain `git log` rather than `diff-tree`, so that it decides all it decides for a user; both take the same time."""
_LARGEST_CHUNK = 1_000
_SMALLEST_CHUNK = 500
"""A git process costs as much as reading thirty commits, most of it because it knows nothing of those read before."""
_LINE = 52
"""About the bytes of one `<committer time> <sha>` line."""


def read_commits(
    folder: Path, listed: list[Page], left_out: list[str], staging: UnitStaging, workers: int, broken: Report
) -> Iterator[Page]:
    """The pages of all listed commits, in order, each as soon as it is whole. Chunks stay where they are on a retry."""
    without = frozenset(sha.encode() for sha in left_out)
    size = sum(page.path.stat().st_size for page in listed) // _LINE
    per_chunk = max(_SMALLEST_CHUNK, min(_LARGEST_CHUNK, size // 16))
    staged = {page.name for page in staging.pages() if not broken.is_marked(staging, page.name)}
    with _Readers(folder, staging, workers, broken) as readers:
        ahead: deque[tuple[str, Future[None] | None]] = deque()
        for number, shas in enumerate(_chunks(listed, without, per_chunk)):
            name = f"{COMMITS}{number:07d}"
            ahead.append((name, None if name in staged else readers.start(name, shas)))
            if len(ahead) > 2 * workers:
                yield _whole(staging, *ahead.popleft())
        while ahead:
            yield _whole(staging, *ahead.popleft())


def _whole(staging: UnitStaging, name: str, reading: Future[None] | None) -> Page:
    if reading:
        reading.result()
    return staging.page(name)


def _chunks(listed: list[Page], without: frozenset[bytes], per_chunk: int) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    for page in listed:
        with page.open() as lines:
            for line in lines:
                sha = line[line.index(b" ") + 1 :]
                if sha.rstrip() in without:
                    continue
                chunk.append(sha)
                if len(chunk) == per_chunk:
                    yield chunk
                    chunk = []
    if chunk:
        yield chunk


class _Readers:
    """Threads that each wait for one git process. Leaving the `with` block ends all of them."""

    def __init__(self, folder: Path, staging: UnitStaging, workers: int, broken: Report) -> None:
        self._folder, self._staging, self._broken = folder, staging, broken
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="git")
        self._running: set[GitProcess] = set()
        self._lock = Lock()
        self._is_stopped = False

    def start(self, name: str, shas: list[bytes]) -> Future[None]:
        return self._threads.submit(self._read, name, shas)

    def _read(self, name: str, shas: list[bytes]) -> None:
        with self._staging.page_file(name) as path:
            outcome = self._log(shas, path)
            self._broken.mark(self._staging, name, is_damaged=not outcome.is_success)
            if not outcome.is_success:
                read_around(self._folder, shas, path, outcome, self._log, self._broken)

    def _log(self, shas: list[bytes], path: Path) -> Outcome:
        with GitProcess(self._folder, LOG_ARGUMENTS, stdin=b"".join(shas), stdout=path) as process:
            with self._lock:
                self._running.add(process)
                if self._is_stopped:
                    process.kill()
            try:
                return process.wait()
            finally:
                with self._lock:
                    self._running.discard(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                process.kill()
        self._threads.shutdown(cancel_futures=True)
