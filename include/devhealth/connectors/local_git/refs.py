"""What a repository's branches and tags are at one instant."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devhealth.connectors.local_git.git_failure import failure
from devhealth.connectors.local_git.git_process import GitProcess, attempt, run, stream
from devhealth.connectors.local_git.view import worktree_of
from devhealth.errors import SourceCorrupt, SourceForbidden, SourceNotFound
from devhealth.models.git_pages import GitRef
from devhealth.models.text import to_text

_FOLDERS = ("refs/heads", "refs/tags", "refs/remotes")
_MISSING = re.compile(rb" missing$")


@dataclass(frozen=True, slots=True)
class Listing:
    """The refs by name, and what HEAD and origin's HEAD say."""

    objects: dict[str, str]
    """Ref name to the object it names, tags not peeled; "HEAD" when it is detached."""
    head: str | None
    """The ref HEAD names."""
    origin_head: str | None
    """The ref origin's HEAD names."""
    is_bare: bool
    is_shallow: bool
    mailmap: bytes
    mailmap_digest: str
    shallow: bytes
    """A line for each commit whose parents are cut off; empty for a complete history."""
    shallow_digest: str
    """Empty for a complete history."""


def list_refs(folder: Path) -> Listing:
    """The refs of the repository as they are now; reads no object, so it costs milliseconds."""
    answers = run(folder, ["rev-parse", "--is-bare-repository", "--is-shallow-repository", "--git-path", "shallow"])
    is_bare, is_shallow, shallow_file = answers.decode(errors="surrogateescape").split("\n", 2)
    lines = run(folder, ["for-each-ref", "--format=%(objectname) %(symref) %(refname)", *_FOLDERS]).splitlines()
    objects: dict[str, str] = {}
    origin_head = None
    for line in lines:
        sha, symref, name = line.split(b" ", 2)
        if name.endswith(b"/HEAD") and name.startswith(b"refs/remotes/") and symref:
            origin_head = to_text(symref) if name == b"refs/remotes/origin/HEAD" else origin_head
        else:
            objects[to_text(name)] = sha.decode()
    head = attempt(folder, ["symbolic-ref", "--quiet", "HEAD"])
    if head is None and (detached := attempt(folder, ["rev-parse", "--verify", "--quiet", "HEAD"])):
        objects["HEAD"] = detached.decode().strip()
    shallow = _content(folder / shallow_file.rstrip("\n")) if is_shallow == "true" else b""
    mailmap = _mailmap(folder, is_bare=is_bare == "true")
    return Listing(
        objects=objects,
        head=None if head is None else to_text(head.rstrip(b"\n")),
        origin_head=origin_head,
        is_bare=is_bare == "true",
        is_shallow=is_shallow == "true",
        mailmap=mailmap,
        mailmap_digest=hashlib.sha256(mailmap).hexdigest(),
        shallow=shallow,
        shallow_digest=hashlib.sha256(shallow).hexdigest() if shallow else "",
    )


def default_branch(listing: Listing, options: Mapping[str, object]) -> str | None:
    """Short name of the default branch; None when the repository has none.

    The configured one, else origin's, else a bare repository's HEAD, else main or master, else HEAD.
    Raises SourceNotFound when the configured one is not there although others are.
    """
    configured = options.get("default_branch")
    if configured:
        if not tips_of(listing, str(configured)) and listing.objects:
            raise SourceNotFound(
                f"there is no branch {configured!r}, which the configuration names as the default branch. "
                "Correct `default_branch`, or leave it out."
            )
        return str(configured)
    if listing.origin_head:
        return listing.origin_head.removeprefix("refs/remotes/origin/")
    head = listing.head.removeprefix("refs/heads/") if listing.head else None
    candidates = [head, "main", "master"] if listing.is_bare else ["main", "master", head]
    return next((name for name in candidates if name and tips_of(listing, name)), None)


def tips_of(listing: Listing, branch: str | None) -> list[str]:
    """Refs that are that branch: the local one and origin's. Without a branch, a detached HEAD."""
    names = [f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"] if branch else ["HEAD"]
    return [name for name in names if name in listing.objects]


def peel(folder: Path, listing: Listing) -> tuple[dict[str, str], list[str]]:
    """Ref name to commit, and the refs whose objects are missing. Tags of anything but a commit are in neither."""
    names = list(listing.objects)
    commits = _check(folder, [f"{listing.objects[name]}^{{commit}}" for name in names])
    found = {name: line.split(b" ")[0].decode() for name, line in zip(names, commits, strict=True) if _is_there(line)}
    others = [name for name in names if name not in found]
    present = _check(folder, [listing.objects[name] for name in others])
    return found, [name for name, line in zip(others, present, strict=True) if not _is_there(line)]


def tag_times(folder: Path) -> dict[str, int]:
    """Tag name to tagger time, annotated tags only; empty when a tag cannot be read."""
    listed = attempt(folder, ["for-each-ref", "--format=%(taggerdate:raw) %(refname)", "refs/tags"]) or b""
    parts = (line.split(b" ") for line in listed.splitlines())
    return {to_text(part[-1]): int(part[0]) for part in parts if len(part) > 2}  # noqa: PLR2004 - time, zone, name


def boundary(folder: Path, listing: Listing) -> list[str]:
    """The commits at which a shallow history is cut off; a root commit is none, whatever git notes of it."""
    found = []
    with stream(folder, ["cat-file", "--batch"], stdin=listing.shallow) as output:
        while line := output.readline():
            sha, _, size = line.partition(b" ")
            if size.startswith(b"commit "):
                header, _, _ = output.read(int(size.split()[1]) + 1).partition(b"\n\n")
                found += [sha.decode()] if b"\nparent " in header else []
    return found


def as_records(commits: Mapping[str, str], times: Mapping[str, int]) -> list[GitRef]:
    """The branches and tags among the refs, by name."""
    return [
        GitRef(name, sha, not name.lstrip('"').startswith("refs/tags/"), times.get(name))
        for name, sha in sorted(commits.items())
        if name != "HEAD"
    ]


def _check(folder: Path, names: list[str]) -> list[bytes]:
    """A line for each name: object and type, or `... missing`, also where git gives up on a corrupt object."""
    lines: list[bytes] = []
    while len(lines) < len(names):
        asked = "".join(f"{name}\n" for name in names[len(lines) :]).encode()
        with GitProcess(folder, ["cat-file", "--batch-check=%(objectname) %(objecttype)"], stdin=asked) as process:
            lines += process.output.read().splitlines()
            outcome = process.wait()
        if not outcome.is_success:
            error = failure(folder, outcome)
            if not isinstance(error, SourceCorrupt):
                raise error
            lines.append(b"corrupt missing")
    return lines


def _is_there(line: bytes) -> bool:
    return not _MISSING.search(line)


def _mailmap(folder: Path, *, is_bare: bool) -> bytes:
    if is_bare:
        return attempt(folder, ["cat-file", "blob", "HEAD:.mailmap"]) or b""
    top = worktree_of(folder)
    if top is None:
        return b""
    path = top / ".mailmap"
    try:
        return path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    except PermissionError as error:
        raise SourceForbidden(f"may not read {path}: {error.strerror}. Grant this user read access.") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
