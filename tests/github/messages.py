"""Requests and answers on their way through the server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec


@dataclass(frozen=True)
class Request:
    """What came in; `path` without the prefix of the API."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-cased name."""
    body: bytes
    api: str
    """What the URLs in answers begin with."""
    host: str
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    """The server's clock, as its Date header will say."""

    @property
    def token(self) -> str:
        """The credential as sent, without its scheme; empty when there is none."""
        return self.headers.get("authorization", "").partition(" ")[2].strip()

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.query.get(name, default))
        except ValueError:
            return default


@dataclass(frozen=True)
class Reply:
    """What goes out: `body` is sent as JSON, or as it is when it is bytes."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before the first byte."""
    cut_after: int | None = None
    """The connection breaks after so many bytes of the body; -1: before any answer at all."""
    points: int = 1
    operation: str = ""
    is_free: bool = False
    """Counts against no limit."""

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)


def request(method: str, target: str, headers: Mapping[str, str], body: bytes, *, prefix: str, host: str) -> Request:
    """The request to `target`, a path with or without query."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    path = parts.path.removeprefix(prefix) if prefix else parts.path
    lowered = {name.lower(): value for name, value in headers.items()}
    return Request(method, path or "/", query, lowered, body, f"{host}{prefix}", host)


def problem(status: int, message: str, **more: Any) -> Reply:
    """An error as REST answers it."""
    return Reply({"message": message, "documentation_url": "https://docs.github.com/rest", **more}, status)
