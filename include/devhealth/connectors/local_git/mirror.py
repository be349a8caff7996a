"""Bare mirrors of clone URLs, below the devhealth home: all branches and tags, fetched incrementally.

    mirrors/<name>            the mirror; devhealth-looked in it says when the remote was last looked at
    mirrors/<name>.lock       held while the mirror is made or fetched
    mirrors/<name>.*.part     one being made; left behind by a killed process, replaced by the next

What an organisation reads with a credential of its own is in a mirror of its own: another one, whose credential sees
less of the remote or is refused, must not be served from it.
Objects are never thrown away: commits that a forced push took off every branch must still be told apart as unreachable.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from devhealth.connectors.local_git import attributes, credentials, git_process, remote_access
from devhealth.connectors.local_git.remote_url import RemoteUrl
from devhealth.errors import SettingsError, SourceError
from devhealth.settings import Settings, private_folder

_KEPT_CONFIG = ("gc.auto=0", "gc.pruneExpire=never", "maintenance.auto=false", "fetch.unpackLimit=1")
_MOST_PACKS = 50
_LOOKED = "devhealth-looked"
_BRANCHES_AND_TAGS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


def look(remote: RemoteUrl, settings: Settings) -> None:
    """Bring the mirror up to date; without one, or with credentials in the URL, only check that the remote answers."""
    folder = _folder(remote, settings)
    if remote.credentials or not folder.is_dir():
        remote_access.ask(folder.parent, remote, settings)
        return
    with _locked(folder):
        _fetch(folder, remote, settings)


def opened(remote: RemoteUrl, settings: Settings, as_of: datetime | None) -> Path:
    """The mirror, made when there is none, fetched when its last look at the remote is older than `as_of`."""
    folder = _folder(remote, settings)
    if not _is_fresh(folder, as_of):
        with _locked(folder):
            if not folder.is_dir():
                _make(folder, remote, settings)
            elif not _is_fresh(folder, as_of):  # another process may have fetched while this one waited
                _fetch(folder, remote, settings)
    return folder


def _folder(remote: RemoteUrl, settings: Settings) -> Path:
    mirrors = settings.home / "mirrors"
    try:
        private_folder(mirrors)
    except OSError as error:
        raise SettingsError(
            f"cannot keep mirrors in {mirrors}: {error.strerror}. Set DEVHEALTH_HOME to a folder that can be written."
        ) from error
    readable = re.sub(r"[^A-Za-z0-9]+", "-", remote.alias).strip("-")[-60:]
    credential = credentials.of_remote(remote, settings)
    identity = f"{remote.location}\n{credential.org_id}" if credential else remote.location
    return mirrors / f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder.with_name(f"{folder.name}.lock"), mode=0o600):
            yield
    except PermissionError as error:
        raise SettingsError(
            f"cannot write below {folder.parent}: {error.strerror}. Set DEVHEALTH_HOME to a folder that can be written."
        ) from error


def _is_fresh(folder: Path, as_of: datetime | None) -> bool:
    if as_of is None:
        return folder.is_dir()
    try:
        return as_of <= datetime.fromisoformat((folder / _LOOKED).read_text()) <= datetime.now(UTC)
    except (OSError, ValueError):
        return False


def _make(folder: Path, remote: RemoteUrl, settings: Settings) -> None:
    for left_behind in folder.parent.glob(f"{folder.name}.*.part"):
        shutil.rmtree(left_behind, ignore_errors=True)
    started = datetime.now(UTC)
    part = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        config = [word for setting in _KEPT_CONFIG for word in ("-c", setting)]
        clone = ["clone", "--bare", "--quiet", "--template=", *config, "--", remote.location, str(part)]
        remote_access.transfer(folder.parent, clone, remote, settings)
        _tend(part)
        attributes.write(part)
        _note_look(part, started)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch(folder: Path, remote: RemoteUrl, settings: Settings) -> None:
    started = datetime.now(UTC)
    head, there = remote_access.ask(folder, remote, settings)
    is_shallow = (folder / "shallow").exists()  # the remote may be whole by now, its refs the same
    if is_shallow or there != _own_refs(folder):
        attributes.forget(folder)  # first, so that a kill before they are written again shows
        _drop_stale_locks(folder)
        options = [
            "--quiet",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--update-shallow",
            *(["--unshallow"] if is_shallow else []),
        ]
        remote_access.transfer(
            folder, ["fetch", *options, "--", remote.location, *_BRANCHES_AND_TAGS], remote, settings
        )
        _tend(folder)
    if head:
        git_process.run(folder, ["symbolic-ref", "HEAD", os.fsdecode(head)])
    if not attributes.are_written(folder):
        attributes.write(folder)
    _note_look(folder, started)


def _own_refs(folder: Path) -> dict[bytes, bytes]:
    listing = git_process.run(folder, ["for-each-ref", "--format=%(objectname) %(refname)"])
    return {name: value for value, _, name in (line.partition(b" ") for line in listing.splitlines())}


def _tend(folder: Path) -> None:
    """Keep the mirror quick: one pack after many fetches, and for every commit which paths it changed."""
    if len(list((folder / "objects" / "pack").glob("*.pack"))) > _MOST_PACKS:
        git_process.run(folder, ["repack", "-a", "-d", "-k", "-q"])
    with suppress(SourceError):  # it only makes walks faster; what is damaged shows where it is read
        git_process.run(folder, ["commit-graph", "write", "--reachable", "--changed-paths", "--split", "--no-progress"])


def _drop_stale_locks(folder: Path) -> None:
    """Remove what a killed git left; nobody else writes to the mirror while our lock is held."""
    for pattern in ("*.lock", "refs/**/*.lock", "objects/info/**/*.lock", "objects/pack/tmp_*"):
        for left_behind in folder.glob(pattern):
            left_behind.unlink(missing_ok=True)


def _note_look(folder: Path, at: datetime) -> None:
    partial = folder / f"{_LOOKED}.new"
    partial.write_text(at.isoformat())
    partial.replace(folder / _LOOKED)
