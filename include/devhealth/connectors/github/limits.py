"""What an answer of GitHub says about its limits.

Source: docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and, for GraphQL,
docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import re
from dataclasses import dataclass
from typing import Any

from devhealth.connectors.github.connection import Received
from devhealth.connectors.github.host import PUBLIC
from devhealth.transport import retry_after
from devhealth.transport.limits import Allowance

AT_ONCE = 10
"""Requests under way with one credential; GitHub refuses at 100, and other programs may use it too."""
PER_MINUTE = {"core": 900, "search": 30, "graphql": 2_000}
"""What github.com allows in a minute; an Enterprise Server has limits of its own, or none."""

_FORBIDDEN, _TOO_MANY_REQUESTS, _UNAVAILABLE = 403, 429, 503
_LONGEST_WINDOW = 3_900.0
"""Allowances are by the hour: a reset further away is a clock that goes wrong."""
_MOST, _GREATEST = 1e9, 1e16
_TOO_MANY = re.compile(
    r"rate[ _]limit|abuse detection|wait a few minutes|retry your request again later|too many requests", re.IGNORECASE
)
_PRIMARY = re.compile(r"api rate limit (?:already )?exceeded", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limited:
    """A request that was refused because there were too many."""

    is_primary: bool
    """The allowance of the hour is used up; otherwise requests came too fast, or too many at once."""
    seconds: float | None
    """How long to wait; None when GitHub does not say."""
    limit: int = 0


def kind_of(path: str) -> str:
    """Which allowance a request is counted against."""
    if path.endswith("/graphql"):
        return "graphql"
    return "search" if path.startswith("/search/") else "core"


def per_minute(host: str, kind: str) -> int:
    """How many requests of a kind may go out in a minute; 0 for any number."""
    return PER_MINUTE.get(kind, 0) if host == PUBLIC else 0


def allowance_of(received: Received, now: float) -> Allowance | None:
    """What is left, on our clock; None where there are no limits: absent headers, or 0 of 0."""
    limit, remaining, reset = (_number(received, name) for name in ("limit", "remaining", "reset"))
    if limit is None or remaining is None or limit <= 0:
        return None
    return Allowance(int(min(limit, _MOST)), int(min(remaining, _MOST)), now + _seconds_until(received, reset))


def limited(received: Received, body: Any) -> Limited | None:
    """Why a request was refused, when that was a limit; `body` is decoded JSON, or text that is none.

    `Retry-After` goes before the time of the reset, and that before what the body says.
    """
    message = _message(body)
    limit, remaining, reset = (_number(received, name) for name in ("limit", "remaining", "reset"))
    asked = retry_after.of_header(received.headers.get("retry-after"), received.at)
    is_used_up = remaining is not None and remaining <= 0 and bool(limit)
    refuses = received.status == _TOO_MANY_REQUESTS or (received.status == _UNAVAILABLE and asked is not None)
    refuses = refuses or (
        received.status == _FORBIDDEN and (is_used_up or asked is not None or "gh-limited-by" in received.headers)
    )
    if not refuses and not _TOO_MANY.search(message):
        return None
    if asked is not None:
        return Limited(is_primary=is_used_up, seconds=asked, limit=int(limit or 0))
    if is_used_up or (_PRIMARY.search(message) and limit and reset):
        return Limited(is_primary=True, seconds=_seconds_until(received, reset), limit=int(limit or 0))
    return Limited(is_primary=False, seconds=retry_after.of_body(body))


def _seconds_until(received: Received, reset: float | None) -> float:
    """By GitHub's own clock, and one more: it tells whole seconds."""
    if reset is None:
        return 60.0
    return min(max(reset - received.at.timestamp(), 0.0) + 1.0, _LONGEST_WINDOW)


def _number(received: Received, name: str) -> float | None:
    try:
        number = float(received.headers[f"x-ratelimit-{name}"])
    except (KeyError, ValueError):
        return None
    return number if abs(number) <= _GREATEST else None  # neither without end nor no number


def _message(body: Any) -> str:
    """Every sentence of an error: a message, or those of a GraphQL answer."""
    if isinstance(body, dict):
        errors = body.get("errors")
        inner = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        said = [one.get(name) for one in (body, *inner) for name in ("message", "type")]
        return " ".join(text for text in said if isinstance(text, str))
    return body if isinstance(body, str) else ""
