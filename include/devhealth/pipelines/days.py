"""Which UTC days a unit's facts touch, as few ranges."""

from collections.abc import Iterable
from datetime import date, timedelta

from devhealth.models.table import Record, table_of
from devhealth.models.unit import DayRange

GAP_DAYS = 7
"""Ranges closer than this are joined: computing a quiet week costs less than another range."""
MOST_RANGES = 50
EARLIEST = date(1970, 1, 1)
"""No record is older (see `devhealth.models.table.At`)."""


class TouchedDays:
    """Collects days; gives ranges."""

    def __init__(self) -> None:
        self._days: set[date] = set()

    def add(self, days: Iterable[date]) -> None:
        """Take note of these days."""
        self._days.update(days)

    def add_all_until(self, last: date) -> None:
        """Take note of every day up to this one."""
        self._days.update(EARLIEST + timedelta(days=number) for number in range((last - EARLIEST).days + 1))

    def add_records(self, records: list[Record]) -> None:
        """Take note of the days that the tables of the records declare."""
        for kind in set(map(type, records)):
            for column in table_of(kind).days:
                moments = {getattr(record, column) for record in records if type(record) is kind}
                self._days.update(moment.date() for moment in moments if moment is not None)

    def ranges(self) -> list[DayRange]:
        """The days as at most MOST_RANGES ranges, oldest first; small gaps are filled first."""
        gap = GAP_DAYS
        while len(found := _joined(sorted(self._days), gap)) > MOST_RANGES:
            gap *= 2
        return [
            DayRange(since=first.isoformat(), before=(last + timedelta(days=1)).isoformat()) for first, last in found
        ]


def _joined(days: list[date], gap: int) -> list[tuple[date, date]]:
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and (day - ranges[-1][1]).days <= gap:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges
