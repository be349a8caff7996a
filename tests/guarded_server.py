"""Git repositories over plain HTTP on loopback, for who knows the password; it repeats a wrong one, as some do."""

import base64
import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class GuardedServer:
    """`accounts` may change while it runs; `seen` is who asked, `arguments` what all processes were started with."""

    port: int
    accounts: dict[str, str]
    """Passwords by user."""
    seen: list[str] = field(default_factory=list)
    arguments: list[bytes] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, name: str, *, user: str = "") -> str:
        return f"http://{user}{'@' if user else ''}{self.host}/{name}"


@contextlib.contextmanager
def guarded_server(folder: Path, accounts: Mapping[str, str]) -> Iterator[GuardedServer]:
    """Serves the folder. A bare repository in it needs `git update-server-info` after each change."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        server.told = GuardedServer(server.server_port, dict(accounts))  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.told  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        told: GuardedServer = self.server.told  # type: ignore[attr-defined]
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(given).decode().partition(":")
        told.arguments.append(_all_arguments())
        if user and password and told.accounts.get(user) == password:
            told.seen.append(user)
            super().do_GET()
            return
        body = f"no entry with {given}, which is {user}:{password}\n".encode() * 3
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="acme"')
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _all_arguments() -> bytes:
    found = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += path.read_bytes() + b"\n"
    return found
