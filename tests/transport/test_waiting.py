"""Waiting in place, by somebody who asked for it, or not at all."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devhealth.errors import RateLimited
from devhealth.settings import Settings
from devhealth.transport.waiting import Clock, wait_until

NOW = 1_800_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"DEVHEALTH_HOME": str(tmp_path)})


def test_a_minute_is_waited_in_place(settings: Settings):
    slept = []
    assert wait_until(NOW + 60, "Busy.", settings, Clock(lambda: NOW, slept.append)) == 0
    assert slept == [60]


def test_more_is_raised_with_its_end(settings: Settings):
    with pytest.raises(RateLimited, match=r"Busy\. It goes on after 2027-01-15 08:01:01 UTC") as raised:
        wait_until(NOW + 61, "Busy.", settings, Clock(lambda: NOW, lambda seconds: None))
    assert raised.value.until == datetime.fromtimestamp(NOW + 61, UTC)


def test_more_is_left_to_who_has_asked_for_it(settings: Settings):
    told = []
    patient = replace(settings, wait=lambda until, why: told.append((until, why)))
    wait_until(NOW + 3_000, "Busy.", patient, Clock(lambda: NOW, lambda seconds: None))
    assert told == [(datetime.fromtimestamp(NOW + 3_000, UTC), "Busy.")]


def test_moment_that_has_passed_is_not_waited_for(settings: Settings):
    assert wait_until(NOW - 1, "Busy.", settings, Clock(lambda: NOW, lambda seconds: pytest.fail("slept"))) == 0
