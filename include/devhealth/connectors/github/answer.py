"""One answer of GitHub."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from devhealth.errors import SourceError, SourceForbidden, SourceNotFound


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field of a GraphQL answer that GitHub did not fill."""

    kind: str
    """FORBIDDEN, NOT_FOUND, INSUFFICIENT_SCOPES: what else goes wrong is no answer."""
    path: tuple[str | int, ...]
    """Where it stands in `data`: ("repository", "pullRequests", "nodes", 3, "headRepository")."""
    message: str


@dataclass(frozen=True)
class Answer:
    """A whole answer: its JSON is sound. Anything else is raised by the client."""

    status: int
    """200, or 304 when nothing has changed since the `etag` that was asked with; `raw` is empty then."""
    raw: bytes = field(repr=False)
    """The body, untouched but for what no store takes (see `devhealth.transport.decoding`)."""
    at: datetime
    """When GitHub answered, on its own clock, UTC."""
    next: str = ""
    """What the next page is asked with: the URL in `Link`, or the cursor where a page of GraphQL ends; empty on the
    last page."""
    etag: str = ""
    modified: str = ""
    """`Last-Modified` as it was sent."""
    is_graphql: bool = False
    errors: tuple[FieldError, ...] = ()
    """Fields that GitHub did not fill and said why; only GraphQL has them."""

    @cached_property
    def body(self) -> Any:
        """The decoded body; None for 304."""
        return msgspec.json.decode(self.raw) if self.raw else None

    @property
    def data(self) -> Any:
        """What was asked for: the `data` of a GraphQL answer, the whole body of another one."""
        body = self.body
        return body["data"] if self.is_graphql else body

    @property
    def rows(self) -> list[Any]:
        """The rows of a page of REST: the body, or the list in it."""
        body = self.body
        found = body.values() if isinstance(body, dict) else [body]
        return next((one for one in found if isinstance(one, list)), [])

    @property
    def total(self) -> int | None:
        """How many rows the list of this page has, where REST says so."""
        told = self.body.get("total_count") if isinstance(self.body, dict) else None
        return told if isinstance(told, int) else None

    def require(self, *path: str | int) -> Any:
        """The value at a path of `data`; raises SourceNotFound or SourceForbidden where GitHub did not fill it."""
        value = self.data
        for depth, step in enumerate(path, 1):
            value = _at(value, step)
            if value is None:
                raise self._missing(path[:depth])
        return value

    def _missing(self, path: tuple[str | int, ...]) -> SourceError:
        error = self.error_at(*path) or self.error_below(*path)
        where = ".".join(map(str, error.path if error else path))
        if error is None:
            return SourceNotFound(f"GitHub answers without {where}: it is not there. Check the name.")
        if error.kind == "NOT_FOUND":
            return SourceNotFound(f"{error.message.rstrip('.')}. It is not there, or the credential may not see it.")
        if "access blocked" in error.message.lower():
            return SourceForbidden(
                f"{where} is blocked for everybody: {error.message}. Take it out of the configuration."
            )
        said = f"{where} may not be read: {error.message.rstrip('.')}."
        return SourceForbidden(said, remedy="Give the credential permission.")

    def error_at(self, *path: str | int) -> FieldError | None:
        """Why the field at a path, or one that it stands in, is not filled; None when nothing is amiss."""
        return next((error for error in self.errors if error.path == path[: len(error.path)]), None)

    def error_below(self, *path: str | int) -> FieldError | None:
        """Why something is not filled that has to be, so that what it stands in, at a path, is not either."""
        return next((error for error in self.errors if error.path[: len(path)] == path and error.path != path), None)


def _at(value: Any, step: str | int) -> Any:
    """What stands there; None where nothing does."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int):
        return value[step] if 0 <= step < len(value) else None
    return None
