"""The commits of a repository whose history git cannot walk, because a commit in it is missing or corrupt."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from devhealth.connectors.local_git.damage import Report, read_around
from devhealth.connectors.local_git.git_failure import Outcome
from devhealth.connectors.local_git.git_process import GitProcess, run
from devhealth.models.git_pages import COMMIT_MARK

_GRAPH = ("log", "--stdin", "--no-walk=unsorted", "-z", "--encoding=UTF-8", "--format=%x01%H%x00%x30%ct%x00%P")

Graph = dict[bytes, tuple[bytes, list[bytes]]]


def list_around(folder: Path, path: Path, tips: list[str], without: list[str], report: Report) -> list[bytes]:
    """Lines `<committer time> <sha>` of what can be reached from the tips, but not from `without`, by readable commits.

    Holds the whole graph in memory. Commits that are asked for but not there are reported.
    """
    graph = _read_graph(folder, path)
    known = set(_reachable(graph, without))
    lines = []
    for sha in _reachable(graph, tips):
        if sha in graph:
            if sha not in known:
                lines.append(b"%s %s\n" % (graph[sha][0], sha))
        elif sha not in known:
            report.add(sha.decode())
    return lines


def _reachable(graph: Graph, tips: Iterable[str]) -> Iterator[bytes]:
    waiting = [tip.encode() for tip in tips]
    seen = set(waiting)
    while waiting:
        sha = waiting.pop()
        yield sha
        fresh = [parent for parent in graph[sha][1] if parent not in seen] if sha in graph else []
        seen.update(fresh)
        waiting.extend(fresh)


def _read_graph(folder: Path, path: Path) -> Graph:
    every = run(folder, ["cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"])
    shas = [line[7:] + b"\n" for line in every.splitlines() if line.startswith(b"commit ")]
    written = path.with_name(f"{path.name}.graph")

    def log(chunk: list[bytes], target: Path) -> Outcome:
        with GitProcess(folder, _GRAPH, stdin=b"".join(chunk), stdout=target) as process:
            return process.wait()

    try:
        outcome = log(shas, written)
        if not outcome.is_success:
            read_around(folder, shas, written, outcome, log, Report(folder, folder.name))
        tokens = written.read_bytes().split(b"\0")
    finally:
        written.unlink(missing_ok=True)
    return {
        tokens[at].removeprefix(COMMIT_MARK): (tokens[at + 1], tokens[at + 2].split())
        for at in range(0, len(tokens) - 2, 3)
    }
