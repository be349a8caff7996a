"""Repositories to order, written with `git fast-import`: any graph, any bytes, in milliseconds."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from tests.git_bench_repository import build_bench_repository

__all__ = ["Commit", "Stage", "build_bench_repository", "git", "histories", "make_repository", "set_refs"]

FILE, PROGRAM, LINK, SUBMODULE = b"100644", b"100755", b"120000", b"160000"
SOME_COMMIT = b"0123456789abcdef0123456789abcdef01234567"
ANN = b"Ann <ann@example.com> 1600000000 +0000"

Tree = dict[bytes, tuple[bytes, bytes]]
"""Path to (mode, content)."""
Stage = dict[str, int]
"""Ref name to the number of a commit: what one push leaves behind."""


@dataclass(frozen=True)
class Commit:
    """A commit to be made. `parents` are numbers of earlier commits; a path of None is deleted."""

    parents: Sequence[int] = ()
    files: Mapping[bytes, tuple[bytes, bytes] | None] = field(default_factory=dict)
    author: bytes = ANN
    committer: bytes = ANN
    message: bytes = b"Change\n"
    encoding: bytes | None = None


def git(path: Path, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
    """What git writes, run as anybody would but without the user's configuration."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
        **{f"GIT_{who}_{what}": "ann@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    command = ["git", "-C", path, "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def make_repository(
    path: Path, commits: Sequence[Commit], refs: Stage | None = None, tags: Stage | None = None, *, is_bare: bool = True
) -> list[str]:
    """A repository of these commits; their shas. `refs` by full name (default: main, the last); `tags` annotated."""
    path.mkdir(parents=True)
    git(path, "init", "-q", "-b", "main", *(["--bare"] if is_bare else []))
    marks = path / "marks"
    stream = b"".join(_command(number, commit) for number, commit in enumerate(commits))
    stream += b"".join(
        b"tag %s\nfrom :%d\ntagger Tag <tag@example.com> 1650000000 +0200\ndata 1\nx\n" % (name.encode(), at + 1)
        for name, at in (tags or {}).items()
    )
    options = ["--quiet", "--date-format=raw-permissive", f"--export-marks={marks}"]
    git(path, "fast-import", *options, stdin=stream)
    shas = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    ordered = [shas[f":{number + 1}"] for number in range(len(commits))]
    keep = {f"refs/tags/{name}": None for name in tags or {}}
    set_refs(path, ordered, {"refs/heads/main": len(commits) - 1} if refs is None and commits else refs or {}, keep)
    return ordered


def set_refs(path: Path, shas: list[str], stage: Stage, keep: Mapping[str, None] | None = None) -> None:
    """Let the repository have exactly these refs (and those to keep), as after a forced push."""
    there = git(path, "for-each-ref", "--format=%(refname)").decode().split()
    orders = [f"delete {name}" for name in there if name not in stage and name not in (keep or {})]
    orders += [f"update {name} {shas[at]}" for name, at in stage.items()]
    git(path, "update-ref", "--stdin", stdin="".join(f"{order}\n" for order in orders).encode())


def _command(number: int, commit: Commit) -> bytes:
    lines = [] if commit.parents else [b"reset refs/build/tip"]
    lines += [b"commit refs/build/tip", b"mark :%d" % (number + 1)]
    lines += [b"author " + commit.author, b"committer " + commit.committer]
    lines += [b"encoding " + commit.encoding] if commit.encoding else []
    lines += [b"data %d\n%s" % (len(commit.message), commit.message)]
    lines += [
        b"%s :%d" % (b"merge" if at else b"from", parent + 1) for at, parent in enumerate(dict.fromkeys(commit.parents))
    ]
    for path, change in commit.files.items():
        if change is None:
            lines.append(b"D " + _quoted(path))
        elif change[0] == SUBMODULE:
            lines.append(b"M 160000 %s %s" % (change[1], _quoted(path)))
        else:
            lines.append(b"M %s inline %s\ndata %d\n%s" % (change[0], _quoted(path), len(change[1]), change[1]))
    return b"\n".join(lines) + b"\n\n"


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'


PATHS = (
    b"README",
    b"src/a.py",
    b"src/deep/er/b.py",
    b"with space/c",
    b"tab\there",
    b"new\nline",
    b'quo"te',
    b'"begins with a quote',
    b"-dash",
    b":colon",
    b"{a => b}/x",
    b"latin-\xe9",
    "naïve/日本.txt".encode(),
    b"\x01control",
    b"back\\slash",
)
PEOPLE = (
    b"Ann Lee <ann@example.com>",
    b"ann lee <ANN@Example.com>",
    b" <nobody@example.com>",
    b"Nameless <>",
    b"J\xf6rg <joerg@example.com>",
    "Zoë 日本 <zoe@example.com>".encode(),
    b"dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
    b'"Quoted" <quoted@example.com>',
)
ZONES = (b"+0000", b"-0000", b"+0530", b"-0930", b"+051800", b"+9999", b"-1200")
MESSAGES = (
    b"Change\n",
    b"",
    b"\n\nLate subject\nover two lines\n\nbody\n",
    b'Revert "Change"\n\nThis reverts commit 0123456789abcdef0123456789abcdef01234567.\n',
    b"Pair\n\nCo-authored-by: Bob <bob@example.com>\nco-AUTHORED-by: Bob <BOB@example.com>\n",
    b"caf\xe9 \xff\xfe\n",
    b"\x01looks like a mark\n\n1\t2\tpath\n",
)
LINES = [b"line %d of the text\n" % number for number in range(40)]


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Mode and content: mostly text that resembles other text, sometimes something odd."""
    kind = draw(st.sampled_from(["text"] * 6 + ["program", "binary", "empty", "link", "submodule", "no newline"]))
    if kind == "submodule":
        return SUBMODULE, SOME_COMMIT[draw(st.integers(0, 9)) :].ljust(40, b"a")
    if kind in {"binary", "empty", "link"}:
        content = {"binary": b"\x00\x01%d" % draw(st.integers(0, 9)), "empty": b"", "link": b"src/a.py"}[kind]
        return (LINK if kind == "link" else FILE), content
    start = draw(st.integers(0, 15))
    lines = LINES[start : start + draw(st.integers(5, 24))]
    text = b"".join(lines) + b"%d\n" % draw(st.integers(0, 3))
    return (PROGRAM if kind == "program" else FILE), (text.rstrip(b"\n") if kind == "no newline" else text)


@st.composite
def histories(draw: st.DrawFn, largest: int = 12) -> list[Commit]:
    """Commits of any graph: several roots, octopus merges, renames with edits, any bytes, dates in any order."""
    commits: list[Commit] = []
    trees: list[Tree] = []
    for number in range(draw(st.integers(1, largest))):
        count = draw(st.sampled_from([0, 1, 1, 1, 1, 1, 2, 2, 3])) if number else 0
        parents = list(dict.fromkeys(draw(st.integers(max(0, number - 4), number - 1)) for _ in range(count)))
        tree = dict(trees[parents[0]]) if parents else {}
        files: dict[bytes, tuple[bytes, bytes] | None] = {}
        for _ in range(draw(st.integers(0, 3))):
            path = draw(st.sampled_from(PATHS))
            action = draw(st.sampled_from(["write", "write", "write", "delete", "move", "move"]))
            if action == "write" or not tree:
                files[path] = tree[path] = draw(contents())
            else:
                old = draw(st.sampled_from(sorted(tree)))
                moved = tree.pop(old)
                files[old] = None
                if action == "move" and path != old:
                    edit = draw(st.sampled_from([b"", b"edited\n"])) if moved[0] == FILE else b""
                    files[path] = tree[path] = (moved[0], moved[1] + edit)
        people = [draw(st.sampled_from(PEOPLE)) for _ in range(2)]
        times = [
            draw(st.sampled_from([0, 1, 4_294_967_296, 1_500_000_000 + number, 1_600_000_000 - number])) for _ in people
        ]
        dates = [b"%d %s" % (time, draw(st.sampled_from(ZONES))) for time in times]
        commits.append(
            Commit(
                parents=parents,
                files=files,
                author=people[0] + b" " + dates[0],
                committer=people[1] + b" " + dates[1],
                message=draw(st.sampled_from(MESSAGES)),
                encoding=draw(st.sampled_from([None, None, None, b"ISO-8859-1", b"no-such-encoding"])),
            )
        )
        trees.append(tree)
    return commits
