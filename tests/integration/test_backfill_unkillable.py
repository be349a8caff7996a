"""Backfills killed at any moment, and several at work on one repository: the tables of one full sync in the end."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from datetime import date, timedelta

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.backfill import BackfillRequest, list_chunks, list_jobs, run_backfill
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.run import run_sync
from tests.integration.stored_tables import stored_tables
from tests.integration.test_unkillable import AS_OF, environment, history, request_of
from tests.pipelines.backfill.conftest import unlimited

SINCE = date(2025, 6, 1)
"""Before the first commit."""
BEFORE = SINCE + timedelta(weeks=32)
"""After the last one."""

RUN = """
import json, sys
from devhealth.pipelines.backfill import BackfillRequest, run_backfill
from devhealth.settings import Settings
request = BackfillRequest(**json.loads(sys.argv[1]))
first = True
def listen(event):
    global first
    if first:
        print("begun", flush=True)
    first = False
report = run_backfill(Settings.from_environment(), request, listen, has_metrics=False)
assert report.status == "completed", report.failure_text()
"""


@pytest.fixture
def repository(tmp_path):
    return history(tmp_path / "shop")


@pytest.fixture
def filled(warehouse_settings, repository):
    """Settings of a devhealth whose configuration `shop` reads the repository, and nothing is stored yet."""
    setup.prepare(warehouse_settings)
    setup.register_source(warehouse_settings, "acme", str(repository), targets=["git"], name="shop")
    unlimited(warehouse_settings, "acme")
    return warehouse_settings


def begun(settings, **changes):
    """A process at work on a backfill."""
    asked = {"organisation": "acme", "configuration": "shop", "since": SINCE, "before": BEFORE}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, json.dumps(asked | changes, default=str)],
        stdout=subprocess.PIPE,
        env=environment(settings),
        start_new_session=True,
    )
    assert process.stdout.readline() == b"begun\n"
    return process


def killed(process, after):
    with contextlib.suppress(subprocess.TimeoutExpired):
        assert process.wait(after) == 0, "it must not end by an error of its own"
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finished_by_resuming(settings):
    (job,) = list_jobs(settings)
    assert job.status in {"failed", "completed"}, "it must not stay running"
    before = {chunk.number: chunk for chunk in list_chunks(settings, "acme", job.job_id)}
    if job.status == "failed":
        assert run_backfill(settings, BackfillRequest(organisation="acme", job_id=job.job_id)).status == "completed"
    for chunk in list_chunks(settings, "acme", job.job_id):
        if before[chunk.number].status == "completed":
            assert chunk == before[chunk.number], "what was done is not done again"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_backfill_killed_at_random_moments_and_resumed_ends_in_the_tables_of_a_full_sync(
    seed,
    filled,
    other_settings,
    repository,
):
    chance = random.Random(seed)
    killed(begun(filled), chance.uniform(0, 1))
    for _ in range(seed):
        (job,) = list_jobs(filled)
        if job.status != "completed":
            killed(begun(filled, configuration="", since=None, before=None, job_id=job.job_id), chance.uniform(0, 1))
    finished_by_resuming(filled)
    compute_dirty(filled, AS_OF)
    assert stored_tables(filled) == full_sync(other_settings, repository)


@pytest.mark.slow
def test_two_backfills_and_a_sync_at_once_end_in_the_tables_of_a_full_sync(
    filled,
    other_settings,
    repository,
):
    command = [sys.executable, "-m", "devhealth.cli", "sync", "git", "--org", "acme", "--repo-path", str(repository)]
    backfills = [begun(filled), begun(filled, since=SINCE + timedelta(30), order="newest_first")]
    sync = subprocess.run(command, env=environment(filled), capture_output=True, text=True, check=False)
    assert sync.returncode == 0, sync.stderr
    assert [process.wait() for process in backfills] == [0, 0]
    compute_dirty(filled, AS_OF)
    assert stored_tables(filled) == full_sync(other_settings, repository)


def full_sync(settings, repository):
    setup.prepare(settings)
    setup.register_source(settings, "acme", str(repository), targets=["git"], name="shop")
    report = run_sync(settings, request_of())
    assert not report.failed, report.failure_text()
    compute_dirty(settings, AS_OF)
    return stored_tables(settings)
