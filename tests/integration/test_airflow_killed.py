"""`kill -9` of the process that runs the tasks, at each stage: run again, the tables are the undisturbed ones."""

import os
import signal
import time
from datetime import UTC, datetime

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from tests.integration.stored_tables import stored_tables
from tests.integration.test_airflow_sync import registered, watermarks

pytestmark = pytest.mark.airflow


def killed_when_staged(home, pattern):
    """Start a run, and kill it the moment a unit's staging holds such a file."""
    run = home.start("dags", "test", "sync_local_git")
    deadline = time.monotonic() + 120
    try:
        while not list((home.settings.home / "staging").glob(f"*/*/{pattern}")):
            assert run.poll() is None, (home.folder / "output.log").read_text()[-4000:]
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def undisturbed(settings, repository):
    setup.prepare(settings)
    setup.register_source(settings, "acme", str(repository), targets=["git"])
    now = datetime.now(UTC)
    assert not run_sync(settings, SyncRequest(provider="local_git", run_id=new_run_id(now), as_of=now)).failed
    return stored_tables(settings)


@pytest.mark.parametrize("pattern", ["pages/*", "records/*", "stored.json"], ids=["fetched", "processed", "stored"])
def test_a_run_killed_at_a_stage_and_started_again_ends_in_the_same_tables(
    pattern, airflow_home, daily_repository, warehouse_settings
):
    registered(airflow_home.settings, daily_repository, targets=["git"])
    killed_when_staged(airflow_home, pattern)
    assert watermarks(airflow_home.settings) == []
    airflow_home.test_dag("sync_local_git")
    assert len(watermarks(airflow_home.settings)) == 1
    expected = undisturbed(warehouse_settings, daily_repository)
    found = stored_tables(airflow_home.settings)
    for tables in (found, expected):
        assert len(tables["commits"]) == 15
    assert without_ids(found) == without_ids(expected)


def without_ids(tables):
    """The rows, but for the ids of the organisation and the repository, which each database makes itself."""
    ids = {row[0] for row in tables["repositories"]}
    return {
        name: sorted([[v for v in row if isinstance(v, list) or v not in ids] for row in rows], key=repr)
        for name, rows in tables.items()
    }
