"""The account of one credential."""

from hypothesis import given
from hypothesis import strategies as st

from devhealth.transport.limits import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Allowance,
    Standing,
    left,
    note_answer,
    note_exhausted,
    note_refused,
    note_sent,
    ready_at,
)

NOW = 1_800_000_000.0


def test_nothing_known_is_ready_now():
    assert ready_at(Standing(), "core", NOW) <= NOW


def test_used_up_allowance_waits_for_its_reset_and_leaves_other_kinds_alone():
    standing = Standing()
    note_answer(standing, "core", Allowance(5_000, 0, NOW + 900))
    assert ready_at(standing, "core", NOW) == NOW + 900
    assert ready_at(standing, "graphql", NOW) <= NOW
    assert ready_at(standing, "core", NOW + 900) <= NOW + 900


def test_allowance_counts_until_its_reset_only():
    standing = Standing()
    note_answer(standing, "core", Allowance(5_000, 3, NOW + 60))
    assert left(standing, "core", NOW) == 3
    assert left(standing, "core", NOW + 61) == float("inf")


def test_server_that_switches_its_limits_off_is_believed():
    standing = Standing()
    note_answer(standing, "core", Allowance(5_000, 0, NOW + 900))
    note_answer(standing, "core", None)
    assert ready_at(standing, "core", NOW) <= NOW


def test_refusal_without_a_time_pauses_twice_as_long_each_time():
    standing, now, pauses = Standing(), NOW, []
    for _ in range(6):
        note_refused(standing, None, now)
        pauses.append(standing.paused_until - now)
        now = standing.paused_until
    assert pauses == [FIRST_PAUSE, 120, 240, 480, LONGEST_PAUSE, LONGEST_PAUSE]


def test_answer_ends_the_row_of_refusals():
    standing = Standing()
    note_refused(standing, None, NOW)
    note_refused(standing, None, NOW + 60)
    note_answer(standing, "core", None)
    note_refused(standing, None, NOW + 500)
    assert standing.paused_until == NOW + 500 + FIRST_PAUSE


def test_refusals_of_requests_under_way_count_once():
    standing = Standing()
    for _ in range(5):
        note_refused(standing, None, NOW)
    assert (standing.refusals, standing.paused_until) == (1, NOW + FIRST_PAUSE)


def test_reset_that_has_passed_is_not_asked_again_in_a_tight_loop():
    standing, now, waits = Standing(), NOW, []
    for _ in range(5):
        note_exhausted(standing, "core", 5_000, now - 10, now)
        waits.append(ready_at(standing, "core", now) - now)
        now = ready_at(standing, "core", now)
    assert waits == [1, 2, 4, 8, 16]


@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=120),
    st.integers(1, 20),
)
def test_no_minute_sees_more_requests_than_allowed(gaps, per_minute):
    standing, now, sent = Standing(), NOW, []
    for gap in gaps:
        now += gap
        now = max(now, ready_at(standing, "core", now, per_minute))
        note_sent(standing, "core", now)
        sent.append(now)
    for index, first in enumerate(sent):
        assert sum(first <= other < first + 59 for other in sent[index:]) <= per_minute


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["answer", "refused", "exhausted", "off"]),
            st.none() | st.floats(0, 86_400),
            st.integers(0, 2),
            st.floats(0, 4_000),
        ),
        max_size=60,
    )
)
def test_wait_never_ends_before_it_was_asked_to_nor_later_than_a_day(events):
    standing, now = Standing(), NOW
    for event, seconds, remaining, gap in events:
        if event == "answer":
            note_answer(standing, "core", Allowance(5_000, remaining, now + (seconds or 0)))
            asked = now + (seconds or 0) if remaining == 0 else now
        elif event == "off":
            note_answer(standing, "core", None)
            asked = now
        elif event == "refused":
            note_refused(standing, seconds, now)
            asked = now + (FIRST_PAUSE if seconds is None else seconds)
        else:
            note_exhausted(standing, "core", 5_000, now + (seconds or 0), now)
            asked = now + (seconds or 0)
        ready = ready_at(standing, "core", now)
        assert asked <= max(ready, now)
        assert ready <= now + 86_400 + 1
        now += gap
