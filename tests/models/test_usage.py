"""What requests cost."""

from datetime import UTC, datetime

import msgspec

from devhealth.models.usage import Usage

RESET = datetime(2026, 3, 1, 13, 5, tzinfo=UTC)


def test_usage_adds_up_and_what_is_left_is_as_told_last():
    first = Usage(requests=2, points=3, remaining=10, limit=50, reset_at=RESET, waited_seconds=1.5)
    both = first.plus(Usage(requests=1, points=1, remaining=9, limit=50, reset_at=RESET)).plus(Usage(waited_seconds=2))
    assert both == Usage(requests=3, points=4, remaining=9, limit=50, reset_at=RESET, waited_seconds=3.5)
    assert msgspec.json.decode(msgspec.json.encode(both), type=Usage) == both


def test_sentence_says_what_it_cost_and_what_is_left():
    usage = Usage(requests=1_234, points=2_345, remaining=2_655, limit=5_000, reset_at=RESET, waited_seconds=75)
    assert usage.sentence() == (
        "Cost: 1,234 requests, 2,345 points; 2,655 of 5,000 left until 13:05 UTC; 75 s waited for limits."
    )
    assert Usage(requests=1, points=1).sentence() == "Cost: 1 request, 1 point."
    assert Usage().sentence() == ""
