"""Addresses at one host: taken apart and joined, never pasted, so that a credential goes nowhere else.

What a server calls an address (`Location`, `Link`) is a text like any other. Parsers disagree about a backslash, a tab
or a letter outside ASCII in it, so such a text is refused before any of them reads it.
"""

import re
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from devhealth.errors import SourceError

_PLAIN = re.compile(r"[!#-\[\]-~]*")
"""Printable ASCII without blank, double quote and backslash."""
_NETLOC = re.compile(
    r"(?P<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>\d{0,5}))?", re.IGNORECASE
)
_PORTS = {"https": 443, "http": 80}


class Origin(NamedTuple):
    """Whom a request goes to: all three must agree before a credential is sent."""

    scheme: str
    host: str
    """Lower case."""
    port: int

    def __str__(self) -> str:
        """As people write it: without the usual port."""
        return f"{self.scheme}://{self.host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")


def origin_of(url: str) -> Origin:
    """Scheme, host and port of an address; raises ValueError, never repeating it, where these are not plain to see."""
    _require_plain(url)
    parts = urlsplit(url)
    match = _NETLOC.fullmatch(parts.netloc)
    if parts.scheme not in _PORTS or not match:
        raise ValueError("it does not name a host by http or https alone")
    return Origin(parts.scheme, match["host"].lower(), int(match["port"] or _PORTS[parts.scheme]))


def followed(asked: str, reference: str, what: str) -> str:
    """Where an answer to `asked` leads on to. Raises SourceError for another scheme, host or port.

    `what` was asked for, in words.
    """
    url, here = _joined(asked, reference, what), origin_of(asked)
    there = origin_of(url)
    if there != here:
        raise SourceError(
            f"{what} has moved to another host, {there.host if there.host != here.host else there}: the credential is "
            f"for {here}. Name the other one as the source, or as the url of the credential, if you trust it."
        )
    return url


def at_base(base: str, asked: str, reference: str, what: str) -> str:
    """The same path and parameters at the host of `base`: a proxy passes on links of the host that is behind it.

    Raises SourceError for what is no address.
    """
    url = _joined(asked, reference, what)
    if origin_of(url) == origin_of(base):
        return url
    parts, prefix = urlsplit(url), urlsplit(base).path.rstrip("/")
    path = parts.path if parts.path.startswith(f"{prefix}/") else f"{prefix}/{parts.path.lstrip('/')}"
    return f"{origin_of(base)}{path}" + (f"?{parts.query}" if parts.query else "")


def _joined(asked: str, reference: str, what: str) -> str:
    try:
        _require_plain(reference)
        url = urljoin(asked, reference)
        origin_of(url)
    except ValueError as error:
        reason = str(error)
    else:
        return url
    raise SourceError(f"{what} leads on to an address that cannot be read: {reason}. Ask the host's administrator.")


def _require_plain(text: str) -> None:
    if not _PLAIN.fullmatch(text):
        raise ValueError("it has characters that stand in no address")
