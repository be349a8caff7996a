"""Which files of a commit's tree are to be blamed."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from devhealth.connectors.local_git import git_process, refs
from devhealth.connectors.local_git.git_failure import failure
from devhealth.connectors.local_git.git_process import GitProcess
from devhealth.errors import SourceCorrupt
from devhealth.models.blame_pages import BlameCursor

_REGULAR = b"100"
"""How the modes of regular files begin; symlinks are 120000, submodules 160000."""
_MOST_PATHSPECS = 200
_UNREADABLE = re.compile(r"^(error|fatal): (?!.*(commit-graph|commit graph|multi-pack-index|chunk))", re.MULTILINE)
"""How git says that it left something out; what else it says goes with a complete answer."""


@dataclass(frozen=True, slots=True)
class File:
    """A path of the tree, or one that left it."""

    path: bytes
    is_text: bool
    """A regular file with at least one line that git does not take for binary."""
    is_damaged: bool
    """It could not be read, so nobody knows whether it is text."""


def tip(folder: Path, options: Mapping[str, object]) -> BlameCursor:
    """The commit of the default branch, as a run that blames it now leaves it to the next.

    Of a clone that is behind its origin it is origin's, of one that went its own way the local one.
    """
    listing = refs.list_refs(folder)
    tips = [listing.objects[name] for name in refs.tips_of(listing, refs.default_branch(listing, options))]
    if len(set(tips)) > 1:
        is_behind = git_process.attempt(folder, ["merge-base", "--is-ancestor", *tips]) is not None
        tips = [tips[1 if is_behind else 0]]
    return BlameCursor(tips[0] if tips else None, listing.shallow_digest)


def first_parents(folder: Path, old: str, new: str) -> bytes | None:
    """Lines `commit first-parent` from the new commit back to the old one; None when first parents do not lead there.

    Blame follows the first parent that has the very same file. So where they lead to the old commit, files that none of
    the commits on the way changed are blamed as they were then; otherwise any file may be blamed differently.
    """
    listing = git_process.attempt(folder, ["rev-list", "--first-parent", "--parents", new, f"^{old}", "--"])
    if listing is None or not listing:
        return b"" if listing is not None and old == new else None
    pairs = [line.split()[:2] for line in listing.splitlines()]
    return b"".join(b" ".join(pair) + b"\n" for pair in pairs) if pairs[-1][1:] == [old.encode()] else None


def changed(folder: Path, commit: str, since: str | None) -> list[File]:
    """The files to blame, by path: all regular ones, or those that changed since an earlier commit, gone ones too."""
    there = _regular_files(folder, commit)
    paths = sorted(there if since is None else _touched(folder, since, commit))
    present = [path for path in paths if path in there]
    if not present:
        return [File(path, is_text=False, is_damaged=False) for path in paths]
    text = _text_files(folder, commit, present)
    if text is not None:
        return [File(path, is_text=path in text, is_damaged=False) for path in paths]
    return [_looked_into(folder, commit, path, is_present=path in there) for path in paths]


def _regular_files(folder: Path, commit: str) -> set[bytes]:
    with git_process.stream(folder, ["ls-tree", "-r", "-z", "--full-tree", commit]) as output:
        return {entry.split(b"\t", 1)[1] for entry in _words(output) if entry.startswith(_REGULAR)}


def _touched(folder: Path, since: str, commit: str) -> set[bytes]:
    """Paths of regular files, new or old, that a commit on the way of first parents changed."""
    pairs = first_parents(folder, since, commit) or b""
    arguments = ["diff-tree", "--stdin", "--raw", "-r", "-z", "--no-renames", "--no-commit-id"]
    paths = set()
    with git_process.stream(folder, arguments, stdin=pairs) as output:
        words = _words(output)
        for facts in words:
            path = next(words)
            old_mode, new_mode = facts[1:].split(b" ")[:2]
            if old_mode.startswith(_REGULAR) or new_mode.startswith(_REGULAR):
                paths.add(path)
    return paths


def _looked_into(folder: Path, commit: str, path: bytes, *, is_present: bool) -> File:
    text = _text_files(folder, commit, [path]) if is_present else set()
    return File(path, is_text=bool(text), is_damaged=text is None)


def _text_files(folder: Path, commit: str, paths: list[bytes]) -> set[bytes] | None:
    """Files with a line, as git tells text from binary; None when one of them cannot be read."""
    arguments = ["grep", "-I", "-l", "-z", "-F", "--full-name", "--no-recurse-submodules", "-e", "", commit]
    if len(paths) <= _MOST_PATHSPECS:
        arguments = ["--literal-pathspecs", *arguments, "--", *map(os.fsdecode, paths)]
    with GitProcess(folder, arguments) as process:
        named = {word[len(commit) + 1 :] for word in _words(process.output)}
        outcome = process.wait()
    if outcome.status in {0, 1} and not _UNREADABLE.search(outcome.stderr):  # 1: no file has a line
        return named
    error = failure(folder, outcome)
    if outcome.status in {0, 1} or isinstance(error, SourceCorrupt):
        return None
    raise error


def _words(output: BinaryIO) -> Iterator[bytes]:
    """What stands between NULs."""
    rest = b""
    while block := output.read(1 << 16):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
