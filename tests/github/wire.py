"""HTTP/1.1 on loopback, for anything that can answer a request."""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

from tests.github.messages import Reply, Request, request


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


@dataclass(kw_only=True)
class Plug:
    """Listens from entering to leaving; `stop` and `start` pull it and put it back, at the same port."""

    prefix: str = ""
    """What the path of the API begins with."""
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    http: "_Http | None" = None

    def respond(self, asked: Request) -> Reply:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.http = _Http(("127.0.0.1", self.port), self)
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Connections are refused from now on, and those in use break."""
        http, self.http = self.http, None
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


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], played: Plug) -> None:
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
        if reply.cut_after == -1:
            self.close_connection = True
            return
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
