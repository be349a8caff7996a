"""Waiting for a provider on the command line."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from devhealth.cli.waiting import patiently
from devhealth.errors import RateLimited
from devhealth.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({"DEVHEALTH_HOME": str(tmp_path)})


def test_wait_is_said_once_in_one_line(settings, capsys):
    until = datetime.now(UTC) + timedelta(seconds=0.2)
    with patiently(settings) as patient:
        patient.wait(until, "github.com asks stored:github to slow down.")
        patient.wait(until, "github.com asks stored:github to slow down.")
    assert datetime.now(UTC) >= until
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"github.com asks stored:github to slow down. Going on at {until:%H:%M} UTC, in 0 s.\n"


def test_threads_that_wait_give_up_when_the_command_ends(settings):
    raised = []

    def wait(patient) -> None:
        with pytest.raises(RateLimited):
            patient.wait(datetime.now(UTC) + timedelta(hours=1), "Busy.")
        raised.append(True)

    with patiently(settings) as patient:
        thread = threading.Thread(target=wait, args=(patient,))
        thread.start()
    thread.join(5)
    assert raised == [True]
