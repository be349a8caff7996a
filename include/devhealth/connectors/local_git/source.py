"""Who a repository is, and the folder to run git in: for a path a view of the repository, for a clone URL its mirror.

The remote is looked at once a run: `resolve` brings an existing mirror up to date, `open_source` then finds it fresh.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from devhealth.connectors.local_git import credentials, git_process, mirror, remote_url, view
from devhealth.connectors.local_git.remote_url import RemoteUrl
from devhealth.errors import SourceError, SourceForbidden, SourceNotFound
from devhealth.models.credential import Credential
from devhealth.models.source import SourceIdentity, Surveyed
from devhealth.models.text import to_text
from devhealth.settings import Settings

CREDENTIAL_FIELDS = credentials.FIELDS
SUFFICIENT_FIELDS = (("token",),)
PLAIN_FIELDS = ()
"""A password may have any letter."""

_AT_ONCE = 8

_LOG = logging.getLogger(__name__)


def survey(
    locations: Sequence[str], options: Mapping[str, object], settings: Settings
) -> dict[str, Surveyed | SourceError]:
    """Who each source is, or why it cannot be read; each is asked once, some at a time. No marks: a probe is cheap."""
    del options

    def look(location: str) -> Surveyed | SourceError:
        try:
            return Surveyed(resolve(location, settings))
        except SourceError as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="source") as threads:
        return dict(zip(locations, threads.map(look, locations), strict=True))


def resolve(location: str, settings: Settings) -> SourceIdentity:
    """Who the source at a path or clone URL is; of a URL, an existing mirror is brought up to date.

    A path stands for the worktree or bare repository around it. Credentials in a URL serve this one look at it.
    Raises SourceNotFound or SourceForbidden with the remedy.
    """
    remote = _remote_at(location)
    if remote is None:
        return identify(location, settings)
    if remote.credentials:
        _LOG.warning(
            "The URL of %s holds credentials. They are used by this process only and not stored: for scheduled runs "
            "set %s, or configure a git credential helper.",
            remote.alias,
            credentials.variable(remote.host),
        )
    mirror.look(remote, settings)
    return _identity(remote.location, remote)


def identify(location: str, settings: Settings) -> SourceIdentity:
    """As `resolve`, without asking whether the remote of a clone URL is there."""
    del settings
    remote = _remote_at(location)
    return _identity(remote.location, remote) if remote else _local_identity(Path(_path(location)))


def credential_in(location: str) -> Credential | None:
    """The credentials a clone URL holds, as a credential for its host alone; None for every other location."""
    remote = _remote_at(location)
    return credentials.in_url(remote) if remote else None


def open_source(source: str, settings: Settings, as_of: datetime | None = None) -> Path:
    """The folder to run git in: for a path a view of the repository there, for a clone URL its mirror.

    A mirror is made when there is none, and fetched when its last look at the remote is older than `as_of`. Without
    `as_of` nothing but refs is right in a view.
    """
    remote = None if os.path.isabs(source) else remote_url.parse(source)  # noqa: PTH117 - no Path for a URL
    if remote:
        return mirror.opened(remote, settings, as_of)
    return view.opened(Path(source), settings, with_attributes=as_of is not None)


def is_mirrored(source: str) -> bool:
    """Whether `open_source` gives a mirror of ours, and not somebody's own repository."""
    return not os.path.isabs(source) and remote_url.parse(source) is not None  # noqa: PTH117 - no Path for a URL


def _remote_at(location: str) -> RemoteUrl | None:
    return None if os.path.lexists(_path(location)) else remote_url.parse(location)


def _path(location: str) -> str:
    return os.path.expanduser(location)  # noqa: PTH111 - an unknown user's ~ is no reason to crash


def _local_identity(given: Path) -> SourceIdentity:
    path = _readable_folder(given)
    try:
        place = view.place_of(path)
    except FileNotFoundError as error:
        raise SourceNotFound(
            f"{path} is not a git repository: expected the folder of a clone or of a bare repository. "
            "Check the path, or run `git init` there first."
        ) from error
    except PermissionError as error:
        raise SourceForbidden(f"may not read {path}: {error.strerror}. Grant this user read access.") from error
    main = remote_url.real_path(place.common)
    remote_url.require_text(path, main)
    location = main if place.worktree is None else os.path.realpath(place.worktree)
    url = _origin(view.settings_of(place))
    if url is None:
        return _identity(location, RemoteUrl(location, "file", "local", main))
    return _identity(location, _remote_of(Path(location), url))


def _origin(pairs: view.Pairs) -> str | None:
    """Where a clone comes from, rewritten as the clone and this user have it."""
    url = next((value for name, value in pairs if name == "remote.origin.url"), None)
    if not url:
        return None
    rewritten = [(name, value) for name, value in pairs if name.startswith("url.")]
    environment = {"GIT_CONFIG_COUNT": str(len(rewritten))}
    for index, (name, value) in enumerate(rewritten):
        environment |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    asked = ["ls-remote", "--get-url", "--", url]
    answer = git_process.run(Path("/"), asked, is_transfer=True, extra_environment=environment)
    return to_text(answer.removesuffix(b"\n"))


def _remote_of(folder: Path, url: str) -> RemoteUrl:
    try:
        remote = remote_url.parse_origin(url)
    except SourceNotFound:  # a transport of the user's own making still tells repositories apart
        return RemoteUrl(url, "file", "local", url.rpartition("@")[2])
    return remote or RemoteUrl(url, "file", "local", remote_url.real_path(folder / Path(url).expanduser()))


def _identity(location: str, remote: RemoteUrl) -> SourceIdentity:
    name = remote.path.rpartition("/")[2].removesuffix(".git") if remote.host == "local" else remote.path
    return SourceIdentity(remote.host, remote.path, name or "/", location, (remote.alias,))


def _readable_folder(given: Path) -> Path:
    path = Path(os.path.realpath(given))
    try:
        is_folder = path.is_dir() or path.stat() is None
    except PermissionError as error:
        raise SourceForbidden(f"may not look at {path}: {error.strerror}. Grant this user read access.") from error
    except OSError as error:
        raise SourceNotFound(
            f"there is nothing at {path}. Check the path, or give a clone URL such as https://host/org/repo."
        ) from error
    if not is_folder:
        raise SourceNotFound(f"{path} is a file: expected the folder of a git repository. Check the path.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise SourceForbidden(f"may not read {path}: permission denied. Grant this user read access.")
    return path
