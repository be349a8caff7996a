"""Backfills killed at any moment, and several at work on one repository: the tables of one full sync in the end."""

import contextlib
import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
from datetime import date, timedelta

import psutil
import pytest

from devhealth.errors import RecordError
from devhealth.pipelines import setup
from devhealth.pipelines.backfill import BackfillRequest, list_chunks, list_jobs, open_job, plan_job, run_backfill
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.run import run_sync
from devhealth.pipelines.stages import fetch_unit, process_unit
from devhealth.sinks import gathering
from devhealth.staging import UnitStaging
from devhealth.warehouse import embedded
from tests.integration.stored_tables import stored_tables
from tests.integration.test_unkillable import AS_OF, FULL_DISK, environment, history, request_of
from tests.pipelines.backfill.conftest import unlimited
from tests.postgres import fresh_uri

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
    return fillable(warehouse_settings, repository)


def fillable(settings, repository):
    setup.prepare(settings)
    setup.register_source(settings, "acme", str(repository), targets=["git"], name="shop")
    unlimited(settings, "acme")
    return settings


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
    assert job.status in {"failed", "completed_with_errors", "completed"}, "it must not stay running"
    before = {chunk.number: chunk for chunk in list_chunks(settings, "acme", job.job_id)}
    if job.status != "completed":
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


ALL = BackfillRequest(organisation="acme", configuration="shop", since=SINCE, before=BEFORE)


def test_a_warehouse_killed_in_mid_backfill_costs_the_chunks_at_work_and_a_resume_mends_them(
    repository, warehouse_settings, tmp_path, monkeypatch
):
    own = fillable(dataclasses.replace(warehouse_settings, home=tmp_path / "own", clickhouse_uri=None), repository)
    monkeypatch.setattr(gathering, "WORTH_A_WRITE", 100)
    completed = []

    def kill_once(event):
        completed.append(event.kind == "completed")
        if event.kind == "completed" and sum(completed) == 5:
            psutil.Process(embedded.ensure_started(own.home).pid).kill()

    try:
        report = run_backfill(own, ALL, kill_once, has_metrics=False)
        assert report.completed >= 5
        assert all("ClickHouse" in failure.error for failure in report.failures)
        finished_by_resuming(own)
        compute_dirty(own, AS_OF)
        assert stored_tables(own) == full_sync(warehouse_settings, repository)
    finally:
        embedded.stop(own.home)


def test_a_full_disk_fails_the_chunks_and_a_resume_ends_in_the_tables_of_a_full_sync(
    repository, warehouse_settings, other_settings, tmp_path
):
    """Only the staging is on that disk."""
    settings = dataclasses.replace(warehouse_settings, semantic_uri=fresh_uri("postgresql", tmp_path))
    fillable(settings, repository)
    asked = ["--org", "acme", "--config", "shop", "--since", str(SINCE), "--before", str(BEFORE)]
    outcome = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "backfill", "run", *asked],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode != 0
    assert "Traceback" not in outcome.stderr
    assert "Free space or point DEVHEALTH_STAGING_URI" in outcome.stderr
    finished_by_resuming(settings)
    compute_dirty(settings, AS_OF)
    assert stored_tables(settings) == full_sync(other_settings, repository)


def test_garbage_in_the_staging_fails_its_chunks_and_a_resume_fetches_them_again(filled, other_settings, repository):
    job = open_job(filled, ALL, AS_OF)
    units = plan_job(filled, job.org_id, job.job_id)
    for number, unit in enumerate(units[:4]):
        fetch_unit(filled, unit)
        UnitStaging(unit.staging).pages()[number].path.write_bytes(b"\0garbage\n\xff")
        with pytest.raises(RecordError, match="shop"):
            process_unit(filled, unit)
    (UnitStaging(units[0].shared).root / "history.json").write_bytes(b"garbage")
    report = run_backfill(filled, BackfillRequest(organisation="acme", job_id=job.job_id))
    assert report.status == "completed", report.failure_text()
    compute_dirty(filled, AS_OF)
    assert stored_tables(filled) == full_sync(other_settings, repository)


def full_sync(settings, repository):
    setup.prepare(settings)
    setup.register_source(settings, "acme", str(repository), targets=["git"], name="shop")
    report = run_sync(settings, request_of())
    assert not report.failed, report.failure_text()
    compute_dirty(settings, AS_OF)
    return stored_tables(settings)
