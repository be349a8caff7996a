"""Where the embedded ClickHouse listens: a file that only its owner may read, written once the server answers."""

import os
import socket
import uuid
from pathlib import Path
from urllib.parse import quote

import msgspec

FOLDER = "warehouse"
FILE = "endpoint.json"
HOST = "127.0.0.1"
USER = DATABASE = "devhealth"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach one running server, and which process it is."""

    host: str
    port: int
    user: str
    password: str
    database: str
    pid: int
    process_created_at: float
    """Unix time; tells the server's process from a later one of the same pid."""
    version: str
    """Of the engine: 26.9.2.1."""

    @property
    def uri(self) -> str:
        """The connection URI, password included."""
        return f"clickhouse://{quote(self.user)}:{quote(self.password)}@{self.host}:{self.port}/{self.database}"

    def __repr__(self) -> str:
        """Without the password."""
        return f"Endpoint({self.user}@{self.host}:{self.port}/{self.database}, pid {self.pid}, version {self.version})"


def load(folder: Path) -> Endpoint | None:
    """The endpoint a server last wrote into its folder, alive or not; None when there is none to be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Endpoint)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def store(folder: Path, endpoint: Endpoint) -> None:
    """Write the endpoint file, whole or not at all, readable by its owner only."""
    partial = folder / f".{FILE}.{uuid.uuid4().hex}"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(endpoint))
    partial.replace(folder / FILE)


def forget(folder: Path) -> None:
    """Remove the endpoint file."""
    (folder / FILE).unlink(missing_ok=True)


def is_listening(port: int) -> bool:
    """Whether anybody accepts connections on a loopback port; the driver would log a refusal as a warning."""
    try:
        socket.create_connection((HOST, port), timeout=5).close()
    except OSError:
        return False
    return True
