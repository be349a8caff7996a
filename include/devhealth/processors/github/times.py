"""Times as GitHub prints them, within what a table holds."""

from datetime import UTC, datetime

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.fromtimestamp(2**32 - 1, UTC)


def commit_time(text: str) -> datetime:
    """When a commit says it was made, UTC: any time at all, clamped; 1970 for what is no time."""
    try:
        return min(max(datetime.fromisoformat(text).astimezone(UTC), _FIRST), _LAST)
    except (ValueError, OverflowError):
        return _FIRST
