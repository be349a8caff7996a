"""Jobs whose runner is gone, as told by a lock that is free or by Airflow."""

from datetime import UTC, datetime, timedelta

import pytest

from devhealth.errors import RunnerUnknown
from devhealth.pipelines.backfill import cancel_job, close_job, list_jobs, open_job, plan_job, reconcile
from devhealth.pipelines.stages import fetch_unit, process_unit, store_unit
from devhealth.relational import turn_if_free, writing
from devhealth.semantic import backfill_chunks, database
from devhealth.semantic.tables import backfill_jobs
from tests.pipelines.backfill.conftest import asked, unlimited
from tests.pipelines.conftest import NOW

RUN = {"origin": "dag", "dag_id": "backfill", "run_id": "manual"}


def begun(settings, **changes):
    """A job whose first chunk is running."""
    job = open_job(settings, asked(**changes), NOW)
    backfill_chunks.begin(database.open_semantic(settings), job.org_id, job.job_id, 1, is_attempt=True)
    return job


def look(settings, ask=None, **choices):
    (found,) = list_jobs(settings, ask=ask, **choices)
    return found


def test_a_job_whose_process_holds_its_turn_is_left_alone(settings, acme):
    job = begun(settings)
    with turn_if_free(database.open_semantic(settings), f"backfill-{job.job_id}"):
        assert (look(settings).status, look(settings).running) == ("running", 1)


def test_a_job_whose_process_is_gone_is_failed_and_resumable(settings, acme):
    job = begun(settings)
    found = look(settings)
    assert (found.status, found.running, found.pending, found.note) == ("failed", 0, 4, "")
    assert "it was interrupted after 0 of 4 chunks: the process that worked on it is gone." in found.error
    assert found.error.endswith(f"`devhealth backfill run --job {job.job_id}` goes on.")


def test_a_job_that_was_stored_just_now_may_still_be_taken_up(settings, acme):
    open_job(settings, asked(), datetime.now(UTC))
    assert look(settings).status == "pending"


def test_a_job_that_was_never_taken_up_is_failed(settings, acme):
    open_job(settings, asked(), NOW)
    assert look(settings).status == "failed"


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_job_whose_dag_run_is_under_way_is_left_alone(settings, acme, state):
    begun(settings, **RUN)
    assert look(settings, lambda dag_id, run_id: state).status == "running"


@pytest.mark.parametrize(("state", "words"), [("failed", "ended as failed"), (None, "is no longer there")])
def test_a_job_whose_dag_run_is_over_is_failed(settings, acme, state, words):
    begun(settings, **RUN)
    questions = []
    found = look(settings, lambda *question: questions.append(question) or state)
    assert questions == [("backfill", "manual")]
    assert (found.status, found.running) == ("failed", 0)
    assert f"its run manual of DAG backfill {words}" in found.error


def test_a_dag_run_nobody_asks_about_is_left_alone(settings, acme):
    begun(settings, **RUN)
    assert (look(settings).status, look(settings).note) == ("running", "")


def test_when_airflow_cannot_be_asked_the_status_says_so(settings, acme):
    def ask(dag_id, run_id):
        raise RunnerUnknown("Airflow cannot be asked: it is away.")

    begun(settings, **RUN)
    found = look(settings, ask)
    assert (found.status, found.note) == ("running", "Airflow cannot be asked: it is away.")


def test_airflow_is_not_asked_about_a_job_that_showed_a_sign_of_life(settings, acme):
    begun(settings, **RUN)
    quiet = timedelta(minutes=1)
    assert look(settings, lambda dag_id, run_id: None, quiet=quiet).status == "running"
    an_hour_ago = {"started_at": datetime.now(UTC) - timedelta(hours=1)}
    engine = database.open_semantic(settings)
    with writing(engine) as connection:
        connection.execute(backfill_jobs.update().values(an_hour_ago))
        connection.execute(backfill_chunks.backfill_chunks.update().values(an_hour_ago))
    assert look(settings, lambda dag_id, run_id: None, quiet=quiet).status == "failed"


def test_a_job_of_which_only_the_end_was_missed_gets_the_end_it_earned(settings, acme):
    job = open_job(settings, asked(**RUN), NOW)
    for unit in plan_job(settings, acme, job.job_id):
        for stage in (fetch_unit, process_unit, store_unit):
            stage(settings, unit)
    assert look(settings, lambda dag_id, run_id: "failed").status == "completed"


def test_a_cancelled_job_stays_cancelled_and_loses_its_running_chunks(settings, acme):
    job = begun(settings)
    cancel_job(settings, "acme", job.job_id)
    found = look(settings)
    assert (found.status, found.running, found.pending) == ("cancelled", 0, 4)


def test_a_closed_job_is_not_asked_about(settings, acme):
    job = begun(settings, **RUN)
    close_job(settings, acme, job.job_id)
    assert reconcile(settings, lambda dag_id, run_id: pytest.fail("asked")) == {}


def test_an_organisation_sees_only_its_own_jobs(settings, acme):
    unlimited(settings, "beta")
    job = begun(settings)
    assert list_jobs(settings, "beta") == []
    assert list_jobs(settings, "beta", job.job_id) == []
    assert [one.job_id for one in list_jobs(settings, "acme")] == [job.job_id]
