"""A backfill in one process: what it stores, what it leaves alone, and what is left when it is stopped."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from devhealth.errors import BackfillInterrupted, InputError, StoreError, UnknownName
from devhealth.pipelines import metrics
from devhealth.pipelines.backfill import cancel_job, list_chunks, list_jobs, run_backfill, work
from devhealth.pipelines.request import window_between
from devhealth.pipelines.run import run_sync
from devhealth.staging import UnitStaging
from tests.integration.stored_tables import stored_tables
from tests.pipelines.backfill.conftest import BEFORE, SINCE, asked, configure, query, rows_of, unlimited
from tests.pipelines.conftest import NOW, request

ROOT = Path(__file__).parents[3]


def only_job(settings, **choices):
    (job,) = list_jobs(settings, **choices)
    return job


def resumed(settings, job_id, **choices):
    return run_backfill(settings, asked(configuration="", since=None, before=None, job_id=job_id), **choices)


def test_a_backfill_stores_what_one_sync_of_the_window_does(settings, acme, shop):
    report = run_backfill(settings, asked(), has_metrics=False)
    assert (report.status, report.chunks, report.completed, report.failures) == ("completed", 4, 4, [])
    stored = stored_tables(settings)
    assert len(stored["commits"]) == 5
    for table in ("commits", "commit_file_stats", "commit_reachability", "commit_identities", "refs", "repositories"):
        query(settings, f"truncate table if exists {table}")
    query(settings, "truncate table record_snapshots")
    run_sync(settings, request(window=window_between(SINCE, BEFORE, NOW)))
    assert stored_tables(settings) == stored


def test_the_metrics_of_what_changed_are_computed_once_at_the_end(settings, acme):
    report = run_backfill(settings, asked())
    assert report.metrics is not None
    assert rows_of(settings, "metric_dirty_ranges") == []
    computed = query(settings, "select sum(commits_count), uniqExact(computed_at) from repo_metrics_daily")
    assert computed == [(5, 1)]


def test_without_metrics_the_days_stay_dirty(settings, acme):
    assert run_backfill(settings, asked(), has_metrics=False).metrics is None
    days = [(row.since.day, row.before.day) for row in rows_of(settings, "metric_dirty_ranges")]
    assert days == [(1, 6)]


def test_watermarks_are_neither_read_nor_written(settings, acme, shop):
    run_sync(settings, request())
    shop.commit(3)
    before = rows_of(settings, "sync_watermarks")
    assert len(before) == 1
    run_backfill(settings, asked())
    assert rows_of(settings, "sync_watermarks") == before
    assert query(settings, "select count() from commits final") == [(8,)]
    run_sync(settings, request())
    assert query(settings, "select count() from commits final") == [(8,)]


def test_all_chunks_go_through_one_sink(settings, acme, monkeypatch):
    opened = []
    real = work.open_sink
    monkeypatch.setattr(work, "open_sink", lambda settings: opened.append(1) or real(settings))
    assert run_backfill(settings, asked(), has_metrics=False).completed == 4
    assert opened == [1]


def test_a_failed_chunk_does_not_stop_the_others_and_says_why(settings, acme, shop):
    broken = shop.git("rev-parse", "HEAD~2^{tree}")
    path = shop.path / ".git" / "objects" / broken[:2] / broken[2:]
    aside = path.rename(path.with_name("aside"))
    other = configure(settings, acme, "one_day", [shop.path])
    report = run_backfill(settings, asked(configuration=other.name, before=SINCE + timedelta(14)))
    assert (report.status, report.completed) == ("completed_with_errors", 1)
    (failure,) = report.failures
    assert (failure.since, failure.before) == (SINCE, SINCE + timedelta(7))
    assert (
        "1 of 2 chunks failed, the others are stored: shop (git, 2026-03-01 to 2026-03-08): " in report.failure_text()
    )
    assert query(settings, "select count() from commits final")[0][0] >= 3
    aside.rename(path)
    again = resumed(settings, report.job_id)
    assert (again.status, again.completed, again.failures) == ("completed", 2, [])
    assert [chunk.attempts for chunk in list_chunks(settings, "acme", report.job_id)] == [2, 1]
    assert query(settings, "select count() from commits final") == [(5,)]


def test_a_source_out_of_reach_fails_with_its_own_reason_beside_the_others(settings, acme, shop, tmp_path):
    configure(settings, acme, "both", [shop.path, tmp_path / "nothing"])
    report = run_backfill(settings, asked(configuration="both"))
    assert (report.status, report.completed, len(report.failures)) == ("completed_with_errors", 4, 4)
    assert {failure.error for failure in report.failures} == {
        f"there is nothing at {tmp_path}/nothing. Check the path, or give a clone URL such as https://host/org/repo."
    }
    assert report.failure_text().count("there is nothing at") == 1


def test_a_backfill_of_which_nothing_completes_is_failed(settings, acme, tmp_path):
    configure(settings, acme, "gone", [tmp_path / "nothing"])
    report = run_backfill(settings, asked(configuration="gone"))
    assert (report.status, only_job(settings).status) == ("failed", "failed")
    assert report.failure_text().startswith(f"4 of 4 chunks failed: {tmp_path}/nothing (git, 4 chunks between ")
    (row,) = [row for row in rows_of(settings, "sync_configurations") if row.name == "gone"]
    assert (row.last_outcome, row.last_run_id) == ("failed", report.job_id)


def test_a_job_that_does_not_exist_leaves_no_file_of_its_name(settings, acme, tmp_path):
    for name in ("nothing", f"../{tmp_path.name}/planted"):
        with pytest.raises(UnknownName):
            run_backfill(settings, asked(job_id=name))
    assert not [*tmp_path.rglob("*nothing*"), *tmp_path.rglob("*planted*")]


def test_how_each_chunk_ended_is_noted_as_a_run(settings, acme):
    report = run_backfill(settings, asked())
    runs = rows_of(settings, "sync_runs")
    assert [(run.run_id, run.mode, run.outcome, run.target) for run in runs] == [
        (report.job_id, "backfill", "stored", "git")
    ] * 4
    assert sum(run.rows for run in runs) == report.rows > 5


def test_nothing_staged_is_left_of_a_completed_backfill(settings, acme):
    run_backfill(settings, asked())
    left = [path for path in UnitStaging(settings.staging_uri).root.rglob("*") if path.is_file()]
    assert [path.name for path in left if path.name != metrics.METRICS_REPORT] == []
    assert list(settings.home.glob("*.backfill-*")) == []


def test_events_tell_how_far_it_is(settings, acme):
    events = []
    run_backfill(settings, asked(), events.append)
    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1], events[0].count) == ("opened", "computing", 4)
    assert (kinds.count("reading"), kinds.count("completed"), "page" in kinds) == (4, 4, True)
    assert sum(event.count for event in events if event.kind == "completed") > 5


def test_only_what_is_not_completed_is_done_again(settings, acme):
    def stop(event):
        if event.kind == "completed":
            raise KeyboardInterrupt

    with pytest.raises(BackfillInterrupted, match=r"interrupted after 1 of 4 chunks. .* --job "):
        run_backfill(settings, asked(), stop)
    job = only_job(settings)
    assert (job.status, job.completed, job.pending, job.running) == ("failed", 1, 3, 0)
    assert f"--job {job.job_id}` goes on" in job.error
    report = resumed(settings, job.job_id)
    assert (report.status, report.completed) == ("completed", 4)
    attempts = [chunk.attempts for chunk in list_chunks(settings, "acme", job.job_id)]
    assert attempts[0] == 1
    assert max(attempts) <= 2
    assert query(settings, "select count() from commits final") == [(5,)]


def test_what_is_at_work_ends_when_a_backfill_is_cancelled(settings, acme):
    def cancel(event):
        if event.kind == "completed" and only_job(settings).status == "running":
            cancel_job(settings, "acme", event.job.job_id)

    report = run_backfill(settings, asked(), cancel)
    assert (report.status, only_job(settings).status) == ("cancelled", "cancelled")
    assert report.completed >= 1
    assert (report.completed + report.pending, report.failures) == (4, [])
    assert resumed(settings, report.job_id).status == "completed"


def test_of_a_cancelled_backfill_no_chunk_begins(settings, acme):
    def cancel(event):
        if event.kind == "opened":
            cancel_job(settings, "acme", event.job.job_id)

    report = run_backfill(settings, asked(), cancel)
    assert (report.status, report.completed, report.pending) == ("cancelled", 0, 4)
    assert {chunk.attempts for chunk in list_chunks(settings, "acme", report.job_id)} == {0}


def test_a_job_is_worked_on_by_one_process(settings, acme):
    seen = []

    def look(event):
        if event.kind == "opened":
            with pytest.raises(InputError, match="is running in another process"):
                resumed(settings, event.job.job_id)
            seen.append(only_job(settings).status)

    run_backfill(settings, asked(), look)
    assert seen == ["pending"]


def test_a_store_out_of_reach_stops_the_job_and_leaves_the_rest_pending(settings, acme):
    nowhere = dataclasses.replace(settings, clickhouse_uri="clickhouse://default:@127.0.0.1:1/default")
    with pytest.raises(StoreError, match="cannot be reached"):
        run_backfill(nowhere, asked())
    job = only_job(settings)
    assert (job.status, job.pending) == ("failed", 4)
    assert "cannot be reached" in job.error
    assert resumed(settings, job.job_id).status == "completed"


def test_a_sync_and_a_backfill_at_once_leave_what_either_after_the_other_does(settings, acme, shop, tmp_path):
    shop.commit(15)
    errors = []

    def sync():
        try:
            for _ in range(3):
                assert not run_sync(settings, request(full_resync=True)).failed
        except Exception as error:  # noqa: BLE001 - told in the main thread
            errors.append(error)

    beside = threading.Thread(target=sync)
    beside.start()
    assert run_backfill(settings, asked(), has_metrics=False).status == "completed"
    beside.join(120)
    assert errors == []
    together = stored_tables(settings)
    for table in (
        "commits",
        "commit_file_stats",
        "commit_reachability",
        "commit_identities",
        "refs",
        "record_snapshots",
    ):
        query(settings, f"truncate table {table}")
    assert not run_sync(settings, request(full_resync=True)).failed
    assert stored_tables(settings) == together


def test_two_organisations_fill_the_same_repository_apart(settings, acme, shop):
    beta = unlimited(settings, "beta")
    configure(settings, beta, "shop", [shop.path])
    run_backfill(settings, asked())
    assert list_jobs(settings, "beta") == []
    assert all(len(rows) == 0 for rows in stored_tables(settings, beta).values())
    run_backfill(settings, asked(organisation="beta"))
    assert [job.organisation for job in list_jobs(settings, "beta")] == ["beta"]
    assert query(settings, "select uniqExact(org_id), count() from commits final") == [(2, 10)]


CHILD = """
import sys, msgspec
from devhealth.pipelines.backfill import BackfillRequest, run_backfill
from devhealth.settings import Settings
request = BackfillRequest(organisation="acme", configuration="shop", since="2026-03-01", before="2026-03-29")
seen = []
def tell(event):
    seen.append(event.kind)
    if seen.count("completed") == 2:
        print("here", flush=True)
        sys.stdin.read()
run_backfill(Settings.from_environment(), request, tell)
"""


@pytest.fixture
def stuck(settings, acme):
    """A process that works on a backfill and waits after its second chunk."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "include"),
        "DEVHEALTH_HOME": str(settings.home),
        "CLICKHOUSE_URI": settings.clickhouse_uri,
        "POSTGRES_URI": settings.semantic_uri,
        "DEVHEALTH_STAGING_URI": settings.staging_uri,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "here\n"
    yield process
    process.kill()
    process.communicate()


def test_a_killed_backfill_is_noticed_at_the_next_look(settings, acme, stuck):
    job = only_job(settings)
    assert (job.status, job.completed, job.running > 0) == ("running", 2, True)
    stuck.send_signal(signal.SIGKILL)
    stuck.wait(30)
    job = only_job(settings)
    assert (job.status, job.completed, job.running, job.pending) == ("failed", 2, 0, 2)
    assert "interrupted after 2 of 4 chunks: the process that worked on it is gone" in job.error
    assert f"devhealth backfill run --job {job.job_id}" in job.error
    assert resumed(settings, job.job_id).status == "completed"
    assert query(settings, "select count() from commits final") == [(5,)]


def test_a_terminated_backfill_says_so_and_goes_on_later(settings, acme, stuck):
    stuck.send_signal(signal.SIGTERM)
    _, said = stuck.communicate(timeout=30)
    assert "BackfillInterrupted" in said
    job = only_job(settings)
    assert (job.status, job.completed, job.running, job.pending) == ("failed", 2, 0, 2)
    assert "it was interrupted" in job.error
    assert resumed(settings, job.job_id).status == "completed"
