"""One request through PyGithub's Requester, which adds the credential, and the whole answer as bytes.

PyGithub is given a connection of ours, because its own follows a 301 without the parameters, asks a 202 again for ever,
decodes each body twice and writes bodies, tokens of an installation among them, to its debug log.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests
import urllib3
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester, RequestsResponse

from devhealth import __version__
from devhealth.connectors.github.host import ApiHost
from devhealth.errors import SourceError
from devhealth.transport.addresses import origin_of
from devhealth.transport.decoding import storable
from devhealth.transport.retrying import Passing
from github import Auth, Github

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 10.0, 60.0, 180.0
"""To connect, between two bytes, and for a whole answer."""
_ACCEPT = "application/vnd.github+json"
_FIRST = datetime(2008, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=366)
"""A clock that is further ahead is not one: what was read would count as known for years."""
_CHUNK = 1 << 18
_SHOWN = ("date", "content-type", "x-github-request-id")
_NO_FOLLOWING = 200
"""The status PyGithub is told where it would act by itself."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    at: datetime
    """The provider's clock, UTC; ours where it does not say."""


def decoded(body: bytes) -> Any:
    """The JSON of a body, or its text where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode(errors="replace")


class Wire:
    """Sends requests to one GitHub; each thread has a connection of its own."""

    def __init__(
        self, api: ApiHost, *, read_seconds: float = READ_SECONDS, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        self.api = api
        self._seconds = (min(CONNECT_SECONDS, read_seconds), read_seconds), whole_seconds
        self._threads = threading.local()
        self._opened: list[_Connection] = []

    def send(
        self,
        auth: Auth.Auth | None,
        verb: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Any = None,
    ) -> Received:
        """The answer, whatever its status; `path` starts with a slash, or is the URL of GraphQL.

        Raises Passing when there is none, or not a whole one.
        """
        connection = self._connection()
        failure = None
        try:
            self._requester(auth).requestJson(
                verb,
                path,
                dict(parameters or {}),
                {"Accept": _ACCEPT, **(headers or {})},
                content,
                connection,  # type: ignore[arg-type]
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = _passing(error, self.api.host)
        if failure:  # outside the block: the exception there holds the request, and that the credential
            raise failure
        return connection.received

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._opened:
            connection.session.close()

    def _requester(self, auth: Auth.Auth | None) -> Requester:
        return Github(
            auth=auth,
            base_url=self.api.rest_url,
            user_agent=f"devhealth/{__version__}",
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
        ).requester

    def _connection(self) -> "_Connection":
        found: _Connection | None = getattr(self._threads, "connection", None)
        if found is None:
            found = self._threads.connection = _Connection(self.api, *self._seconds)
            self._opened.append(found)
        return found


class _Connection:
    """What PyGithub asks of a connection: `request`, then `getresponse`."""

    received: Received

    def __init__(self, api: ApiHost, seconds: tuple[float, float], whole_seconds: float) -> None:
        kind = HTTPSRequestsConnectionClass if api.rest_url.startswith("https:") else HTTPRequestsConnectionClass
        self.session = kind("").session  # PyGithub's, with its adapters and without ~/.netrc
        self._origin = str(origin_of(api.rest_url))
        self._seconds, self._whole_seconds = seconds, whole_seconds

    def request(self, verb: str, url: str, content: Any, headers: dict[str, str], stream: bool = False) -> None:  # noqa: FBT001, FBT002 - PyGithub calls it
        del stream
        if not url.startswith("/"):  # the host would not end there, and what follows would be part of it
            raise SourceError(f"{self._origin} is not asked for what is no path. Report this as a fault of devhealth.")
        self._asked = verb, url, content, headers

    def getresponse(self) -> RequestsResponse:
        verb, url, content, headers = self._asked
        ends_at = time.monotonic() + self._whole_seconds
        with self.session.request(
            verb,
            self._origin + url,
            data=content,
            headers=headers,
            timeout=self._seconds,
            allow_redirects=False,
            stream=True,
        ) as response:
            parts = []
            while part := response.raw.read1(_CHUNK, decode_content=True):  # what has come, not what is asked for
                parts.append(part)
                if time.monotonic() > ends_at:
                    raise requests.ReadTimeout
            self.received = _received(response, b"".join(parts))
        return _Told(response)


class _Told(RequestsResponse):
    """What PyGithub and its debug log see of an answer: no body, and nothing to act on."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response)
        if self.status in {202, 301, 302}:
            self.status = _NO_FOLLOWING
        self.headers = requests.structures.CaseInsensitiveDict(
            (name, response.headers[name]) for name in _SHOWN if name in response.headers
        )

    def read(self) -> str:
        return ""


def _received(response: requests.Response, body: bytes) -> Received:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Received(response.status_code, headers, storable(body), _clock(headers.get("date", "")))


def _clock(text: str) -> datetime:
    """When the provider says it answered; our own time where it says nothing that can be true."""
    now = datetime.now(UTC)
    try:
        at = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return now
    return at if _FIRST <= at <= now + _AHEAD else now


def _passing(error: Exception, host: str) -> Passing:
    cause = next((one for one in error.args if isinstance(one, Exception)), error)
    late = (requests.Timeout, TimeoutError, urllib3.exceptions.ReadTimeoutError)
    if isinstance(error, late) or isinstance(cause, late):
        return Passing(f"{host} did not answer in time", is_size=not isinstance(error, requests.ConnectTimeout))
    if isinstance(error, urllib3.exceptions.ProtocolError | urllib3.exceptions.DecodeError):
        return Passing(f"the answer of {host} was cut off", is_size=True)
    if isinstance(error, requests.exceptions.SSLError):
        return Passing(f"no safe connection to {host}: its certificate is not trusted here")
    return Passing(f"no connection to {host} ({type(error).__name__})")
