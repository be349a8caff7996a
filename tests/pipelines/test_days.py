import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devhealth.models.unit import DayRange
from devhealth.pipelines.days import MOST_RANGES, TouchedDays

DAYS = st.sets(st.dates(date(1990, 1, 1), date(2030, 1, 1)), max_size=200)


def test_close_days_are_one_range_and_far_ones_are_not():
    touched = TouchedDays()
    touched.add([date(2015, 5, 5), date(2026, 1, 1), date(2026, 1, 4)])
    assert touched.ranges() == [DayRange("2015-05-05", "2015-05-06"), DayRange("2026-01-01", "2026-01-05")]


@given(DAYS)
def test_every_day_is_in_exactly_one_of_few_ranges(days):
    touched = TouchedDays()
    touched.add(days)
    ranges = [(date.fromisoformat(one.since), date.fromisoformat(one.before)) for one in touched.ranges()]
    assert len(ranges) <= MOST_RANGES
    assert ranges == sorted(ranges)
    assert all(before < since for (_, before), (since, _) in itertools.pairwise(ranges))
    for day in days:
        assert sum(since <= day < before for since, before in ranges) == 1
    assert all(since in days and before - timedelta(days=1) in days for since, before in ranges)
