"""Clone URLs: what git is given, and what names a repository whichever way it is reached."""

import os
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from devhealth.errors import SourceNotFound

SCHEMES = ("https", "http", "ssh", "git", "file")
"""The transports git may use; every other one is a program it would look for on PATH."""
USUAL_PORTS = {"", "22", "80", "443", "9418"}
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<user>[^/]*)@)?(?P<host>\[[^\]/]*\]|[^@/:]*)(?::(?P<port>\d*))?(?P<path>/.*)?",
    re.IGNORECASE | re.DOTALL,
)
_SCP_LIKE = re.compile(r"(?:(?P<user>[^@/:\s]+)@)?(?P<host>\[[^\]/]+\]|[^@/:\s]+):(?P<path>(?!//).+)", re.DOTALL)
_SAME_HOST = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_PROGRAM = re.compile(r"[a-z0-9][a-z0-9+.-]*::", re.IGNORECASE)
"""git runs git-remote-<name> of PATH for these, and what they are told for ext::."""
_OPTION = re.compile(r"-|[a-z]+://(?:[^/@]*@)?-|[^/@:]+@-|[^/:]*:-")
"""What git would take for an option, for itself or for ssh."""
_CASELESS_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a host asks for; an empty user name or password was not given."""

    username: str = field(repr=False)  # hosts also take a token in its place
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """A clone URL, taken apart."""

    location: str
    """What git is given; free of credentials."""
    scheme: str
    host: str
    """Lower case, with its port unless that is a usual one; "local" for file URLs."""
    path: str
    """acme/shop; the real path for file URLs."""
    credentials: Credentials | None = None

    @property
    def alias(self) -> str:
        """One spelling for all ways to the repository: github.com/acme/shop, or a real path."""
        return self.path if self.host == "local" else f"{self.host}/{self.path}"


def parse(text: str) -> RemoteUrl | None:
    """The URL, or None for a path; raises SourceNotFound, never repeating the text, for what git must not be given."""
    is_unfit = bool(_PROGRAM.match(text)) or "\0" in text
    remote = None if is_unfit else parse_origin(text)
    if is_unfit or _OPTION.match(remote.location if remote else text):
        raise SourceNotFound(
            "the source given is neither a path nor a clone URL: a name in it begins with a dash, or it names a "
            "program (`ext::`, `fd::`). Expected a path, https://host/path, ssh://git@host/path, git@host:path or file:///path."
        )
    return remote


def parse_origin(text: str) -> RemoteUrl | None:
    """As `parse`, of the URL a clone has for its origin: it names the repository, and git is never given it."""
    if "://" not in text:
        match = _SCP_LIKE.fullmatch(text)
        return _remote(text, "ssh", match["host"], "", match["path"]) if match else None
    match = _URL.fullmatch(text)
    scheme = match["scheme"].lower() if match else ""
    if not match or scheme not in SCHEMES or not match["path"] or (scheme != "file" and not match["host"]):
        raise SourceNotFound(
            "cannot read the clone URL given: expected https://host/path, ssh://git@host/path, git@host:path or "
            "file:///path, without credentials. Correct the URL."
        )
    if scheme == "file":
        return RemoteUrl(f"file://{match['path']}", scheme, "local", real_path(unquote(match["path"])))
    user, _, password = (match["user"] or "").partition(":")
    shown = f"{user}@" if user and scheme == "ssh" else ""
    port = f":{match['port']}" if match["port"] else ""
    location = f"{scheme}://{shown}{match['host']}{port}{match['path']}"
    given = Credentials(unquote(user), unquote(password)) if user and scheme in {"https", "http"} else None
    return _remote(location, scheme, match["host"], match["port"] or "", match["path"], given)


def real_path(path: str | os.PathLike[str]) -> str:
    """The absolute path of a repository's folder, links followed, its .git left out."""
    real = os.path.realpath(path)
    folder, last = os.path.split(real)
    return folder if last == ".git" else real


def require_text(*paths: str | os.PathLike[str]) -> None:
    """Raise SourceNotFound for a path that is not UTF-8, which no table and no configuration can hold."""
    for path in [os.fspath(path) for path in paths]:
        if not path.isascii() and not _is_text(path):
            raise SourceNotFound(
                f"the path {os.fsencode(path)!r} is not UTF-8, so it cannot be stored. Rename the folder, or register "
                "a clone of the repository elsewhere."
            )


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _remote(
    location: str, scheme: str, host: str, port: str, path: str, credentials: Credentials | None = None
) -> RemoteUrl:
    host = _SAME_HOST.get(host.lower(), host.lower())
    path = "/".join(part for part in unquote(path).split("/") if part).removesuffix(".git")
    if host in _CASELESS_HOSTS or host.endswith(".ghe.com"):
        path = path.lower()
    return RemoteUrl(location, scheme, host if port in USUAL_PORTS else f"{host}:{port}", path, credentials)
