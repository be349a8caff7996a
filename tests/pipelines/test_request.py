from datetime import UTC, date, datetime

import pytest

from devhealth.errors import InputError
from devhealth.pipelines.request import EARLIEST, days_of, fit_for_a_path, window_between

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_no_days_mean_no_window():
    assert window_between(None, "", NOW) is None


def test_since_is_inclusive_and_before_exclusive():
    window = window_between("2026-01-01", date(2026, 1, 31), NOW)
    assert (window.since, window.before) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))


def test_one_open_end_reaches_to_the_beginning_or_to_now():
    assert window_between(None, "2026-01-02", NOW).since == EARLIEST
    assert window_between("2026-01-02", None, NOW).before == NOW


@pytest.mark.parametrize(
    ("since", "before", "message"),
    [
        ("2026-01-02", "2026-01-02", "must come before"),
        ("2026-01-03", "2026-01-02", "must come before"),
        ("2026-03-02", None, "since 2026-03-02 lies in the future"),
        ("2026-03-02", "2026-03-03", "since 2026-03-02 lies in the future"),
        ("2026-02-01", "2026-03-03", "before 2026-03-03 lies in the future. Choose 2026-03-02 to include today"),
        ("yesterday", None, "expected a day such as 2026-01-31"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_its_days(since, before, message):
    with pytest.raises(InputError, match=message):
        window_between(since, before, NOW)


def test_the_day_that_is_not_over_may_be_asked():
    assert window_between("2026-03-01", "2026-03-02", NOW).before == datetime(2026, 3, 2, tzinfo=UTC)


def test_the_days_of_a_window_include_the_one_it_ends_in():
    assert days_of(window_between("2026-01-01", "2026-01-31", NOW)) == (date(2026, 1, 1), date(2026, 1, 31))
    assert days_of(window_between("2026-03-01", None, NOW)) == (date(2026, 3, 1), date(2026, 3, 2))


def test_a_run_id_of_airflow_becomes_a_folder_name():
    assert fit_for_a_path("manual__2026-01-01T00:00:00+00:00/..") == "manual__2026-01-01T00-00-00-00-00"
