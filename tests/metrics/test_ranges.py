from datetime import date, timedelta

import pytest

from devhealth.metrics.ranges import OutputDays, Scope, of_organisations, output_days, passes, read_from

TODAY = date(2026, 6, 30)


def scope(since: date, before: date, repo_id: str = "repo") -> Scope:
    return Scope("org", repo_id, since, before)


def test_a_day_touches_itself_and_the_29_that_look_back_on_it():
    (days,) = output_days([scope(date(2026, 1, 10), date(2026, 1, 11))], 30, TODAY)
    assert days == OutputDays("org", "repo", date(2026, 1, 10), date(2026, 2, 8))
    assert read_from([days], 30) == date(2025, 12, 12)


def test_without_a_window_a_day_touches_itself_only():
    (days,) = output_days([scope(date(2026, 1, 10), date(2026, 1, 12))], 1, TODAY)
    assert (days.first, days.last) == (date(2026, 1, 10), date(2026, 1, 11))
    assert read_from([days], 1) == days.first


@pytest.mark.parametrize("window_days", [1, 30])
def test_nothing_lies_after_the_last_day(window_days):
    assert output_days([scope(TODAY + timedelta(days=1), date.max)], window_days, TODAY) == []
    (days,) = output_days([scope(date.min, date.max)], window_days, TODAY)
    assert (days.first, days.last) == (date(1970, 1, 1), TODAY)
    assert read_from([days], window_days) == date(1970, 1, 1)


def test_an_empty_scope_touches_nothing():
    assert output_days([scope(date(2026, 1, 10), date(2026, 1, 10))], 30, TODAY) == []


def test_overlapping_ranges_of_a_repository_become_one():
    found = output_days(
        [
            scope(date(2026, 1, 10), date(2026, 1, 11)),
            scope(date(2026, 2, 9), date(2026, 2, 10)),
            scope(date(2026, 1, 1), date(2026, 1, 2), "other"),
        ],
        30,
        TODAY,
    )
    assert found == [
        OutputDays("org", "other", date(2026, 1, 1), date(2026, 1, 30)),
        OutputDays("org", "repo", date(2026, 1, 10), date(2026, 3, 10)),
    ]
    assert of_organisations(found) == [OutputDays("org", "", date(2026, 1, 1), date(2026, 3, 10))]


def test_days_of_one_organisation_are_computed_in_one_pass():
    days = [OutputDays("org", str(number), date(2026, 1, 1), date(2026, 3, 1)) for number in range(50)]
    assert [len(one) for one in passes(days)] == [50]


def test_a_pass_never_mixes_organisations_nor_reads_over_a_long_gap():
    old = OutputDays("a", "repo", date(2010, 1, 1), date(2010, 1, 30))
    new = OutputDays("a", "repo", date(2026, 1, 1), date(2026, 1, 30))
    other = OutputDays("b", "repo", date(2026, 1, 1), date(2026, 1, 30))
    assert list(passes([other, new, old])) == [[old], [new], [other]]


def test_a_range_of_years_makes_nobody_else_read_years():
    years = OutputDays("a", "new", date(2016, 1, 1), date(2026, 1, 30))
    short = [OutputDays("a", str(number), date(2026, 1, 1), date(2026, 1, 30)) for number in range(9)]
    assert list(passes([years, *short])) == [short, [years]]


def test_what_passes_read_is_a_small_multiple_of_what_is_dirty():
    """Ranges of all sizes, spread over ten years: each is computed once, none with far more days than its own."""
    days = [
        OutputDays("a", f"{length}-{number}", first, first + timedelta(days=length - 1))
        for length in (1, 30, 200, 900, 3_000)
        for number in range(20)
        for first in [date(2016, 1, 1) + timedelta(days=37 * number)]
    ]
    found = list(passes(days))
    assert sorted(one for batch in found for one in batch) == sorted(days)
    for batch in found:
        read = (max(one.last for one in batch) - min(one.first for one in batch)).days + 1
        assert all(read <= max(360, 4 * ((one.last - one.first).days + 1)) for one in batch)


def test_a_pass_has_a_bound():
    days = [OutputDays("a", f"{number:05}", date(2016, 1, 1), date(2025, 12, 31)) for number in range(100)]
    assert max(map(len, passes(days))) < 30
