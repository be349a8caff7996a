"""The attributes a commit holds: git reads `.gitattributes` from a worktree, and a mirror or a view has none.

Without them a file that its project declares binary, or not worth a diff, would count lines in the mirror and none in
a clone. So those of HEAD are written where git looks in every repository, `info/attributes`, patterns of a folder with
the folder before them. What git ignores with a warning is left out: negative patterns, macros of a folder.
Source: git-scm.com/docs/gitattributes
"""

import os
import re
from pathlib import Path

from devhealth.connectors.local_git.git_process import GitProcess, attempt

_NAME = b".gitattributes"
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"(.*)')
_WORD = re.compile(rb"(\S+)(.*)")
_GLOB = re.compile(rb"[*?\[\]\\]")


def are_written(folder: Path) -> bool:
    """Whether they were written since the mirror last changed."""
    return (folder / "info" / "attributes").exists()


def forget(folder: Path) -> None:
    """Remove what was written; the mirror is about to change."""
    (folder / "info" / "attributes").unlink(missing_ok=True)


def write(folder: Path) -> None:
    """Make the bare repository read the attributes its HEAD holds."""
    info = folder / "info"
    info.mkdir(exist_ok=True)
    partial = info / "attributes.new"
    partial.write_bytes(of(folder, "HEAD"))
    partial.replace(info / "attributes")


def of(folder: Path, commit: str) -> bytes:
    """The lines of all `.gitattributes` in a commit's tree, as far as it can be read."""
    with GitProcess(folder, ["ls-tree", "-r", "-z", "--full-tree", commit]) as process:
        entries = process.output.read().split(b"\0")
        process.wait()
    found = [path for kind, _, path in (entry.partition(b"\t") for entry in entries) if _is_one(kind, path)]
    lines: list[bytes] = []
    for path in sorted(found, key=lambda path: path.count(b"/")):  # the last match wins: the deepest folder's
        content = attempt(folder, ["cat-file", "blob", f"{commit}:{os.fsdecode(path)}"]) or b""
        lines += _below(path.removesuffix(_NAME), content)
    return b"".join(line + b"\n" for line in lines)


def _is_one(kind: bytes, path: bytes) -> bool:
    return kind.startswith(b"100") and (path == _NAME or path.endswith(b"/" + _NAME))  # git ignores a link


def _below(prefix: bytes, content: bytes) -> list[bytes]:
    """The lines of one file with their patterns seen from the root."""
    lines = (line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").splitlines())
    ignored = (b"#", b"!", b'"!', *((b"[attr]",) if prefix else ()))
    return [_seen_from_root(prefix, line) for line in lines if line and not line.startswith(ignored)]


def _seen_from_root(prefix: bytes, line: bytes) -> bytes:
    if not prefix or line.startswith(b"[attr]"):
        return line
    quoted = _QUOTED.match(line)
    pattern, rest = quoted.groups() if quoted else _WORD.match(line).groups()  # type: ignore[union-attr]  # never empty
    pattern = pattern if quoted else _in_quotes(pattern)
    folder = _in_quotes(_GLOB.sub(rb"\\\g<0>", prefix))
    return b'"' + folder + (b"" if b"/" in pattern else b"**/") + pattern.removeprefix(b"/") + b'" ' + rest


def _in_quotes(text: bytes) -> bytes:
    return text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
