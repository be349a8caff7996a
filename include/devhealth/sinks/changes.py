"""What a write tells of the days that read differently after it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

from devhealth.models.table import EARLIEST, Record, Table

Days = Mapping[tuple[str, str], set[date]]
"""UTC days by organisation and repository."""

OnChange = Callable[[Days], None]
"""Told of the days of the rows that a write is about to change or to add, and of no row that is stored as it is given.

It is called before the rows are written: whoever notes the days first loses none of them when the write is killed.
"""


def days_of(declared: Table, records: Sequence[Record]) -> Days:
    """The days that the table of these records declares; none for a table without such columns."""
    if not declared.days:
        return {}
    days: dict[tuple[str, str], set[date]] = {}
    moments: set[tuple[str, str, datetime | None]] = set()
    for column in declared.days:
        moments.update(map(attrgetter("org_id", "repo_id", column), records))
    for org_id, repo_id, at in moments:
        if at is not None:
            days.setdefault((org_id, repo_id), set()).add(at.astimezone(UTC).date())
    return days


def all_days(repositories: Iterable[tuple[str, str]]) -> Days:
    """Every day of these repositories up to now."""
    number = (datetime.now(UTC).date() - EARLIEST).days + 1
    every = {EARLIEST + timedelta(days=day) for day in range(number)}
    return dict.fromkeys(repositories, every)
