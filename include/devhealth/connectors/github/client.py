"""Asking GitHub: one client for REST and GraphQL, with every limit, retry and credential behind it."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from devhealth.connectors.github import shapes
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.connection import Wire
from devhealth.connectors.github.host import ApiHost
from devhealth.connectors.github.sending import Exchange, Question, Reply
from devhealth.errors import NotServed, RecordError, SourceError, SourceForbidden, TooMuchAsked
from devhealth.models.usage import Usage
from devhealth.settings import Settings
from devhealth.transport import addresses
from devhealth.transport.decoding import decode
from devhealth.transport.listing import Listing, keys_of
from devhealth.transport.memory import Memory, Remembered
from devhealth.transport.retrying import ATTEMPTS, Passing, persistently
from devhealth.transport.sizes import Lessons
from devhealth.transport.waiting import Clock

Result = TypeVar("Result")

PER_PAGE = 100

_NOT_MODIFIED, _MOVED, _REFUSED = 304, range(301, 309), 400
_NOT_OFFERED = frozenset({404, 405, 410, 501})
_MOST_MOVES = 5
_OWNER_IN_PATH = re.compile(r"/(?:repos|orgs|users)/([^/?]+)")
_CLONE_TOKEN = re.compile(rb'("temp_clone_token"\s*:\s*")[^"]*"')
"""What git may read a private repository with for an hour: nobody here needs it, and answers are kept on disk."""
_NEXT = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


class Client:
    """Reads one GitHub. Waits, retries and chooses between credentials by itself; may be shared by threads.

    Every method raises SourceNotFound, SourceForbidden, SourceEmpty or another SourceError that says what, for whom
    and what to do; RateLimited when a limit asks for more than a minute and nobody waits (see `Settings.wait`).
    `owner` says whose data is asked for, which decides between the installations of a GitHub App; by default what the
    path, the variables `owner`, `login` or `org`, or `open_client` say.
    """

    def __init__(
        self,
        exchange: Exchange,
        owner: str = "",
        memory: Memory | None = None,
        shape_of: Callable[[Question], Any] | None = None,
    ) -> None:
        """`shape_of` a question is the type its answer must have; without it any JSON will do."""
        self.api, self._shape_of = exchange.api, shape_of
        self.lessons = Lessons()
        self._exchange, self._owner, self._clock, self._memory = exchange, owner, exchange.clock, memory

    def query(
        self, document: str, variables: Mapping[str, Any] | None = None, *, owner: str = "", is_divisible: bool = False
    ) -> Answer:
        """The answer to a GraphQL query. Fields in `Answer.errors` are null, all others are whole.

        Raises NotServed where GraphQL is not offered, TooMuchAsked when GitHub gives up on the size of the question:
        at once when that is divisible, else after some attempts.
        """
        given = dict(variables or {})
        owner = owner or next((str(given[name]) for name in ("owner", "login", "org") if given.get(name)), self._owner)
        subject = f"{owner}/{given['name']}" if given.get("name") and owner else owner or "GraphQL"
        question = Question("POST", self.api.graphql_url, what=f"{subject} (GraphQL of {self.api.host})", owner=owner)
        question = replace(question, content={"query": document, "variables": given}, is_graphql=True)
        return self._answer(question, is_divisible=is_divisible)

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """The answer to a GET; of a client with a memory the last one, when GitHub says that it holds, for no point."""
        asked = f"{self.api.rest_url}{self._path(path)} {sorted((parameters or {}).items())}"
        last = self._memory.recall(asked) if self._memory else None
        conditions = {"If-None-Match": last.etag, "If-Modified-Since": last.modified} if last else {}
        question = Question(
            "GET",
            self._path(path),
            what=f"{self.api.host}{urlsplit(path).path}",
            owner=self._owner_in(path),
            parameters=dict(parameters or {}),
            headers={name: value for name, value in conditions.items() if value},
        )
        answer = self._answer(question)
        if last and answer.status == _NOT_MODIFIED:
            answer = replace(answer, status=200, raw=last.body, next=last.next, etag=last.etag, modified=last.modified)
        if self._memory:
            kept = Remembered(etag=answer.etag, modified=answer.modified, next=answer.next, body=answer.raw)
            self._memory.keep(asked, kept)
        return answer

    def pages(self, path: str, parameters: Mapping[str, Any] | None = None, *, after: str = "") -> Iterator[Answer]:
        """The pages of a list, 100 rows each unless asked otherwise, to the last; `after` is the `next` of a page."""
        listing = Listing(f"{self.api.host}{urlsplit(path).path}")
        answer = self.get(after) if after else self.get(path, {"per_page": PER_PAGE, **(parameters or {})})
        yield answer
        while answer.next:
            listing.turn(answer.next, keys_of(answer.rows), answer.total)
            answer = self.get(answer.next)
            yield answer

    def git_password(self, owner: str = "") -> str:
        """What git reads the owner's repositories with, as the user x-access-token; empty for nobody's."""
        what = f"a password for git on {self.api.host}"
        return self._persistently(what, SourceError, lambda: self._exchange.secret_for(owner or self._owner))

    @property
    def usage(self) -> Usage:
        """What this client has cost so far."""
        return self._exchange.usage

    def _answer(self, question: Question, *, is_divisible: bool = False) -> Answer:
        kind = TooMuchAsked if question.is_graphql else SourceError
        return self._persistently(question.what, kind, lambda: self._once(question, is_divisible=is_divisible))

    def _persistently(self, what: str, too_much: type[SourceError], attempt: Callable[[], Result]) -> Result:
        try:
            return persistently(attempt, self._clock)
        except Passing as error:
            kind = too_much if error.is_size else SourceError
            said = f"{what} could not be read in {ATTEMPTS} attempts: {error}. Try again later."
        raise kind(self._exchange.scrubbed(said))  # outside the block, where what was sent is out of sight

    def _once(self, question: Question, *, is_divisible: bool) -> Answer:
        try:
            reply = self._followed(question)
            return self._graphql(question, reply) if question.is_graphql else self._rest(question, reply)
        except Passing as error:
            if not (is_divisible and error.is_size and question.is_graphql):
                raise
            text = f"{question.what}: {error}."
        raise TooMuchAsked(self._exchange.scrubbed(text))

    def _followed(self, question: Question) -> Reply:
        """The answer from where a repository has moved to, asked with the same parameters."""
        for _ in range(_MOST_MOVES):
            reply = self._exchange.reply(question)
            location = reply.received.headers.get("location", "")
            if reply.received.status not in _MOVED or reply.received.status == _NOT_MODIFIED or not location:
                return reply
            there = addresses.followed(self._url(question.path), location, question.what)
            parameters = {} if urlsplit(there).query else question.parameters
            question = replace(question, path=self._path(there), parameters=parameters)
        raise SourceError(f"{question.what} is moved from one place to the next without end. Ask its administrator.")

    def _rest(self, question: Question, reply: Reply) -> Answer:
        received = reply.received
        if received.status >= _REFUSED:
            raise self._exchange.refused(question, reply)
        if received.status != _NOT_MODIFIED:
            self._check(question, received.body)
        elif not question.headers:
            raise SourceError(f"{question.what}: expected an answer, got that nothing has changed (status 304).")
        link = _NEXT.search(received.headers.get("link", ""))
        asked = self._url(question.path)
        return Answer(
            status=received.status,
            raw=_CLONE_TOKEN.sub(rb'\1"', received.body),
            at=received.at,
            next=self._path(addresses.at_base(self.api.rest_url, asked, link[1], question.what)) if link else "",
            etag=received.headers.get("etag", ""),
            modified=received.headers.get("last-modified", ""),
        )

    def _graphql(self, question: Question, reply: Reply) -> Answer:
        received, reading = reply.received, reply.reading
        if received.status in _NOT_OFFERED or (reply.key.is_anonymous and received.status >= _REFUSED):
            raise NotServed(f"{self.api.host} offers {reply.key.name} no GraphQL (status {received.status}).")
        if received.status >= _REFUSED or reading is None:
            raise self._exchange.refused(question, reply)
        if reading.trouble:
            kind = SourceForbidden if reading.is_forbidden else SourceError
            said = "this may not be read." if reading.is_forbidden else "the query is not understood."
            raise kind(self._exchange.scrubbed(f"{question.what}: {said} {reading.trouble}"))
        self._check(question, received.body)
        answer = Answer(
            status=received.status, raw=received.body, at=received.at, errors=reading.outcomes, is_graphql=True
        )
        ids = question.content["variables"].get("ids")
        if ids is not None and self._shape_of and len(answer.data["nodes"]) != len(ids):
            raise SourceError(
                f"{question.what}: expected {len(ids)} nodes for as many ids, got {len(answer.data['nodes'])}."
            )
        return answer

    def _check(self, question: Question, body: bytes) -> None:
        """Raise SourceError, as all that is amiss with a source, for an answer of another shape."""
        if self._shape_of:
            try:
                decode(body, self._shape_of(question), question.what)
            except RecordError as error:
                raise SourceError(str(error)) from error

    def _url(self, path: str) -> str:
        return f"{self.api.rest_url}{path}" if path.startswith("/") else path

    def _path(self, url: str) -> str:
        """The path and parameters of a URL below the address of the interface; another one as it is."""
        parts = urlsplit(url)
        prefix = urlsplit(self.api.rest_url).path.rstrip("/")
        if not parts.path.startswith(f"{prefix}/"):
            return url
        path = parts.path.removeprefix(prefix)
        return f"{path}?{parts.query}" if parts.query else path

    def _owner_in(self, path: str) -> str:
        match = _OWNER_IN_PATH.search(path)
        return match[1] if match else self._owner


@contextmanager
def open_client(
    settings: Settings, api: ApiHost, *, owner: str = "", clock: Clock | None = None, remembers: bool = False
) -> Iterator[Client]:
    """A client with the credential of the settings, else with $GITHUB_TOKEN, else nobody's.

    One that remembers is for looking whether something is new: what it gets by REST is sent again only when it differs.
    """
    credential = settings.credential
    whose = f"{credential.org_id} {credential.reference}" if credential else "$GITHUB_TOKEN"
    memory = Memory(settings.home / "answers", whose) if remembers else None
    with closing(Wire(api)) as wire:
        yield Client(Exchange(settings, api, clock or Clock(), wire), owner, memory, shapes.shape_of)
