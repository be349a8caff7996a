"""Airflow's own backfill over the data intervals of a sync: `airflow dags backfill` on 2.11, a scheduler on 3.x."""

import socket
import time

import pytest

from devhealth.warehouse.connection import connected
from tests.airflow_home import IS_2, running
from tests.integration.conftest import daily_history
from tests.integration.test_airflow_sync import registered, watermarks

pytestmark = pytest.mark.airflow


EXECUTORS = [[], ["--local"]] if IS_2 else [[]]
"""What the command of 2.11 is told: to run one task after the other, as configured by default, or several at once."""


@pytest.mark.parametrize("options", EXECUTORS, ids=lambda options: " ".join(options) or "default")
def test_a_backfill_stores_the_days_asked_for_and_leaves_the_watermarks_alone(
    airflow_home, daily_repository, tmp_path, options
):
    registered(airflow_home.settings, daily_repository, daily_history(tmp_path / "docs"), targets=["git"])
    backfilled(airflow_home.with_environment(AIRFLOW__CORE__PARALLELISM="2"), "2026-03-02", "2026-03-03", *options)
    runs = airflow_home.query("select run_type, state from dag_run")
    assert runs == [("backfill", "success")] * 2
    assert commits_by_day(airflow_home) == [("2026-03-02", 6), ("2026-03-03", 6)]
    assert watermarks(airflow_home.settings) == []
    if not IS_2:
        assert airflow_home.query("select count(*) from asset_event") == [(2,)]


@pytest.mark.skipif(not IS_2, reason="on 3.x a backfill maps its units, as every run does")
def test_a_unit_that_fails_in_a_backfill_is_named_and_the_others_count(airflow_home, daily_repository, tmp_path):
    gone = daily_history(tmp_path / "docs")
    registered(airflow_home.settings, gone, daily_repository, targets=["git"])
    gone.rename(tmp_path / "moved")
    backfilled(airflow_home, "2026-03-02", "2026-03-02", expect=1)
    states = airflow_home.states("sync_local_git")
    ended = {"finish": "success", "announce": "success", "verdict": "failed", "backfill": "failed"}
    assert {task: states[task, -1] for task in ended} == ended
    log = next(airflow_home.folder.glob("logs/*/*/task_id=verdict/attempt=1.log")).read_text()
    assert f"1 of 2 units failed, the others are stored: {gone}" in log
    assert commits_by_day(airflow_home) == [("2026-03-02", 3)]


def commits_by_day(home):
    with connected(home.settings) as client:
        return client.execute(
            "select toString(toDate(committed_at)) as day, count() from commits final group by day order by day"
        )


def backfilled(home, first, last, *options, expect=0):
    if IS_2:
        days = ("--start-date", first, "--end-date", last)
        home.run("dags", "backfill", *options, *days, "sync_local_git", expect=expect)
        return
    api, logs = free_port(), free_port()
    home = home.with_environment(
        AIRFLOW__API__HOST="127.0.0.1",
        AIRFLOW__API__PORT=str(api),
        AIRFLOW__API__WORKERS="1",
        AIRFLOW__API_AUTH__JWT_SECRET="only-known-to-the-processes-of-this-test" * 2,
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{api}/execution/",
        AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(logs),
        AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE="False",  # only what is asked for runs
    )
    home.run("dags", "reserialize")
    home.run("backfill", "create", "--dag-id", "sync_local_git", "--from-date", first, "--to-date", last)
    with running(home.start("api-server", log="api.log"), home.start("scheduler", log="scheduler.log")):
        deadline = time.monotonic() + 200
        while home.query("select 1 from dag_run where state in ('queued', 'running')"):
            assert time.monotonic() < deadline, (home.folder / "scheduler.log").read_text()[-4000:]
            time.sleep(0.5)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
