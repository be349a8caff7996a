"""How long a provider asks to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.transport import retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7.5 ", 7.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("999999999", 86_400.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 0.0 + 30),
        ("Sun, 01 Mar 2026 12:00:30", 30.0),
        ("", None),
        (None, None),
        ("soon", None),
        ("nan", None),
        ("inf", 86_400.0),
    ],
)
def test_header_in_all_its_forms(header, seconds):
    assert retry_after.of_header(header, NOW) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"message": "Slow down", "retry_after": 12}, 12.0),
        ({"message": "Slow down", "retry-after": "12"}, 12.0),
        ({"errors": [{"type": "RATE_LIMITED", "extensions": {"retryAfter": 4}}]}, 4.0),
        ({"message": "You have exceeded a secondary rate limit. Please wait 35 seconds before you try again."}, 35.0),
        ({"errors": [{"message": "Secondary limit: try again in 2 minutes"}]}, 120.0),
        ("<h1>Too many requests</h1> retry after 1 hour", 3_600.0),
        ({"message": "Please wait a few minutes before you try again."}, None),
        ({"message": None, "errors": None}, None),
        ([], None),
        (None, None),
    ],
)
def test_body_as_a_number_or_a_sentence(body, seconds):
    assert retry_after.of_body(body) == seconds


@given(st.text(max_size=40))
def test_no_header_asks_for_less_than_nothing_or_more_than_a_day(text):
    seconds = retry_after.of_header(text, NOW)
    assert seconds is None or 0 <= seconds <= retry_after.LONGEST


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "errors", "extensions", "retry_after"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_body_asks_for_less_than_nothing_or_more_than_a_day(body):
    seconds = retry_after.of_body(body)
    assert seconds is None or 0 <= seconds <= retry_after.LONGEST
