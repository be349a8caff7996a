"""Which UTC days a unit changes, as few ranges."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from sqlalchemy.engine import Engine

from devhealth.models.unit import DayRange, Unit
from devhealth.semantic import database, dirty_ranges
from devhealth.settings import Settings
from devhealth.sinks.changes import Days

GAP_DAYS = 7
"""Ranges closer than this are joined: computing a quiet week costs less than another range."""
MOST_RANGES = 50
_ANNOUNCED_AGAIN_SECONDS = 600
"""Well before an announcement may be dropped."""


class TouchedDays:
    """Collects days; gives ranges."""

    def __init__(self) -> None:
        self._days: set[date] = set()

    def add(self, days: Iterable[date]) -> None:
        """Take note of these days."""
        self._days.update(days)

    def ranges(self) -> list[DayRange]:
        """The days as at most MOST_RANGES ranges, oldest first; small gaps are filled first."""
        gap = GAP_DAYS
        while len(found := _joined(sorted(self._days), gap)) > MOST_RANGES:
            gap *= 2
        return [
            DayRange(since=first.isoformat(), before=(last + timedelta(days=1)).isoformat()) for first, last in found
        ]


class ChangedDays(TouchedDays):
    """The days that a unit changes: told by a sink before it writes, and announced in the semantic database then."""

    def __init__(self, engine: Engine, unit: Unit) -> None:
        super().__init__()
        self._engine, self._unit = engine, unit
        self._announced: set[date] = set()
        self._since = time.monotonic()

    def __call__(self, days: Days) -> None:
        """Take note of the days of the unit's repository."""
        unit = self._unit
        told = days.get((unit.org_id, unit.repo_id), set())
        self.add(told)
        if time.monotonic() - self._since > _ANNOUNCED_AGAIN_SECONDS:
            self._announced, self._since = set(), time.monotonic()
        if unheard := told - self._announced:
            fresh = TouchedDays()
            fresh.add(unheard)
            dirty_ranges.announce(self._engine, unit.org_id, unit.repo_id, fresh.ranges(), unit.writer)
            self._announced |= unheard


@contextlib.contextmanager
def changed_days(settings: Settings, unit: Unit) -> Iterator[ChangedDays]:
    """Those of one unit, over a connection of its own."""
    engine = database.open_semantic(settings)
    try:
        yield ChangedDays(engine, unit)
    finally:
        engine.dispose()


def _joined(days: list[date], gap: int) -> list[tuple[date, date]]:
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and (day - ranges[-1][1]).days <= gap:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges
