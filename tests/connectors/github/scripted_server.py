"""A server on loopback that plays exact answers in turn, faults of the connection among them."""

import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from devhealth.connectors.github.host import ApiHost


@dataclass(frozen=True)
class Play:
    """One answer. Without a Date of its own it tells the time of the test's clock."""

    status: int = 200
    body: Any = field(default_factory=dict)
    """JSON, or bytes as they are; AUTHORIZATION in it becomes the secret that came with the request."""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    """Close the connection this many bytes before the end."""
    hangs: float = 0.0
    """Seconds before anything is said."""
    drips: float = 0.0
    """Seconds between two bytes of the body."""
    drops: bool = False
    """Close the connection without a word."""


class Asked(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class ScriptedServer:
    """Plays one answer a request; the last one again and again."""

    def __init__(self, plays: Sequence[Play], now: float = 1_800_000_000.0) -> None:
        self.plays, self.asked, self.now = list(plays), [], now
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"script": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def api(self) -> ApiHost:
        host = f"127.0.0.1:{self._http.server_port}"
        return ApiHost(host, f"http://{host}/api/v3")

    def next(self, asked: Asked) -> Play:
        with self._lock:
            self.asked.append(asked)
            return self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: ScriptedServer

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        play = self.script.next(Asked(self.command, self.path, headers, json.loads(content) if content else None))
        time.sleep(play.hangs)
        if play.drops:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        body = play.body if isinstance(play.body, bytes) else json.dumps(play.body).encode()
        body = body.replace(b"AUTHORIZATION", headers.get("authorization", " ").split(" ")[1].encode())
        self.send_response_only(play.status)
        given = {"Date": formatdate(self.script.now, usegmt=True), "Content-Type": "application/json; charset=utf-8"}
        for name, value in {**given, "Content-Length": str(len(body)), **play.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self._write(body[: len(body) - play.cut], play.drips)
        if play.cut:
            self.close_connection = True

    do_POST = do_GET  # noqa: N815

    def _write(self, body: bytes, drips: float) -> None:
        if not drips:
            self.wfile.write(body)
            return
        for byte in body:
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                return
            time.sleep(drips)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
