"""What Airflow knows of its runs, asked by a task."""

from typing import Any

from devhealth_airflow.airflow_names import IS_2


def state_of_run(dag_id: str, run_id: str) -> str | None:
    """queued, running, success or failed; None for a run that is no longer there."""
    return _state_on_2(dag_id, run_id) if IS_2 else _state_on_3(dag_id, run_id)


def backfill_command(dag_run: Any) -> str:
    """What is the same for all runs of one `airflow dags backfill`; empty on 3.x, where a task cannot know it."""
    job_id = getattr(dag_run, "creating_job_id", None)
    return _command_on_2(job_id) if job_id else ""


def _state_on_2(dag_id: str, run_id: str) -> str | None:
    from airflow.models import DagRun

    found = DagRun.find(dag_id=dag_id, run_id=run_id)
    return str(found[0].state) if found else None


def _state_on_3(dag_id: str, run_id: str) -> str | None:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    if not RuntimeTaskInstance.get_dr_count(dag_id, run_ids=[run_id]):
        return None
    state: Any = RuntimeTaskInstance.get_dagrun_state(dag_id, run_id)
    return str(
        getattr(state, "value", state)
    )  # the API client of 3.x makes it an enum whose text is DagRunState.FAILED


def _command_on_2(job_id: int) -> str:
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session

    with create_session() as session:
        job = session.get(Job, job_id)
        return f"{job_id} {job.start_date.isoformat() if job else ''}"
