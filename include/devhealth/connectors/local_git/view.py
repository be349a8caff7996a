"""Somebody's own repository as we read it: its objects and refs, and none of its settings.

    views/<name>/HEAD, refs, packed-refs, reftable, objects, shallow   a copy of HEAD, links to the others
    views/<name>/config, info/attributes                               ours
    views/<name>/devhealth-of, devhealth-worktree                      where the repository and its worktree are

What a clone's configuration, its `info/attributes` and grafts, or a worktree with changes say moves numbers
(`diff.algorithm`, `diff.renameLimit`), ends git (a file that is gone, a word this git does not know) and differs from
one clone to the next, so git runs where there is none of it. Caches that may be damaged or stale, commit graphs and
multi-pack indexes, are not used.
Source: git-scm.com/docs/gitrepository-layout, git-scm.com/docs/git-config
"""

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devhealth.connectors.local_git import attributes, git_process
from devhealth.connectors.local_git.git_failure import OF
from devhealth.errors import SettingsError, SourceError, SourceForbidden, SourceNotFound
from devhealth.settings import Settings

_LINKED = ("refs", "packed-refs", "reftable", "objects", "shallow")
_WORKTREE = "devhealth-worktree"
_ASKED = r"^(extensions\..*|core\.(bare|repositoryformatversion)|remote\.origin\.url|url\..*\.insteadof)$"
_CARRIED = {"extensions.objectformat": "objectFormat", "extensions.refstorage": "refStorage"}
"""What tells how objects and refs are to be read."""
_WITHOUT_MEANING_HERE = {"noop", "partialclone", "preciousobjects", "worktreeconfig", "relativeworktrees"}
"""Extensions that change nothing about reading objects and refs."""

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository is."""

    own: Path
    """Its folder: of a linked worktree, the one that holds its HEAD."""
    common: Path
    """What all its worktrees share; a real path."""
    worktree: Path | None
    """None for a bare one."""


def place_of(path: Path) -> Place:
    """The repository around a path, as git finds it.

    Raises FileNotFoundError when there is none, PermissionError when it may not be looked at.
    """
    for folder in (path, *path.parents):
        link = folder / ".git"
        if link.is_file():
            target = link.read_bytes().removeprefix(b"gitdir:").strip()
            return _place(folder / os.fsdecode(target), folder)
        if link.is_dir() and (link / "HEAD").exists():
            return _place(link, folder)
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return _place(folder, None)
        folder.stat()
    raise FileNotFoundError("neither a worktree nor a bare repository")


def settings_of(place: Place) -> Pairs:
    """What the repository's configuration says of its kind and of where it comes from, names in lower case.

    Raises SourceError when it cannot be read, or says that the repository is of a kind we do not know.
    """
    file = place.common / "config"
    if not file.exists():
        return []
    arguments = ["config", "--file", str(file), "--includes", "-z", "--get-regexp", _ASKED]
    with git_process.GitProcess(Path("/"), arguments) as process:
        listed = process.output.read()
        outcome = process.wait()
    if outcome.status > 1:  # 1: none of them is there
        raise SourceError(
            f"git cannot read the settings in {file}: {outcome.message}. Correct them (`git config --edit` there), "
            "then sync again."
        )
    entries = (entry.partition("\n") for entry in os.fsdecode(listed).split("\0") if entry)
    pairs = [
        (key if key.startswith("url.") else key.lower(), value if line else "true") for key, line, value in entries
    ]
    found = dict(pairs)
    version = found.get("core.repositoryformatversion", "0")
    unknown = sorted(_extensions(pairs) - _CARRIED.keys() - {f"extensions.{name}" for name in _WITHOUT_MEANING_HERE})
    if version not in {"0", "1"} or unknown:
        named = "".join(f", {name}" for name in unknown)
        raise SourceError(
            f"{place.common} is of a kind that devhealth cannot read: repository format {version}{named}. Register a "
            "clone of it that is not, or its URL."
        )
    return pairs


def opened(path: Path, settings: Settings, *, with_attributes: bool) -> Path:
    """The view of the repository at a path, made or brought up to date; no object of it is copied.

    Attributes, which take longer, are those of HEAD; who only looks at refs can do without.
    Raises SourceNotFound or SourceForbidden when there is no repository to read, SettingsError when there is no place
    for a view.
    """
    try:
        place = place_of(path)
        view = _folder(place, settings)
        _configure(view, place)
        for name in _LINKED:
            _link(view / name, place.common / name)
        _write(view / "HEAD", _head(place.own))
        _write(view / OF, os.fsencode(path))
        _write(view / _WORKTREE, os.fsencode(place.worktree or ""))
    except PermissionError as error:
        raise SourceForbidden(f"may not read {path}: {error.strerror}. Grant this user read access.") from error
    except FileNotFoundError as error:
        raise SourceNotFound(f"no git repository at {path}: {error}. Check the path, or remove the source.") from error
    if with_attributes:
        _write_attributes(view)
    return view


def worktree_of(folder: Path) -> Path | None:
    """The worktree of the repository that git is run in; None for a bare one."""
    with suppress(FileNotFoundError):
        content = (folder / _WORKTREE).read_bytes()
        return Path(os.fsdecode(content)) if content else None
    top = git_process.attempt(folder, ["rev-parse", "--show-toplevel"])
    return None if top is None else Path(os.fsdecode(top.removesuffix(b"\n")))


def link_objects(objects: Path, scratch: Path) -> None:
    """Make a scratch folder hold the objects of a repository, without its commit graphs."""
    objects = Path(os.path.realpath(objects))
    with os.scandir(objects) as entries:
        for entry in entries:
            if entry.name != "info":
                (scratch / entry.name).symlink_to(entry.path)
    info = scratch / "info"
    info.mkdir()
    with suppress(FileNotFoundError):
        lines = (objects / "info" / "alternates").read_bytes().splitlines()
        absolute = (bytes(objects / os.fsdecode(line)) for line in lines if line and not line.startswith(b"#"))
        (info / "alternates").write_bytes(b"".join(line + b"\n" for line in absolute))


def _place(own: Path, worktree: Path | None) -> Place:
    try:
        common = own / os.fsdecode((own / "commondir").read_bytes().strip())
    except FileNotFoundError:
        common = own
    return Place(own, Path(os.path.realpath(common)), worktree)


def _folder(place: Place, settings: Settings) -> Path:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", str(place.common).removesuffix("/.git")).strip("-")[-60:]
    digest = hashlib.sha256(os.fsencode(os.path.realpath(place.own))).hexdigest()[:12]
    view = settings.home / "views" / f"{readable}-{digest}"
    try:
        (view / "info").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"cannot make {view}: {error.strerror}. Set DEVHEALTH_HOME to a folder that can be written."
        ) from error
    return view


def _configure(view: Path, place: Place) -> None:
    """Write the view's configuration, unless it was made of the repository's as it is."""
    file = place.common / "config"
    content = file.read_bytes() if file.exists() else b""
    made_of = b"# " + hashlib.sha256(content + bytes([place.worktree is None])).hexdigest().encode()
    with suppress(FileNotFoundError):
        if (view / "config").read_bytes().startswith(made_of):
            return
    pairs = settings_of(place)
    found, extensions = dict(pairs), _extensions(pairs)
    carried = [f"\t{name} = {found[key]}" for key, name in _CARRIED.items() if key in extensions]
    says_bare = found.get("core.bare") in {"true", "yes", "on", "1"} and place.own.resolve() == place.common
    lines = [
        "[core]",
        f"\trepositoryFormatVersion = {1 if carried else 0}",
        f"\tbare = {str(place.worktree is None or says_bare).lower()}",
        "\tcommitGraph = false",
        "\tmultiPackIndex = false",
        "[extensions]",
        *carried,
    ]
    _write(view / "config", made_of + b"\n" + "".join(f"{line}\n" for line in lines).encode())


def _extensions(pairs: Pairs) -> set[str]:
    """The extensions that git honours: of a repository of format 0 those that came before there were formats."""
    names = {name for name, _ in pairs if name.startswith("extensions.")}
    return names if dict(pairs).get("core.repositoryformatversion", "0") != "0" else set()


def _head(own: Path) -> bytes:
    file = own / "HEAD"
    return b"ref: " + os.fsencode(file.readlink()) + b"\n" if file.is_symlink() else file.read_bytes()


def _write_attributes(view: Path) -> None:
    named = ("HEAD", "refs/remotes/origin/HEAD")
    tips = (git_process.attempt(view, ["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]) for name in named)
    commit = os.fsdecode(next(filter(None, tips), b"").strip())
    made_of = f"# {commit or 'none'}\n".encode()
    with suppress(FileNotFoundError):
        if (view / "info" / "attributes").read_bytes().startswith(made_of):
            return
    _write(view / "info" / "attributes", made_of + (attributes.of(view, commit) if commit else b""))


def _link(link: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        if link.readlink() == target:
            return
    with tempfile.TemporaryDirectory(dir=link.parent) as scratch:
        (Path(scratch) / link.name).symlink_to(target)
        (Path(scratch) / link.name).replace(link)


def _write(file: Path, content: bytes) -> None:
    """Make the file hold the content; others may read or write it at the same time."""
    with suppress(FileNotFoundError):
        if file.read_bytes() == content:
            return
    with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
        (Path(scratch) / file.name).write_bytes(content)
        (Path(scratch) / file.name).replace(file)
