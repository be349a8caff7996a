"""Asking GitHub: one client for REST and GraphQL, with every limit, retry and credential behind it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.host import ApiHost
from devhealth.models.usage import Usage
from devhealth.settings import Settings


class Client:
    """Reads one GitHub. Waits, retries and chooses between credentials by itself; may be shared by threads.

    Every method raises SourceNotFound, SourceForbidden, SourceEmpty or another SourceError that says what, for whom
    and what to do; RateLimited when a limit asks for more than a minute and nobody waits (see `Settings.wait`).
    `owner` says whose data is asked for, which decides between the installations of a GitHub App; by default what the
    path, the variables `owner`, `login` or `org`, or `open_client` say.
    """

    def query(self, document: str, variables: Mapping[str, Any] | None = None, *, owner: str = "") -> Answer:
        """The answer to a GraphQL query. Fields in `Answer.errors` are null, all others are whole.

        Raises NotServed where GraphQL is not offered, TooMuchAsked when GitHub gives up on the size of the question.
        """
        raise NotImplementedError

    def get(
        self, path: str, parameters: Mapping[str, Any] | None = None, *, etag: str = "", modified: str = ""
    ) -> Answer:
        """The answer to a GET; 304 when nothing has changed since `etag` or `modified`, which costs no point."""
        raise NotImplementedError

    def pages(self, path: str, parameters: Mapping[str, Any] | None = None, *, after: str = "") -> Iterator[Answer]:
        """The pages of a list, 100 rows each unless asked otherwise, to the last; `after` is the `next` of a page."""
        raise NotImplementedError

    @property
    def usage(self) -> Usage:
        """What this client has cost so far."""
        raise NotImplementedError


@contextmanager
def open_client(settings: Settings, api: ApiHost, *, owner: str = "") -> Iterator[Client]:
    """A client with the credential of the settings, else with $GITHUB_TOKEN, else nobody's."""
    raise NotImplementedError
    yield Client()
