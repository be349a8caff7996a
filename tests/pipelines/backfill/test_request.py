from datetime import UTC, date, datetime

import pytest

from devhealth.errors import InputError
from devhealth.pipelines.backfill.request import days_between

NOW = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)


def test_the_last_days_end_with_today():
    assert days_between("30d", None, NOW) == (date(2026, 3, 2), date(2026, 4, 1))


def test_the_last_days_before_a_day_end_with_the_one_before_it():
    assert days_between("7d", "2026-02-01", NOW) == (date(2026, 1, 25), date(2026, 2, 1))


def test_days_are_taken_as_text_and_as_days():
    assert days_between(date(2026, 3, 1), "2026-04-01", NOW) == (date(2026, 3, 1), date(2026, 4, 1))


@pytest.mark.parametrize(
    ("since", "before", "message"),
    [
        (None, "2026-03-01", "since is missing: expected"),
        ("", None, "since is missing"),
        ("2026-03-05", "2026-03-05", "since 2026-03-05 must come before 2026-03-05"),
        ("2026-03-06", "2026-03-05", "must come before"),
        ("2026-04-01", None, "since 2026-04-01 lies in the future"),
        ("2026-03-01", "2026-04-02", "before 2026-04-02 lies in the future"),
        ("last week", None, "since is 'last week': expected a day"),
        ("2026-03-01", "2026-02-30", "before is '2026-02-30': expected a day"),
        ("0d", None, "since is '0d'"),
        ("-3d", None, "since is '-3d'"),
    ],
)
def test_days_that_make_no_sense_are_told_in_one_sentence(since, before, message):
    with pytest.raises(InputError, match=message):
        days_between(since, before, NOW)


@pytest.mark.parametrize("since", ["999999d", "1969-12-31"])
def test_days_that_no_record_can_have_are_refused(since):
    with pytest.raises(InputError, match=f"since {since} reaches back before 1970-01-01"):
        days_between(since, None, NOW)
