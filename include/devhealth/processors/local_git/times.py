"""Times as git prints them with `--date=raw`, within what a table holds."""

from datetime import UTC, datetime
from functools import lru_cache

_LAST = 2**32 - 1
_UNREADABLE = 2**63
_DAY = 86_400


def instant(seconds: int) -> datetime:
    """Seconds since 1970 as UTC, clamped to what `models.table.At` holds; git's mark of an unreadable date is 1970."""
    if seconds > _LAST:
        seconds = 0 if seconds >= _UNREADABLE else _LAST
    return datetime.fromtimestamp(max(seconds, 0), UTC)


def raw_date(date: str) -> tuple[datetime, int]:
    """The instant and the seconds east of UTC of `<seconds> <zone>`; 1970 and 0 for a date git could not read."""
    seconds, _, zone = date.partition(" ")
    try:
        return instant(int(seconds)), offset_seconds(zone)
    except ValueError:
        return instant(0), 0


@lru_cache(maxsize=512)
def offset_seconds(zone: str) -> int:
    """Seconds east of UTC of +hhmm or +hhmmss (found in real histories); 0 for what no place on earth has."""
    number = abs(int(zone))
    hours, minutes, seconds = (number // 100, number % 100, 0)
    if number > 9_999:  # noqa: PLR2004 - more than four digits
        hours, minutes, seconds = number // 10_000, number // 100 % 100, number % 100
    offset = hours * 3_600 + minutes * 60 + seconds
    return 0 if offset >= _DAY else offset if int(zone) >= 0 else -offset
