"""Where a repository is asked for: the host in its URL, else the `url` of the credential, else $GITHUB_API_URL.

acme/shop                            the host the credential is for; github.com when it does not say
https://github.com/acme/shop         https://api.github.com
https://git.example.com/acme/shop    https://git.example.com/api/v3, a GitHub Enterprise Server
"""

import os
import re
from dataclasses import dataclass

from devhealth.errors import SourceForbidden, SourceNotFound
from devhealth.settings import Settings

PUBLIC = "github.com"

_PUBLIC_API = "https://api.github.com"
_ENTERPRISE = "/api/v3"
_NAME = r"(?P<owner>[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)/(?P<repository>[A-Za-z0-9._-]+?)(?:\.git)?/?"
_BARE = re.compile(_NAME)
_URL = re.compile(rf"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?)/{_NAME}")
_API_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[^/@\s]+)(?P<path>/[^\s?#]*)?")


@dataclass(frozen=True, slots=True)
class ApiHost:
    """One GitHub and the address of its interface."""

    host: str
    """github.com, lower case; with its port where that is not the usual one."""
    rest_url: str
    """Without a slash at the end."""

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is asked."""
        if self.rest_url.endswith(_ENTERPRISE):
            return f"{self.rest_url.removesuffix('/v3')}/graphql"
        return f"{self.rest_url}/graphql"

    @property
    def web_url(self) -> str:
        """Where people and git go."""
        if self.host == PUBLIC:
            return f"https://{PUBLIC}"
        return self.rest_url.removesuffix(_ENTERPRISE)


@dataclass(frozen=True, slots=True)
class Place:
    """A repository as it is written down: its host, its owner and its name."""

    api: ApiHost
    owner: str
    repository: str

    @property
    def name(self) -> str:
        """acme/shop."""
        return f"{self.owner}/{self.repository}"

    @property
    def alias(self) -> str:
        """github.com/acme/shop, lower case: the same for a local clone of it."""
        return f"{self.api.host}/{self.name}".lower()


def place_of(location: str, settings: Settings) -> Place:
    """The repository at a location; raises SourceNotFound for a text that names none.

    Raises SourceForbidden for one that is not on the host the credential is for.
    """
    match = _URL.fullmatch(location)
    if match:
        host = _without_usual_port(match["scheme"], match["host"].lower())
        api = _of_credential(settings)
        if api is not None and api.host != host:
            raise SourceForbidden(
                f"the credential is for {api.host}, and the source is on {host}. Read it with a credential of its host."
            )
        if api is None:
            rest = _PUBLIC_API if host == PUBLIC else f"{match['scheme']}://{host}{_ENTERPRISE}"
            api = ApiHost(host, rest)
        return Place(api, match["owner"], match["repository"])
    match = _BARE.fullmatch(location)
    if not match:
        raise SourceNotFound(
            f"{location!r} names no repository of GitHub: expected OWNER/NAME or https://HOST/OWNER/NAME."
        )
    return Place(default_host(settings), match["owner"], match["repository"])


def default_host(settings: Settings) -> ApiHost:
    """Where names without a host are looked for."""
    return _of_credential(settings) or _of_url(os.environ.get("GITHUB_API_URL", "")) or ApiHost(PUBLIC, _PUBLIC_API)


def _of_credential(settings: Settings) -> ApiHost | None:
    return _of_url(settings.credential.get("url")) if settings.credential else None


def _of_url(url: str) -> ApiHost | None:
    if not url:
        return None
    match = _API_URL.fullmatch(url.rstrip("/"))
    if not match:
        raise SourceNotFound(
            "the address of the GitHub to ask cannot be read: expected one such as https://git.example.com/api/v3."
        )
    host = _without_usual_port(match["scheme"], match["host"].lower())
    if host in {PUBLIC, "api.github.com", f"www.{PUBLIC}"}:
        return ApiHost(PUBLIC, _PUBLIC_API)
    return ApiHost(host, f"{match['scheme']}://{host}{(match['path'] or '').rstrip('/')}")


def _without_usual_port(scheme: str, host: str) -> str:
    return host.removesuffix(":443" if scheme == "https" else ":80")
