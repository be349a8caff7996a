"""The DAG `backfill` in a real Airflow: `airflow dags test`, and a scheduler where the order of work matters."""

import json

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.backfill import cancel_job, list_chunks, list_jobs
from tests.integration.conftest import daily_history
from tests.integration.test_airflow_sync import registered, rows, watermarks

pytestmark = pytest.mark.airflow

REQUEST = {"organisation": "acme", "configuration": "shop", "since": "2026-02-24", "before": "2026-03-10"}
"""Two chunks of the repository, the commits in both."""


def test_a_backfill_stores_its_days_and_their_metrics_and_moves_no_watermark(airflow_home, daily_repository, tmp_path):
    settings = airflow_home.settings
    registered(settings, daily_repository, targets=["git"])
    setup.register_source(settings, "globex", str(daily_history(tmp_path / "docs", days=2)), targets=["git"])
    airflow_home.test_dag("backfill", **REQUEST)
    (job,) = list_jobs(settings)
    assert (job.organisation, job.status, job.completed, job.origin) == ("acme", "completed", 2, "dag")
    print(airflow_home.states("backfill"))
    assert rows(settings, "select count() from commits final") == [(15,)]
    assert rows(settings, "select sum(commits_count) from repo_metrics_daily_latest") == [(15,)]
    assert watermarks(settings) == []
