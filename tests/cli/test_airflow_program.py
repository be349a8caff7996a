"""The `airflow` program, really asked, on whichever line the tests run."""

import json
import subprocess
import sys

import pytest

from devhealth.cli import airflow_program
from devhealth.errors import RunnerUnknown
from tests.airflow_home import IS_2, ROOT, new_home

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, migrated_database):
    """An Airflow that has read its DAG files, as its scheduler does."""
    home = new_home(tmp_path_factory.mktemp("airflow") / "home", migrated_database)
    home = home.with_environment(AIRFLOW__DEVHEALTH__DAG_ID_PREFIX="ours_")
    if IS_2:
        code = "from airflow.models import DagBag; DagBag(read_dags_from_db=False).sync_to_db()"
        subprocess.run([sys.executable, "-c", code], check=True, env=home.environment, cwd=home.folder)
    else:
        home.run("dags", "reserialize")
    return home


@pytest.fixture
def asking(airflow, monkeypatch):
    """This process, as if it were called with the environment of that Airflow."""
    for name, value in airflow.environment.items():
        monkeypatch.setenv(name, value)
    airflow_program._answers.clear()
    return airflow


def test_a_dag_that_airflow_does_not_know_is_no_answer(asking):
    with pytest.raises(RunnerUnknown, match=r"`airflow dags list-runs` refused: .*nothing"):
        airflow_program.state_of_run("nothing", "devhealth__1")
    with pytest.raises(RunnerUnknown, match=r"`airflow dags trigger` refused: .*nothing"):
        airflow_program.trigger("nothing", "devhealth__1", {})


def test_an_airflow_that_is_not_set_up_is_no_answer(asking, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    with pytest.raises(RunnerUnknown, match="refused"):
        airflow_program.state_of_run("backfill", "devhealth__1")


def test_the_command_line_has_airflow_do_a_backfill_and_says_when_it_waits(asking, tmp_path):
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
        triggered = json.loads(devhealth(*asked, "--since", "30d", "--json").stdout)
        assert (triggered["dag_id"], triggered["is_paused"]) == ("ours_backfill", False)
        asking.execute("update dag set is_paused = 1")
        told = devhealth(*asked, "--since", "2d").stdout
        assert "the DAG is paused, so it waits for `airflow dags unpause ours_backfill`" in told
        assert json.loads(devhealth("backfill", "status", "--json").stdout) == []
    finally:
        devhealth("warehouse", "stop")
    assert airflow_program.state_of_run("ours_backfill", triggered["run_id"]) == "queued"
    assert airflow_program.state_of_run("ours_backfill", "devhealth__2") is None
    assert asking.query("select count(*) from dag_run where dag_id = 'ours_backfill'") == [(2,)]


def test_the_prefix_of_dag_ids_is_read_from_the_configuration_file_too(tmp_path, monkeypatch):
    monkeypatch.delenv("AIRFLOW__DEVHEALTH__DAG_ID_PREFIX", raising=False)
    monkeypatch.delenv("AIRFLOW_CONFIG", raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert airflow_program.dag_id("backfill") == "backfill"
    (tmp_path / "airflow.cfg").write_text("[devhealth]\ndag_id_prefix = eng_%s_\n")
    assert airflow_program.dag_id("backfill") == "eng_%s_backfill"
