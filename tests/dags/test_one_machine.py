"""What `make demo` and `make airflow` show of a real Airflow."""

import json
import os
import socket
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from devhealth_airflow.one_machine import standalone

ROOT = Path(__file__).parents[2]
DAG = '''"""An Airflow dag of two units."""
from airflow.sdk import dag, task, task_group

@dag(schedule=None)
def toy():
    @task
    def plan(params=None):
        return list(range(params["units"]))

    @task_group(group_id="unit")
    def unit(number):
        @task(retries=0)
        def sink(number):
            if number == 1:
                raise RuntimeError("acme/shop is gone")
        sink(number)

    unit.expand(number=plan())

toy()
'''


@pytest.fixture(scope="module")
def run_here(tmp_path_factory):
    if version("apache-airflow").startswith("2."):
        pytest.skip("one machine runs Airflow 3")
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    (home / "dags/toy.py").write_text(DAG.replace("@dag(schedule=None)", "@dag(schedule=None, params={'units': 1})"))
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": f"{ROOT / 'include'}:{ROOT / 'plugins'}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environ, capture_output=True, check=True)

    def run(conf):
        command = [sys.executable, "-m", "devhealth_airflow.one_machine.run_here", str(home / "log"), f"toy={conf}"]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    return run


@pytest.mark.airflow
def test_each_task_is_a_line_and_a_failure_names_its_reason(run_here):
    run = run_here('{"units": 2}')
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    assert lines[0].split()[:2] == ["toy", "plan"]
    assert "acme/shop is gone" in run.stdout
    assert lines[-1].startswith("toy failed; the whole log is ")
    assert run.stderr == ""


@pytest.mark.airflow
def test_a_run_without_units_says_that_nothing_is_new(run_here):
    run = run_here('{"units": 0}')
    assert run.returncode == 0
    assert "Nothing is new" in run.stdout


def test_the_password_is_made_once_and_only_its_owner_reads_it(tmp_path):
    file = tmp_path / "airflow/passwords.json"
    password = standalone._password(file)
    assert password == standalone._password(file) == json.loads(file.read_text())["admin"]
    assert len(password) >= 12
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_port_is_found_when_the_usual_one_is_taken(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(standalone, "USUAL_PORT", taken.getsockname()[1])
        assert standalone._free_port() not in {0, standalone.USUAL_PORT}
