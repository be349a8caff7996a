from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.errors import InputError
from devhealth.pipelines.backfill.windows import ENOUGH_CHUNKS, cut, window_days

FIRST = date(2020, 1, 1)


def after(days: int) -> date:
    return FIRST + timedelta(days)


@given(days=st.integers(1, 4000), series=st.integers(1, ENOUGH_CHUNKS))
def test_windows_cover_every_day_once_and_fit_one_job(days: int, series: int):
    length = window_days(FIRST, after(days), series)
    windows = cut(FIRST, after(days), length)
    assert (windows[0][0], windows[-1][1]) == (FIRST, after(days))
    assert all(one[1] == other[0] for one, other in pairwise(windows))
    assert {(before - since).days for since, before in windows[:-1]} <= {length}
    assert 0 < (windows[-1][1] - windows[-1][0]).days <= length
    assert len(windows) * series <= ENOUGH_CHUNKS
    assert length % 7 == 0


@given(days=st.integers(1, 4000), series=st.integers(1, ENOUGH_CHUNKS))
def test_windows_are_no_wider_than_they_must_be(days: int, series: int):
    length = window_days(FIRST, after(days), series)
    assert length == 7 or len(cut(FIRST, after(days), length - 7)) * series > ENOUGH_CHUNKS


def test_a_month_is_four_weeks_and_what_is_left():
    days = [(before - since).days for since, before in cut(FIRST, after(30), 7)]
    assert days == [7, 7, 7, 7, 2]


def test_a_year_of_twenty_repositories_is_widened_to_a_fortnight():
    assert window_days(FIRST, after(364), 19) == 7
    assert window_days(FIRST, after(364), 20) == 14


def test_more_series_than_chunks_are_refused_with_the_numbers_and_the_way_out():
    with pytest.raises(InputError, match=r"20,001 chunks .* all 30 days.* at most 20,000 .* Name one target, or split"):
        window_days(FIRST, after(30), 20_001)


@pytest.mark.parametrize("series", [1_001, 2_000, 10_000, 20_000])
def test_thousands_of_sources_have_one_window_each(series: int):
    assert len(cut(FIRST, after(400), window_days(FIRST, after(400), series))) == 1
