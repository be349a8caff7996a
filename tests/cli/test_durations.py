from datetime import UTC, datetime, timedelta

import pytest

from devhealth.cli.durations import ago, span

MINUTE, HOUR, DAY = 60, 3_600, 86_400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (MINUTE, "1 min"),
        (HOUR - 1, "59 min"),
        (HOUR, "1 h"),
        (2 * DAY - 1, "47 h"),
        (2 * DAY, "2 d"),
        (5_000 * DAY, "5,000 d"),
    ],
)
def test_a_duration_is_said_in_its_largest_unit_rounded_down(seconds, text):
    assert span(seconds) == text


def test_what_is_not_over_yet_is_now():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert ago(now - timedelta(hours=3), now) == "3 h ago"
    assert ago(now + timedelta(hours=3), now) == "0 s ago"
