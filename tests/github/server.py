"""A GitHub of our own, on loopback: REST and the GraphQL we use, served from a world in memory.

    world = World(datetime(2024, 5, 1, tzinfo=UTC))
    shop = repositories.create(world, "acme/shop")
    pull = pulls.create(world, shop, author="ada")
    pulls.review(world, pull, "grace")
    with GitHubServer(world) as server:
        ...  # server.api_url; server.requests; server.faults.add(faults.secondary(), when=faults.graphql)

The clock stands still until `world.clock.advance(minutes=5)`; a world made without a date follows the real one.
"""

import contextlib
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from tests.github import graph, rest, rest_conversation, rest_delivery, routes  # noqa: F401 - some register their routes
from tests.github.clock import moment, stamp
from tests.github.faults import Faults
from tests.github.limits import Limits
from tests.github.messages import Reply, Request, problem
from tests.github.wire import Plug
from tests.github.world import World


@dataclass
class GitHubServer(Plug):
    """Serves a world. With the prefix `/api/v3` it looks like GitHub Enterprise Server: GraphQL is at /api/graphql."""

    world: World
    has_graphql: bool = True
    """False: /graphql says 404, as where only REST is open."""
    heaviest: int = 0
    """GraphQL answers of more nodes than this fail with 502; 0: none does."""
    skew: timedelta = timedelta()
    """How far its Date header is ahead of the world's clock."""
    latency: float = 0.0
    """Seconds every answer takes."""
    tokens: set[str] | None = None
    """The credentials it takes; None: any, or none at all."""
    revoked: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)
    concurrency: int = 0
    """More requests of one token at once than this are refused as too many; 0: as many as it likes."""
    busiest: int = 0
    """The most requests of one token there ever were at once."""

    def __post_init__(self) -> None:
        self.limits = Limits(self.world.clock)
        self._running: Counter[str] = Counter()
        self._counting = threading.Lock()

    @property
    def api_url(self) -> str:
        """The base of REST; GraphQL is at `graphql_url`."""
        return f"{self.url}{self.prefix}"

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/api/graphql" if self.prefix == "/api/v3" else f"{self.api_url}/graphql"

    def forget_requests(self) -> None:
        self.requests.clear()

    # From here on: how one request is answered.

    def respond(self, asked: Request) -> Reply:
        """The answer, with the headers every answer has."""
        asked = replace(asked, now=self.world.clock.now() + self.skew)
        with self._counted(asked.token) as running:
            reply = _too_fast() if 0 < self.concurrency < running else self._answer(asked)
            time.sleep(reply.delay + self.latency)
        shown = {"Content-Type": "application/json; charset=utf-8", "Date": format_datetime(asked.now, usegmt=True)}
        limits = self.limits.headers(asked.token, self._resource(asked))
        headers = {name: value for name, value in {**shown, **limits, **reply.headers}.items() if value}
        named = graph.operation(asked.body) if asked.path == "/graphql" else ""
        return replace(reply, headers=headers, delay=0, operation=named)

    @contextlib.contextmanager
    def _counted(self, token: str) -> Iterator[int]:
        """How many requests of the token run, this one among them."""
        with self._counting:
            self._running[token] += 1
            running = self._running[token]
            self.busiest = max(self.busiest, running)
        try:
            yield running
        finally:
            with self._counting:
                self._running[token] -= 1

    def _answer(self, asked: Request) -> Reply:
        fault = self.faults.take(asked)
        try:
            return fault(asked, lambda: self._right(asked)) if fault else self._right(asked)
        except Exception as error:  # noqa: BLE001 - the server must say so rather than die
            return problem(500, f"the local server failed: {type(error).__name__}: {error}")

    def _resource(self, asked: Request) -> str:
        if asked.path == "/graphql":
            return "graphql"
        return "search" if asked.path.startswith("/search/") else "core"

    def _right(self, asked: Request) -> Reply:
        refused = self._credentials(asked)
        if refused is not None:
            return refused
        if asked.path == "/graphql":
            return self._graphql(asked)
        if asked.path == "/rate_limit":
            return self._rate_limit(asked)
        with self.world.lock:
            reply = routes.answer(self.world, asked)
        reply = _conditional(asked, reply)
        if reply.is_free:
            return reply
        return self._too_many(asked, self.limits.spend(asked.token, self._resource(asked), 1)) or reply

    def _credentials(self, asked: Request) -> Reply | None:
        expires = self.world.expiries.get(asked.token)
        is_known = self.tokens is None or asked.token in self.tokens or expires is not None
        if asked.path.startswith("/app"):
            return None
        if not is_known or asked.token in self.revoked or (expires and expires <= self.world.stamp()):
            return problem(401, "Bad credentials")
        return None

    def _too_many(self, asked: Request, why: str) -> Reply | None:
        """The refusal of a request over a limit."""
        if not why:
            return None
        if why == "primary":
            message = "API rate limit exceeded for user ID 1."
            if asked.path == "/graphql":
                return Reply({"errors": [{"type": "RATE_LIMITED", "message": message}]}, is_free=True)
            return replace(problem(403, message), is_free=True)
        wait = self.limits.window(asked.token, "minute").ends_at - self.world.clock.now()
        return _too_fast(int(wait.total_seconds()) + 1)

    def _graphql(self, asked: Request) -> Reply:
        if not self.has_graphql:
            return problem(404, "Not Found")
        if asked.method != "POST":
            return problem(405, "Method Not Allowed")
        sent = asked.json()
        text, variables = sent["query"], sent.get("variables") or {}
        spent = graph.cost(text, variables)
        if isinstance(spent, list):
            return Reply({"errors": spent}, is_free=True)
        over = self._too_many(asked, self.limits.spend(asked.token, "graphql", spent.points))
        if over is not None:
            return over
        if self.heaviest and spent.nodes > self.heaviest:
            body = b"<html><body>502 Bad Gateway</body></html>"
            return Reply(body, 502, {"Content-Type": "text/html"}, points=spent.points)
        limit, remaining, used, ends_at = self.limits.left(asked.token, "graphql")
        shown = graph.Allowance(limit, remaining, used, stamp(ends_at))
        with self.world.lock:
            body = graph.answer(self.world, text, variables, shown, spent)
        return Reply(body, points=spent.points)

    def _rate_limit(self, asked: Request) -> Reply:
        if not self.limits.is_shown:
            return problem(404, "Rate limiting is not enabled.")
        resources = {}
        for resource in ("core", "search", "graphql"):
            limit, remaining, used, ends_at = self.limits.left(asked.token, resource)
            reset = int(ends_at.timestamp())
            resources[resource] = {"limit": limit, "remaining": remaining, "used": used, "reset": reset}
        return Reply({"resources": resources, "rate": resources["core"]}, is_free=True)


def _too_fast(wait: int = 0) -> Reply:
    """The secondary limit; how long to wait is only said if it is known."""
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    headers = {"Retry-After": str(wait)} if wait else {}
    return replace(problem(403, message), headers=headers, is_free=True)


def _conditional(asked: Request, reply: Reply) -> Reply:
    """The answer with its ETag and, of single things, Last-Modified; or 304, which costs nothing."""
    if reply.status != 200 or asked.method != "GET":
        return reply
    etag = f'W/"{hashlib.sha256(reply.encoded()).hexdigest()}"'
    headers = {**reply.headers, "ETag": etag}
    changed = reply.body.get("updated_at") if isinstance(reply.body, dict) else None
    if changed:
        headers["Last-Modified"] = format_datetime(moment(changed), usegmt=True)
    if _is_unchanged(asked.headers, etag, changed):
        return Reply(b"", 304, headers, is_free=True)
    return replace(reply, headers=headers)


def _is_unchanged(headers: Mapping[str, str], etag: str, changed: str | None) -> bool:
    if "if-none-match" in headers:
        return headers["if-none-match"].removeprefix("W/") == etag.removeprefix("W/")
    if "if-modified-since" in headers and changed:
        since: datetime = parsedate_to_datetime(headers["if-modified-since"])
        return moment(changed) <= since
    return False
