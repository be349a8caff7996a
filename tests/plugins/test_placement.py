"""How many tasks there are, as Airflow's configuration has it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, os, sys
import airflow.settings
from devhealth_airflow.airflow_names import AirflowFailException
from devhealth_airflow import placement

def told(function, variable, text):
    os.environ.pop(variable, None)
    if text is not None:
        os.environ[variable] = text
    try:
        return function()
    except AirflowFailException as error:
        return str(error)

limits, seconds = json.load(sys.stdin)
print("FOUND" + json.dumps([
    [told(placement.most_tasks, "AIRFLOW__CORE__MAX_MAP_LENGTH", text) for text in limits],
    [told(placement.seconds_of_a_task, "AIRFLOW__DEVHEALTH__BACKFILL_TASK_SECONDS", text) for text in seconds],
]))
"""
"""Run apart: this process stays free of Airflow."""
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What is read for each text, None for a setting that is not there."""
    folder = str(tmp_path_factory.mktemp("airflow"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([LIMITS, SECONDS]),
        env={"PATH": "/usr/bin:/bin", "HOME": folder, "AIRFLOW_HOME": folder, "PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    limits, seconds = json.loads(done.stdout.partition("FOUND")[2])
    of_seconds = zip([("seconds", text) for text in SECONDS], seconds, strict=True)
    return dict([*zip(LIMITS, limits, strict=True), *of_seconds])


LIMITS = [None, "1", "9", "10", "4096", "0", "-3", "many"]
SECONDS = [None, "0", "5.5", "-1", "nan", "soon"]


@pytest.mark.parametrize(("text", "expected"), [(None, 100), ("1", 1), ("9", 9), ("10", 10), ("4096", 100)])
def test_as_many_tasks_are_mapped_as_this_airflow_allows_at_most_a_hundred(found, text, expected):
    assert found[text] == expected


@pytest.mark.parametrize("text", ["0", "-3", "many"])
def test_a_limit_nothing_can_be_mapped_with_is_named(found, text):
    assert f"`[core] max_map_length` is '{text}'" in found[text]
    assert "expected a number from 1 on" in found[text]


@pytest.mark.parametrize(("text", "expected"), [(None, 60), ("0", 0), ("5.5", 5.5)])
def test_a_task_of_a_backfill_bundles_the_work_of_a_minute_or_what_is_set(found, text, expected):
    assert found["seconds", text] == expected


@pytest.mark.parametrize("text", ["-1", "nan", "soon"])
def test_a_bundle_of_no_sensible_size_is_named(found, text):
    assert f"`[devhealth] backfill_task_seconds` is '{text}': expected seconds from 0" in found["seconds", text]
