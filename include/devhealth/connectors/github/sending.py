"""One question until somebody's credential gets an answer: which one asks, when, and what its limits are after that."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from devhealth.connectors.github import graphql, limits
from devhealth.connectors.github.connection import Received, Wire, decoded
from devhealth.connectors.github.graphql import Reading
from devhealth.connectors.github.host import ApiHost
from devhealth.connectors.github.refusals import refusal
from devhealth.connectors.github.tokens import Key, Keyring
from devhealth.errors import SourceError
from devhealth.models.usage import Usage
from devhealth.settings import Settings
from devhealth.transport import limits as accounts
from devhealth.transport.limits import Allowance, Standing
from devhealth.transport.retrying import Passing
from devhealth.transport.slots import slot
from devhealth.transport.waiting import Clock, wait_until
from github import Auth

_UNAUTHORIZED, _NOT_MODIFIED, _COMPUTING, _NOT_IMPLEMENTED = 401, 304, 202, 501
_OTHERS_MAY_SEE = frozenset({_UNAUTHORIZED, 403, 404})
_ITS_OWN_FAULT = range(500, 600)
_SIZE = frozenset({500, 502, 504})

_NEARLY_NOTHING = 100

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whose data; `what` names it for people."""

    verb: str
    path: str
    what: str
    owner: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Any = None
    is_graphql: bool = False

    @property
    def kind(self) -> str:
        """Which allowance it is counted against."""
        return limits.kind_of(self.path)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and who got it; of GraphQL also what it amounts to."""

    received: Received
    key: Key
    reading: Reading | None = None

    @property
    def is_refused(self) -> bool:
        """Whether another credential may see more."""
        if self.reading:
            return any(len(outcome.path) == 1 for outcome in self.reading.outcomes)
        return self.received.status in _OTHERS_MAY_SEE


class Exchange:
    """Puts questions to one GitHub with the credential of the settings; may be shared by threads."""

    def __init__(self, settings: Settings, api: ApiHost, clock: Clock, wire: Wire) -> None:
        self.api, self.clock, self.usage = api, clock, Usage()
        self._settings, self._wire = settings, wire
        self._keyring = Keyring(settings, api, self._ask_as_app, clock)
        self._dead: dict[Key, Reply] = {}
        self._blind: set[tuple[str, str]] = set()
        self._guard = threading.Lock()

    def reply(self, question: Question) -> Reply:
        """An answer that no limit stands behind; a refusal only where every credential meets one.

        Raises Passing for what the next attempt may not meet, RateLimited, and SourceError.
        """
        refused: list[Reply] = []
        while True:
            keys = self._keys(question, [reply.key for reply in refused])
            if not keys:
                refused += self._dead.values()
                return min(refused, key=lambda reply: reply.received.status == _UNAUTHORIZED)
            reply = self._first_answer(question, keys)
            if not reply.is_refused:
                self._blind |= {(one.key.identity, question.owner) for one in refused}
                return reply
            refused.append(reply)

    def refused(self, question: Question, reply: Reply) -> SourceError:
        """The error for a reply of status 400 and above."""
        body = decoded(reply.received.body)
        return refusal(reply.received, body, what=question.what, reader=reply.key.name, scrubbed=self.scrubbed)

    def scrubbed(self, text: str) -> str:
        """The text without any secret in it."""
        return self._keyring.scrubbed(text)

    def secret_for(self, owner: str) -> str:
        """What is sent to read an owner's data; empty for nobody's."""
        auth = self._keyring.keys(owner)[0].auth()
        return auth.token if auth else ""

    def _keys(self, question: Question, asked: Sequence[Key]) -> list[Key]:
        """The keys to choose from: not those that have never seen anything of this owner while others have."""
        left = [key for key in self._keyring.keys(question.owner) if key not in asked and key not in self._dead]
        return [key for key in left if (key.identity, question.owner) not in self._blind] or left

    def _first_answer(self, question: Question, keys: Sequence[Key]) -> Reply:
        is_renewed = False
        while True:
            key = self._ready(question.kind, keys)
            reply = self._sent(question, key)
            if reply is None:
                continue
            if reply.received.status != _UNAUTHORIZED or key.is_anonymous:
                return reply
            if is_renewed or not key.renew():
                _LOG.warning("%s is not valid, expired or revoked: it is not used again", key.name)
                self._dead[key] = reply
                return reply
            is_renewed = True

    def _ready(self, kind: str, keys: Sequence[Key]) -> Key:
        """The key with most left, once one of them may ask."""
        while True:
            now, pace = self.clock.now(), limits.per_minute(self.api.host, kind)
            standings = [(key, key.ledger.read()) for key in keys]
            ready = [(accounts.ready_at(standing, kind, now, pace), key, standing) for key, standing in standings]
            free = [(key, standing) for at, key, standing in ready if at <= now]
            if free:
                return max(free, key=lambda one: accounts.left(one[1], kind, now))[0]
            at, key, standing = min(ready, key=lambda one: one[0])
            self._count(
                Usage(waited_seconds=wait_until(at, self._why(key, standing, kind, at), self._settings, self.clock))
            )

    def _why(self, key: Key, standing: Standing, kind: str, at: float) -> str:
        allowance = standing.allowances.get(kind)
        if at <= standing.paused_until:
            return f"{self.api.host} asks {key.name} to slow down."
        if allowance and allowance.remaining <= 0:
            return f"{self.api.host} allows {key.name} no more of {allowance.limit:,} requests ({kind})."
        return f"{self.api.host} allows {limits.per_minute(self.api.host, kind):,} requests a minute ({kind})."

    def _sent(self, question: Question, key: Key) -> Reply | None:
        """The reply to one request; None when a limit stood behind it, which the key's account shows from now on."""
        kind, auth = question.kind, key.auth()
        if limits.per_minute(self.api.host, kind):
            key.ledger.change(lambda standing: accounts.note_sent(standing, kind, self.clock.now()))
        points = 1
        allowance: Allowance | None = None
        try:
            with slot(key.ledger.folder, key.identity, limits.AT_ONCE, self.clock.sleep):
                received = self._wire.send(
                    auth,
                    question.verb,
                    question.path,
                    parameters=question.parameters,
                    headers=question.headers,
                    content=question.content,
                )
            allowance = limits.allowance_of(received, self.clock.now())
            reading = _reading(question, received, self.api.host)
            points = reading.points if reading else int(received.status != _NOT_MODIFIED)
        finally:
            self._count(_usage(points, allowance))
        if self._was_limited(question, key, received, reading, allowance):
            return None
        if received.status == _COMPUTING:
            raise Passing("it is still being computed")
        if received.status in _ITS_OWN_FAULT and received.status != _NOT_IMPLEMENTED:
            raise Passing(f"status {received.status}", is_size=received.status in _SIZE)
        if reading and reading.trouble and not reading.is_final:
            raise Passing(reading.trouble.rstrip("."), is_size=reading.is_size)
        return Reply(received, key, reading)

    def _was_limited(
        self, question: Question, key: Key, received: Received, reading: Reading | None, allowance: Allowance | None
    ) -> bool:
        """Notes in the key's account how it stands after an answer."""
        found = None
        if received.status >= 400 or (reading and reading.is_limit):  # noqa: PLR2004
            found = limits.limited(received, decoded(received.body))
        now, kind = self.clock.now(), question.kind
        if found is None and (allowance or received.status < 400):  # noqa: PLR2004 - a broken gateway tells nothing
            is_news = bool(key.ledger.read().refusals) or (allowance and allowance.remaining < _NEARLY_NOTHING)
            key.ledger.change(lambda one: accounts.note_answer(one, kind, allowance), is_urgent=bool(is_news))
        if found is None:
            return False
        standing = key.ledger.change(lambda standing: _note(standing, found, kind, now))
        if standing.refusals > accounts.MOST_REFUSALS:
            raise SourceError(
                f"{question.what}: {self.api.host} has refused {key.name} {standing.refusals} times in a row, although "
                "we waited as it asked. Find out what else uses this credential, and run again."
            )
        return True

    def _ask_as_app(self, auth: Auth.Auth, verb: str, path: str, parameters: Mapping[str, Any]) -> Received:
        question = Question(verb, path, what=f"{self.api.host}{path}", parameters=parameters, content=_content(verb))
        key = self._keyring.app_key(auth)

        while True:
            reply = self._sent(question, self._ready(question.kind, [key]))
            if reply:
                return reply.received

    def _count(self, more: Usage) -> None:
        with self._guard:
            self.usage = self.usage.plus(more)
        if self._settings.spend:
            self._settings.spend(more)


def _content(verb: str) -> Any:
    return {} if verb == "POST" else None


def _reading(question: Question, received: Received, host: str) -> Reading | None:
    """What a GraphQL answer amounts to; also finds out whether an answer is whole."""
    if received.status >= 300 or not received.body:  # noqa: PLR2004
        return None
    try:
        received.body.decode()
        if question.is_graphql:
            return graphql.read(received.body)
        msgspec.json.decode(received.body, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    else:
        return None
    raise Passing(f"what {host} answers is not whole, or no JSON at all", is_size=True)


def _note(standing: Standing, found: limits.Limited, kind: str, now: float) -> None:
    if found.is_primary:
        accounts.note_exhausted(standing, kind, found.limit, now + (found.seconds or 0.0), now)
    else:
        accounts.note_refused(standing, found.seconds, now)


def _usage(points: int, allowance: Allowance | None) -> Usage:
    if allowance is None:
        return Usage(requests=1, points=points)
    return Usage(
        requests=1,
        points=points,
        remaining=allowance.remaining,
        limit=allowance.limit,
        reset_at=datetime.fromtimestamp(allowance.reset_at, UTC),
    )
