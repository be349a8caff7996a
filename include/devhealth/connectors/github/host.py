"""Where a repository is asked for: the host in its URL, else the `url` of the credential, else $GITHUB_API_URL.

acme/shop                            the host the credential is for; github.com when it does not say
https://github.com/acme/shop         https://api.github.com
https://git.example.com/acme/shop    https://git.example.com/api/v3, a GitHub Enterprise Server
https://acme.ghe.com/acme/shop       https://api.acme.ghe.com, an Enterprise Cloud with data residency
"""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from devhealth.errors import SourceForbidden, SourceNotFound
from devhealth.settings import Settings
from devhealth.transport.addresses import origin_of

PUBLIC = "github.com"

_PUBLIC_API = "https://api.github.com"
_ENTERPRISE = "/api/v3"
_NO_FOLDER = r"(?!\.\.?(?:\.git)?/?$)"
_NAME = (
    r"(?P<owner>[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)/"
    rf"(?P<repository>{_NO_FOLDER}[A-Za-z0-9._-]+?)(?:\.git)?/?"
)
_BARE = re.compile(_NAME)
_URL = re.compile(rf"(?P<site>https?://[^/]+)/{_NAME}", re.IGNORECASE)
_SAME_SITE = {"api.github.com": PUBLIC, "www.github.com": PUBLIC}
_RESIDENT = re.compile(r"(?:api\.)?(?P<site>[a-z0-9-]+\.ghe\.com)")
"""Hosts of data residency: pages and git at SITE, the interface at api.SITE."""


@dataclass(frozen=True, slots=True)
class ApiHost:
    """One GitHub and the address of its interface."""

    host: str
    """github.com, lower case; with its port where that is not the usual one."""
    rest_url: str
    """Without a slash at the end."""

    @property
    def is_cloud(self) -> bool:
        """Whether GitHub itself runs it."""
        return self.host == PUBLIC or _RESIDENT.fullmatch(self.host) is not None

    @property
    def graphql_url(self) -> str:
        """Where GraphQL is asked."""
        if self.rest_url.endswith(_ENTERPRISE):
            return f"{self.rest_url.removesuffix('/v3')}/graphql"
        return f"{self.rest_url}/graphql"

    @property
    def web_url(self) -> str:
        """Where people and git go."""
        if self.is_cloud:
            return f"https://{self.host}"
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
    there = _of_site(match["site"]) if match else None
    if match and there:
        api = _of_credential(settings)
        if api is not None and api.host != there.host:
            raise SourceForbidden(
                f"the credential is for {api.host}, and the source is on {there.host}. Read it with a credential of "
                "its host."
            )
        return Place(api or there, match["owner"], match["repository"])
    match = _BARE.fullmatch(location)
    if not match:
        raise SourceNotFound(
            f"{location!r} names no repository of GitHub: expected OWNER/NAME or https://HOST/OWNER/NAME."
        )
    return Place(default_host(settings), match["owner"], match["repository"])


def default_host(settings: Settings) -> ApiHost:
    """Where names without a host are looked for."""
    return _of_credential(settings) or host_of_environment()


def host_of_environment() -> ApiHost:
    """The GitHub that $GITHUB_TOKEN is for."""
    return _of_url(os.environ.get("GITHUB_API_URL", "")) or ApiHost(PUBLIC, _PUBLIC_API)


def _of_credential(settings: Settings) -> ApiHost | None:
    return _of_url(settings.credential.get("url")) if settings.credential else None


def _of_url(url: str) -> ApiHost | None:
    """The interface at this address; of the hosts of GitHub itself, that of their pages will do."""
    if not url:
        return None
    known = _of_site(url)
    if known is None or urlsplit(url).query or urlsplit(url).fragment:
        raise SourceNotFound(
            "the address of the GitHub to ask cannot be read: expected one such as https://git.example.com/api/v3."
        )
    path = urlsplit(url).path.rstrip("/")
    return known if known.is_cloud else ApiHost(known.host, known.rest_url.removesuffix(_ENTERPRISE) + path)


def _of_site(url: str) -> ApiHost | None:
    """The interface of whoever has pages at this address; None for what is no address."""
    try:
        origin = origin_of(url)
    except ValueError:
        return None
    host = str(origin).partition("://")[2]
    host = _SAME_SITE.get(host, host)
    if host == PUBLIC:
        return ApiHost(PUBLIC, _PUBLIC_API)
    if match := _RESIDENT.fullmatch(host):
        return ApiHost(match["site"], f"https://api.{match['site']}")
    return ApiHost(host, f"{origin}{_ENTERPRISE}")
