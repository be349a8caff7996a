"""The local server: a world behind HTTP/1.1 on loopback."""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.github import graph, rest, rest_delivery, routes  # noqa: F401 - these register their routes
from tests.github.clock import moment, stamp
from tests.github.faults import Faults
from tests.github.limits import Limits
from tests.github.messages import Reply, Request, problem, request
from tests.github.world import World


class Seen(NamedTuple):
    """A request that was answered."""

    method: str
    path: str
    """With its query."""
    operation: str
    """The name of the GraphQL operation; empty for REST."""
    cost: int
    """GraphQL points, 1 for REST, 0 for what is free (304, faults)."""
    status: int


@dataclass
class GitHubServer:
    """Serves a world from entering to leaving; `stop` and `start` pull its plug and put it back at the same port."""

    world: World
    prefix: str = ""
    """`/api/v3` makes it look like GitHub Enterprise Server: GraphQL is at /api/graphql then."""
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
    requests: list[Seen] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.limits = Limits(self.world.clock)
        self._http: _Http | None = None
        self._answers: dict[tuple[int, str, str], Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """The base of REST; GraphQL is at `graphql_url`."""
        return f"{self.url}{self.prefix}"

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/api/graphql" if self.prefix == "/api/v3" else f"{self.api_url}/graphql"

    def start(self) -> None:
        self._http = _Http(("127.0.0.1", self.port), self)
        self.port = self._http.server_port
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Connections are refused from now on, and those in use break."""
        http, self._http = self._http, None
        if http is not None:
            http.shutdown()
            http.server_close()
            http.drop_connections()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def forget_requests(self) -> None:
        self.requests.clear()

    # From here on: how one request is answered.

    def respond(self, asked: Request) -> Reply:
        """The answer, with the headers every answer has."""
        fault = self.faults.take(asked)
        try:
            reply = fault(asked, lambda: self._right(asked)) if fault else self._right(asked)
        except Exception as error:  # noqa: BLE001 - the server must say so rather than die
            reply = problem(500, f"the local server failed: {type(error).__name__}: {error}")
        resource = self._resource(asked)
        shown = {"Content-Type": "application/json; charset=utf-8", **self.limits.headers(asked.token, resource)}
        now = self.world.clock.now() + self.skew
        date = {"Date": format_datetime(now, usegmt=True), "X-GitHub-Request-Id": f"{len(self.requests):04X}:0:0"}
        headers = {name: value for name, value in {**shown, **date, **reply.headers}.items() if value}
        return replace(reply, headers=headers, delay=reply.delay + self.latency)

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
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        return replace(problem(403, message), headers={"Retry-After": str(int(wait.total_seconds()) + 1)}, is_free=True)

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
        operation = graph.operation(text)
        over = self._too_many(asked, self.limits.spend(asked.token, "graphql", spent.points))
        if over is not None:
            return replace(over, operation=operation)
        if self.heaviest and spent.nodes > self.heaviest:
            body = b"<html><body>502 Bad Gateway</body></html>"
            return Reply(body, 502, {"Content-Type": "text/html"}, points=spent.points, operation=operation)
        limit, remaining, used, ends_at = self.limits.left(asked.token, "graphql")
        shown = graph.Limits(limit, remaining, used, stamp(ends_at))
        with self.world.lock:
            body = graph.answer(self.world, text, variables, shown, spent)
        return Reply(body, points=spent.points, operation=operation)

    def _rate_limit(self, asked: Request) -> Reply:
        if not self.limits.is_shown:
            return problem(404, "Rate limiting is not enabled.")
        resources = {}
        for resource in ("core", "search", "graphql"):
            limit, remaining, used, ends_at = self.limits.left(asked.token, resource)
            reset = int(ends_at.timestamp())
            resources[resource] = {"limit": limit, "remaining": remaining, "used": used, "reset": reset}
        return Reply({"resources": resources, "rate": resources["core"]}, is_free=True)


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


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], played: "GitHubServer | Any") -> None:
        self.played = played
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def drop_connections(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        played = self.server.played
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        prefix = played.prefix
        if prefix == "/api/v3" and self.path.startswith("/api/graphql"):
            prefix = "/api"
        asked = request(self.command, self.path, dict(self.headers), body, prefix=prefix, host=played.url)
        reply = played.respond(asked)
        cost = 0 if reply.is_free else reply.points
        played.requests.append(Seen(self.command, self.path, reply.operation, cost, reply.status))
        self._send(reply)

    do_POST = do_GET  # noqa: N815 - its name is given

    def _send(self, reply: Reply) -> None:
        body = reply.encoded()
        if reply.delay:
            time.sleep(reply.delay)
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.cut_after is not None:
            self.wfile.write(body[: reply.cut_after])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass
