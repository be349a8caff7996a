"""A large repository that is the same every time: what the bench and the memory tests run on."""

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

WORDS = (
    "order",
    "cart",
    "price",
    "stock",
    "item",
    "user",
    "token",
    "cache",
    "queue",
    "retry",
    "index",
    "query",
    "value",
    "limit",
    "batch",
    "event",
    "state",
    "field",
)
DAY = 86_400
LAST_COMMIT_AT = 1_767_225_600


@dataclass
class File:
    path: str
    lines: list[str]
    marks: list[int] = field(default_factory=list)
    edits: int = 0


@dataclass
class Planned:
    """A commit: changes are (operation, file number, version, path, old path)."""

    changes: list[tuple[str, int, int, str, str]]
    parents: tuple[int, ...]
    author: int


def build_bench_repository(
    path: Path, commits: int = 20_000, file_changes: int = 100_000, seed: int = 7, days: int = 5 * 365
) -> Path:
    """A bare repository of about that many commits and file changes in so many days; a seed's numbers never differ."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)
    rng = random.Random(seed)
    pool = [" ".join(rng.choices(WORDS, k=rng.randint(1, 7))) for _ in range(4_000)]
    files, plan = _plan(rng, pool, commits, file_changes)
    process = subprocess.Popen(
        ["git", "-C", path, "fast-import", "--quiet", "--depth=30", "--force"], stdin=subprocess.PIPE
    )
    with process.stdin:
        _write_blobs(process.stdin, rng, pool, files)
        _write_commits(process.stdin, files, plan, days)
    if process.wait():
        raise RuntimeError(f"git fast-import failed with {process.returncode}")
    return path


def _plan(rng: random.Random, pool: list[str], commits: int, file_changes: int) -> tuple[list[File], list[Planned]]:
    files: list[File] = []
    alive: list[int] = []
    first = max(10, file_changes // 50)
    per_commit = max(1.0, (file_changes - first) / max(1, commits))

    def add() -> tuple[str, int, int, str, str]:
        number = len(files)
        lines = rng.choices(pool, k=min(900, int(rng.lognormvariate(4.2, 0.9)) + 3))
        files.append(File(_path(rng, number), lines))
        alive.append(number)
        return ("M", number, 0, files[number].path, "")

    plan = [Planned([add() for _ in range(first)], (), 0)]
    tip = 0
    while len(plan) < commits:
        has_branch = rng.random() < 0.12
        touched_on_branch: set[int] = set()
        branch_tip = tip
        if has_branch:
            for _ in range(rng.randint(1, 4)):
                changes = [edit for edit in _edits(rng, files, alive, per_commit) if edit[0] == "M"]
                touched_on_branch.update(edit[1] for edit in changes)
                plan.append(Planned(changes, (branch_tip,), _author(rng)))
                branch_tip = len(plan) - 1
        for _ in range(rng.randint(1, 6)):
            usable = [number for number in rng.sample(alive, min(400, len(alive))) if number not in touched_on_branch]
            changes = _edits(rng, files, usable, per_commit)
            for operation, number, *_ in changes:
                if operation == "D":
                    alive.remove(number)
            changes += [add() for _ in range(rng.random() < per_commit * 0.07)]
            plan.append(Planned(changes, (tip,), _author(rng)))
            tip = len(plan) - 1
        if has_branch:
            merged = [
                ("M", number, files[number].edits, files[number].path, "") for number in sorted(touched_on_branch)
            ]
            plan.append(Planned(merged, (tip, branch_tip), _author(rng)))
            tip = len(plan) - 1
    return files, plan


def _edits(
    rng: random.Random, files: list[File], usable: list[int], per_commit: float
) -> list[tuple[str, int, int, str, str]]:
    count = min(len(usable), max(1, int(rng.lognormvariate(0, 1.0) * per_commit / 1.75 + 0.5)))
    changes = []
    for number in rng.sample(usable, count):
        file = files[number]
        kind = rng.random()
        if kind < 0.01:
            changes.append(("D", number, file.edits, file.path, ""))
            continue
        old = ""
        if kind < 0.03:
            old, file.path = file.path, _path(rng, number)
        if kind > 0.02:
            file.edits += 1
        changes.append(("M", number, file.edits, file.path, old))
    return changes


def _path(rng: random.Random, number: int) -> str:
    area = rng.choice(("src", "src", "src", "lib", "tests", "docs"))
    folders = "/".join(rng.choice(WORDS) for _ in range(rng.randint(1, 3)))
    return f"{area}/{folders}/{rng.choice(WORDS)}_{number}_{rng.randint(0, 999)}.py"


def _author(rng: random.Random) -> int:
    return min(59, int(rng.paretovariate(0.6)) - 1)


def _write_blobs(stream: BinaryIO, rng: random.Random, pool: list[str], files: list[File]) -> None:
    mark = 0
    for file in files:
        for version in range(file.edits + 1):
            if version:
                at = rng.randrange(len(file.lines) + 1)
                file.lines[at : at + rng.randint(0, 6)] = rng.choices(pool, k=rng.randint(0, 8))
                file.lines.append(f"{version} {mark}")
            mark += 1
            content = "\n".join(file.lines).encode() + b"\n"
            stream.write(b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(content), content))
            file.marks.append(mark)
        file.lines = []


def _write_commits(stream: BinaryIO, files: list[File], plan: list[Planned], days: int) -> None:
    base = sum(len(file.marks) for file in files) + 1
    for number, commit in enumerate(plan):
        at = LAST_COMMIT_AT - (len(plan) - number) * days * DAY // len(plan)
        person = b"Person %d <person%d@example.com> %d +0%d00" % (commit.author, commit.author, at, commit.author % 10)
        message = b"Change %d files\n\nBecause of change %d.\n" % (len(commit.changes), number)
        if not commit.parents:
            stream.write(b"reset refs/heads/main\n")
        stream.write(b"commit refs/heads/main\nmark :%d\nauthor %s\ncommitter %s\n" % (base + number, person, person))
        stream.write(b"data %d\n%s\n" % (len(message), message))
        parents = zip((b"from", b"merge"), commit.parents, strict=False)
        stream.writelines(b"%s :%d\n" % (keyword, base + parent) for keyword, parent in parents)
        stream.writelines(_changes(files, commit))
        stream.write(b"\n")


def _changes(files: list[File], commit: Planned) -> Iterator[bytes]:
    for operation, number, version, path, old in commit.changes:
        if operation == "D":
            yield b"D %s\n" % path.encode()
            continue
        if old:
            yield b"D %s\n" % old.encode()
        yield b"M 100644 :%d %s\n" % (files[number].marks[version], path.encode())
