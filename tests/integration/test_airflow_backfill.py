"""Airflow's own backfill over the data intervals of a sync: `airflow dags backfill` on 2.11, a scheduler on 3.x."""

import socket
import time

import pytest

from devhealth.warehouse.connection import connected
from tests.airflow_home import IS_2, running
from tests.integration.test_airflow_sync import registered, watermarks

pytestmark = pytest.mark.airflow


def test_a_backfill_stores_the_days_asked_for_and_leaves_the_watermarks_alone(airflow_home, daily_repository):
    registered(airflow_home.settings, daily_repository, targets=["git"])
    backfilled(airflow_home.with_environment(AIRFLOW__CORE__PARALLELISM="2"), "2026-03-02", "2026-03-03")
    runs = airflow_home.query("select run_type, state from dag_run")
    assert runs == [("backfill", "success")] * 2
    with connected(airflow_home.settings) as client:
        by_day = "select toString(toDate(committed_at)) as day, count() from commits final group by day order by day"
        assert client.execute(by_day) == [("2026-03-02", 3), ("2026-03-03", 3)]
    assert watermarks(airflow_home.settings) == []
    if not IS_2:
        assert airflow_home.query("select count(*) from asset_event") == [(2,)]


def backfilled(home, first, last):
    if IS_2:
        home = home.with_environment(
            AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION="False"
        )  # as the DAG's page says
        home.run("dags", "backfill", "--start-date", first, "--end-date", last, "sync_local_git")
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
