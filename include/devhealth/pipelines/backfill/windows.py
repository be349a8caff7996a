"""A stretch of days as windows: contiguous, counted from its first day, the last one as long as is left."""

from datetime import date, timedelta

from devhealth.errors import InputError

WINDOW_DAYS = 7
ENOUGH_CHUNKS = 1_000
"""Windows are widened rather than that there are more: each chunk costs requests and lines of books."""
MOST_CHUNKS = 20_000
"""What one transaction stores and one page of progress lists within seconds."""


def window_days(since: date, before: date, series: int) -> int:
    """Days of a window, a multiple of 7: the fewest with which all windows of all series are no more than enough.

    A series is one target of one source; where there are more of them, each has one window for all days. Raises
    InputError when that is too many for one job.
    """
    if series > MOST_CHUNKS:
        raise InputError(
            f"{series:,} chunks asked, even with one window for all {(before - since).days:,} days: there are so many "
            f"sources and targets, and at most {MOST_CHUNKS:,} chunks fit one backfill. "
            "Name one target, or split the configuration."
        )
    most_windows = max(ENOUGH_CHUNKS // max(series, 1), 1)
    weeks = -(-(before - since).days // (WINDOW_DAYS * most_windows))
    return WINDOW_DAYS * max(weeks, 1)


def cut(since: date, before: date, days: int) -> list[tuple[date, date]]:
    """The windows, oldest first, `before` exclusive."""
    starts = range(0, (before - since).days, days)
    return [(since + timedelta(first), min(since + timedelta(first + days), before)) for first in starts]
