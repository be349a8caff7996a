"""The `airflow` program, really asked, on whichever line the tests run."""

import json
import os
import subprocess
import sys

import pytest

from devhealth.cli import airflow_program
from devhealth.errors import RunnerUnknown
from tests.airflow_home import IS_2, ROOT, new_home

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    home = new_home(tmp_path_factory.mktemp("airflow") / "home")
    home.run("db", "migrate")
    home.run("dags", "reserialize")
    if IS_2:  # what its scheduler does once it has read the file
        with pytest.MonkeyPatch.context() as patch:
            for name, value in home.environment.items():
                patch.setenv(name, value)
            code = "from airflow.models import DagBag; DagBag(read_dags_from_db=False).sync_to_db()"
            subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ}, cwd=home.folder)
    return home


@pytest.fixture
def asking(airflow, monkeypatch):
    """This process, as if it were called with the environment of that Airflow."""
    for name, value in airflow.environment.items():
        monkeypatch.setenv(name, value)
    airflow_program._answers.clear()
    return airflow


def test_a_run_is_triggered_found_and_missed_once_it_is_gone(asking):
    conf = {"organisation": "acme", "configuration": "shop", "since": "2026-01-01", "before": "2026-01-31"}
    airflow_program.trigger("backfill", "devhealth__1", conf)
    assert airflow_program.state_of_run("backfill", "devhealth__1") in {"queued", "running"}
    assert airflow_program.state_of_run("backfill", "devhealth__2") is None
    ((stored,),) = asking.query("select count(*) from dag_run where dag_id = 'backfill'")
    assert stored == 1


def test_a_dag_that_airflow_does_not_know_is_no_answer(asking):
    with pytest.raises(RunnerUnknown, match=r"`airflow dags list-runs` refused: .*nothing"):
        airflow_program.state_of_run("nothing", "devhealth__1")
    with pytest.raises(RunnerUnknown, match=r"`airflow dags trigger` refused: .*nothing"):
        airflow_program.trigger("nothing", "devhealth__1", {})


def test_an_airflow_that_is_not_set_up_is_no_answer(asking, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    with pytest.raises(RunnerUnknown, match="refused"):
        airflow_program.state_of_run("backfill", "devhealth__1")


def test_the_command_line_has_airflow_do_a_backfill(asking, tmp_path):
    environment = asking.environment | {"PYTHONPATH": str(ROOT / "include"), "DEVHEALTH_HOME": str(tmp_path)}

    def devhealth(*arguments, status=0):
        command = [sys.executable, "-m", "devhealth.cli", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done

    subprocess.run(["git", "init", "-q", tmp_path / "shop"], check=True)
    try:
        devhealth("register", str(tmp_path / "shop"), "--org", "acme", "--target", "git")
        asked = ("backfill", "run", "--org", "acme", "--config", "shop", "--airflow")
        assert "31 asked" in devhealth(*asked, "--since", "31d", status=2).stderr
        run_id = json.loads(devhealth(*asked, "--since", "30d", "--json").stdout)["run_id"]
        assert json.loads(devhealth("backfill", "status", "--json").stdout) == []
    finally:
        devhealth("warehouse", "stop")
    assert airflow_program.state_of_run("backfill", run_id) in {"queued", "running"}
