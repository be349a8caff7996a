"""Trying again."""

import pytest

from devhealth.transport.retrying import ATTEMPTS, Passing, persistently
from devhealth.transport.waiting import Clock


def test_goes_on_after_what_passes():
    slept, answers = [], iter([Passing("502"), Passing("502"), "done"])

    def attempt() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert persistently(attempt, Clock(sleep=slept.append)) == "done"
    assert len(slept) == 2
    assert 1 <= slept[0] <= 2 <= slept[1] <= 3


def test_gives_up_after_a_number_of_attempts_with_the_last_failure():
    count = 0

    def attempt() -> None:
        nonlocal count
        count += 1
        raise Passing(f"attempt {count}")

    with pytest.raises(Passing, match=f"attempt {ATTEMPTS}"):
        persistently(attempt, Clock(sleep=lambda seconds: None))


def test_other_failures_are_not_repeated():
    calls = []
    with pytest.raises(KeyError):
        persistently(lambda: calls.append(1) or {}["x"], Clock(sleep=lambda seconds: pytest.fail("slept")))
    assert len(calls) == 1
