"""How long a provider asks to wait, in the forms it may say so."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST = 86_400.0
"""Nobody is believed who asks for more than a day."""

_DEPTH = 4
"""How deep in a body it may stand."""
_NAMES = ("retry_after", "retryAfter", "retry-after", "Retry-After")
_UNITS = {"s": 1, "m": 60, "h": 3_600}
_SENTENCE = re.compile(
    r"(?:wait|after|again in|within|for)\D{0,30}?(\d+(?:\.\d+)?)\s*(s|m|h)(?:ec(?:ond)?s?|in(?:ute)?s?|ours?|rs?)?\b",
    re.IGNORECASE,
)


def of_header(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for; None when it is absent or cannot be read.

    `now` is the provider's clock, which a date in the header is meant by.
    """
    text = (value or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until_date(text, now)
    return _sane(seconds)


def of_body(body: Any, depth: int = _DEPTH) -> float | None:
    """Seconds that a decoded body or a text asks for, as a number or in a sentence; None when it does not say."""
    if isinstance(body, dict):
        named = next((body[name] for name in _NAMES if name in body), None)
        if isinstance(named, int | float | str):
            return of_header(str(named), datetime.now(UTC))
        inner = [body.get("message"), body.get("extensions"), *_items(body.get("errors"))] if depth else []
        return next((seconds for one in inner if (seconds := of_body(one, depth - 1)) is not None), None)
    if isinstance(body, str) and (match := _SENTENCE.search(body)):
        return _sane(float(match[1]) * _UNITS[match[2].lower()])
    return None


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _until_date(text: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return float("nan")


def _sane(seconds: float) -> float | None:
    if not seconds >= 0:  # not a number either
        return 0.0 if seconds < 0 else None
    return min(seconds, LONGEST)
