"""How long something is, or is ago, in two words."""

from datetime import datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_SHORTEST_IN_DAYS = 2 * 86_400


def span(seconds: float) -> str:
    """45 s, 12 min, 47 h, 2 d: the largest unit there are two of, or one of minutes and hours, rounded down."""
    for size, unit in _UNITS:
        if seconds >= (_SHORTEST_IN_DAYS if unit == "d" else size):
            return f"{int(seconds // size):,} {unit}"
    return f"{int(seconds)} s"


def ago(at: datetime, now: datetime) -> str:
    """3 h ago; an instant that is not over yet is now."""
    return f"{span(max(0.0, (now - at).total_seconds()))} ago"
