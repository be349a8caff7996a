"""What a caller may ask of a sync, and its checks."""

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from devhealth.errors import InputError
from devhealth.models.unit import Window

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one provider."""

    provider: str
    """Folder name of the provider: local_git."""
    organisation: str | None = None
    """Slug; None means every organisation."""
    configurations: tuple[str, ...] = ()
    """Names; empty means every configuration that is not paused."""
    targets: tuple[str, ...] = ()
    """Empty means the targets each configuration names. Given, they are read of the configurations that name them, and
    of those named in `configurations` whether they do or not."""
    window: Window | None = None
    """Given, the run is a backfill: it selects this window and leaves the watermarks alone."""
    full_resync: bool = False
    """Ignore the cursors and fetch everything again."""
    run_id: str
    as_of: datetime
    """The run's time, UTC: where the watermarks go."""


def new_run_id(as_of: datetime) -> str:
    """A run id for callers that have none of their own."""
    return f"{as_of:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"


def is_run_id(text: str) -> bool:
    """Whether the text begins as `new_run_id` makes them."""
    return re.match(r"\d{8}T\d{6}-[0-9a-f]{8}(-|$)", text) is not None


def window_between(since: str | date | None, before: str | date | None, as_of: datetime) -> Window | None:
    """The window from `since` (inclusive) to `before` (exclusive), UTC days; None when neither is given.

    Raises InputError for a day that cannot be read, an empty window, or one that lies in the future: the last day there
    is to select is the one `as_of` is in.
    """
    first, last = _day("since", since), _day("before", before)
    if first is None and last is None:
        return None
    start = _midnight(first) if first else EARLIEST
    end = _midnight(last) if last else as_of
    if start > as_of:
        raise InputError(
            f"since {start:%Y-%m-%d} lies in the future (now {as_of:%Y-%m-%d} UTC). Choose an earlier day."
        )
    tomorrow = as_of.astimezone(UTC).date() + timedelta(days=1)
    if last and last > tomorrow:
        raise InputError(f"before {last} lies in the future. Choose {tomorrow} to include today, or an earlier day.")
    if start >= end:
        raise InputError(
            f"since {start:%Y-%m-%d} must come before {end:%Y-%m-%d}: "
            "since is the first day, before the day after the last one."
        )
    return Window(since=start, before=end)


def days_of(window: Window) -> tuple[date, date]:
    """The UTC days a window touches: the first one, and the day after the last one."""
    last = window.before - timedelta(microseconds=1)
    return window.since.astimezone(UTC).date(), last.astimezone(UTC).date() + timedelta(days=1)


def fit_for_a_path(text: str) -> str:
    """The text with everything but letters, digits, dot, dash and underscore replaced by a dash."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:120] or "unnamed"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(name: str, value: str | date | None) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).date() if value.tzinfo else value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InputError(f"{name} is {value!r}: expected a day such as 2026-01-31.") from None
