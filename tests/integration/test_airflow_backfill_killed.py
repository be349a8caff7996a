"""A backfill under a real scheduler: its order, its progress, and `kill -9` half-way."""

import json
import signal
import time
from datetime import UTC, datetime

import pytest

from devhealth.pipelines.backfill import list_chunks, list_jobs
from devhealth.pipelines.metrics import compute_dirty
from devhealth.semantic import database, organizations, tiers
from tests.airflow_home import kill_tree, schedulable, scheduling
from tests.integration.stored_tables import stored_tables
from tests.integration.test_airflow_killed import undisturbed, without_ids
from tests.integration.test_airflow_sync import registered, watermarks

pytestmark = pytest.mark.airflow

REQUEST = {"organisation": "acme", "configuration": "shop", "since": "2026-01-27", "before": "2026-03-10"}
"""Six chunks, two to a task; the last two hold the commits."""
SOON = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__ZOMBIE_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__LOCAL_TASK_JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "3",
}
"""Airflow notices dead tasks and schedulers in seconds instead of minutes."""


def test_a_backfill_goes_on_when_airflow_was_killed_half_way_and_stores_nothing_twice(
    airflow_home, daily_repository, warehouse_settings
):
    settings = airflow_home.settings
    registered(settings, daily_repository, targets=["git"])
    engine = database.open_semantic(settings)
    tiers.set_tier(engine, organizations.organization_id(engine, "acme"), "team")
    home = schedulable(airflow_home, **SOON)
    home.run("pools", "set", "chunks", "1", "one at a time")
    home = home.with_environment(
        AIRFLOW__DEVHEALTH__BACKFILL_POOL="chunks", AIRFLOW__DEVHEALTH__BACKFILL_TASK_SECONDS="4"
    )
    home.run("dags", "reserialize")
    home.run("dags", "trigger", "backfill", "-c", json.dumps(REQUEST))
    with scheduling(home) as processes:
        until(home, lambda: job(settings) and job(settings).completed and job(settings).running)
        for process in processes:
            kill_tree(process.pid, signal.SIGKILL)
    assert job(settings).status == "running"
    assert 1 <= job(settings).completed <= 5
    done = [chunk for chunk in chunks(settings) if chunk.status == "completed"]
    with scheduling(home):
        until(home, lambda: run_state(home) != "running")
        assert run_state(home) == "success"
        assert (job(settings).status, job(settings).completed) == ("completed", 6)
        assert chunks(settings)[: len(done)] == done
        assert_one_task_after_the_other(home)
        stored = stored_tables(settings)
        before = chunks(settings)
        home.run("tasks", "clear", "--yes", "--task-regex", r"^unit\.sink$", "backfill")
        until(home, lambda: run_state(home) == "success" and not home.query(NOT_ENDED))
    assert chunks(settings) == before
    assert stored_tables(settings) == stored
    assert watermarks(settings) == []
    undisturbed(warehouse_settings, daily_repository)
    compute_dirty(warehouse_settings, datetime.now(UTC))
    expected = stored_tables(warehouse_settings)
    assert len(expected["commits"]) == 15
    assert without_ids(stored) == without_ids(expected)


NOT_ENDED = "select 1 from task_instance where dag_id = 'backfill' and state is not 'success'"


def assert_one_task_after_the_other(home):
    """Tasks begin bundle by bundle; one that was fetched in the moment before its successor was due may be ahead."""
    rows = home.query(
        "select task_id, map_index, start_date from task_instance where dag_id = 'backfill' and map_index >= 0"
    )
    began = {(task.removeprefix("unit."), index): start for task, index, start in rows}
    assert len(began) == 9
    for index in range(3):
        assert began["connector", index] < began["processor", index] < began["sink", index]
        assert index + 2 not in range(3) or began["sink", index] < began["connector", index + 2]


def job(settings):
    return next(iter(list_jobs(settings)), None)


def chunks(settings):
    return list_chunks(settings, "acme", job(settings).job_id)


def run_state(home):
    ((state,),) = home.query("select state from dag_run where dag_id = 'backfill'")
    return state


def until(home, is_so, seconds=150):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, (home.folder / "scheduler.log").read_text()[-4000:]
        time.sleep(0.1)
