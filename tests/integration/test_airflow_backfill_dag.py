"""The DAG `backfill` by `airflow dags test`, from its params to its verdict."""

import json
import time

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.backfill import cancel_job, list_chunks, list_jobs
from devhealth.semantic import configurations, database
from devhealth_airflow.bundles import all_units
from tests.integration.conftest import daily_history
from tests.integration.test_airflow_sync import registered, rows, watermarks

pytestmark = pytest.mark.airflow

REQUEST = {"organisation": "acme", "configuration": "shop", "since": "2026-02-24", "before": "2026-03-10"}
"""Two chunks of each repository, with all commits in the first one."""
ALL_DAYS = REQUEST | {"since": "2026-02-08"}
"""Thirty days."""


def test_thirty_days_of_one_organisation_are_filled_and_thirty_one_are_refused_in_one_sentence(
    airflow_home, daily_repository, tmp_path
):
    settings = airflow_home.settings
    registered(settings, daily_repository, targets=["git"])
    setup.register_source(settings, "globex", str(daily_history(tmp_path / "docs", days=2)), targets=["git"])

    output = airflow_home.test_dag("backfill", expect=1, **(ALL_DAYS | {"since": "2026-02-07"}))
    assert "a backfill covers at most 30 days, 31 asked (2026-02-07 to 2026-03-10)" in output
    assert airflow_home.query("select max_tries, state from task_instance where task_id = 'open_job'") == [
        (2, "failed")
    ]
    assert list_jobs(settings) == []

    narrow = {"AIRFLOW__CORE__MAX_MAP_LENGTH": "2", "AIRFLOW__DEVHEALTH__BACKFILL_TASK_SECONDS": "0"}
    airflow_home.with_environment(**narrow).test_dag("backfill", **ALL_DAYS)
    (job,) = list_jobs(settings)
    assert (job.organisation, job.status, job.completed, job.origin) == ("acme", "completed", 5, "dag")
    assert set(airflow_home.states("backfill").values()) == {"success"}
    names = airflow_home.query("select rendered_map_index from task_instance where task_id = 'unit.sink' order by 1")
    assert [name for (name,) in names if name] == ["shop git 2026-02-08 and 2 more", "shop git 2026-03-01 and 1 more"]
    assert rows(settings, "select count(), uniqExact(org_id) from commits final") == [(15, 1)]
    assert rows(settings, "select sum(commits_count) from repo_metrics_daily_latest") == [(15,)]
    assert watermarks(settings) == []


def test_chunks_of_a_source_that_is_gone_are_named_and_a_new_run_does_only_them(
    airflow_home, daily_repository, tmp_path
):
    settings, gone = airflow_home.settings, daily_history(tmp_path / "docs", days=2)
    registered(settings, daily_repository, targets=["git"])
    whole = setup.register_source(settings, "acme", str(daily_repository), targets=["git"], name="shop")
    add_source(settings, whole, gone)
    gone.rename(tmp_path / "moved")

    output = airflow_home.test_dag("backfill", expect=1, **REQUEST)
    assert "2 of 4 chunks failed, the others are stored" in output
    assert str(gone) in output
    states = airflow_home.states("backfill")
    ends = [states[task, -1] for task in ("close_job", "metrics", "verdict")]
    assert ends == ["success", "success", "failed"]
    assert {state for (task, _), state in states.items() if task.startswith("unit.")} == {"success"}
    (job,) = list_jobs(settings)
    assert (job.status, job.completed, job.failed) == ("completed_with_errors", 2, 2)

    (tmp_path / "moved").rename(gone)
    airflow_home.test_dag("backfill", organisation="acme", job=job.job_id)
    (job,) = list_jobs(settings)
    assert (job.status, job.completed) == ("completed", 4)
    assert [chunk.attempts for chunk in list_chunks(settings, "acme", job.job_id)].count(1) >= 2
    assert planned(airflow_home) == 2
    assert rows(settings, "select count() from commits final") == [(21,)]


def test_a_cancelled_job_skips_what_has_not_begun_and_a_killed_run_does_not_stay_running(
    airflow_home, daily_repository
):
    settings = airflow_home.settings
    registered(settings, daily_repository, targets=["git"])
    run = airflow_home.start("dags", "test", "backfill", "--conf", json.dumps(ALL_DAYS))
    until_running(settings, run)
    cancel_job(settings, "acme", list_jobs(settings)[0].job_id)
    run.wait(120)
    (job,) = list_jobs(settings)
    assert job.status == "cancelled"
    states = airflow_home.states("backfill")
    assert "skipped" in {state for (task, _), state in states.items() if task.startswith("unit.")}
    assert states["unit.sink", 0] == "skipped"
    assert states["verdict", -1] == "success"

    resumed = airflow_home.start(
        "dags", "test", "backfill", "--conf", json.dumps({"organisation": "acme", "job": job.job_id})
    )
    until_running(settings, resumed)
    resumed.kill()
    resumed.wait()
    assert list_jobs(settings)[0].status == "running"
    airflow_home.execute("update dag_run set state = 'failed' where dag_id = 'backfill' and state = 'running'")
    airflow_home.test_dag("compute_metrics")
    (job,) = list_jobs(settings)
    assert (job.status, job.running) == ("failed", 0)
    assert "of DAG backfill ended as failed" in job.error


def until_running(settings, run):
    deadline = time.monotonic() + 120
    while not (jobs := list_jobs(settings)) or jobs[0].status != "running":
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def planned(home):
    """How many chunks the newest run had to do."""
    query = "select value from xcom where task_id = 'chunks' and key = 'return_value' order by timestamp"
    return len(all_units(json.loads(home.query(query)[-1][0])))


def add_source(settings, configuration, repository):
    configurations.save(
        database.open_semantic(settings),
        org_id=configuration.org_id,
        name=configuration.name,
        provider=configuration.provider,
        sources=[*configuration.sources, str(repository)],
        targets=configuration.targets,
        options=configuration.options,
    )
