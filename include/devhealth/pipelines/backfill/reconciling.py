"""Noticing that whoever worked on a job is gone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import Engine

from devhealth.errors import RunnerUnknown
from devhealth.pipelines.backfill.closing import closed
from devhealth.pipelines.backfill.resuming import lock_of
from devhealth.relational import turn_if_free
from devhealth.semantic import backfill_chunks, backfill_jobs, database
from devhealth.semantic.backfill_jobs import BackfillJob
from devhealth.settings import Settings

Ask = Callable[[str, str], str | None]
"""(dag_id, run_id) to the state Airflow has the run in, None when it has no such run; may raise RunnerUnknown."""

_ENDED = {None, "success", "failed"}
_START_GRACE = timedelta(minutes=1)
"""How long a process may take from storing its job to holding its turn."""


def reconcile(settings: Settings, ask: Ask | None = None, *, quiet: timedelta = timedelta(0)) -> dict[str, str]:
    """Make jobs whose runner is gone `failed`, with their running chunks pending again.

    A job of a DAG run is asked about with `ask`, once it has shown no sign of life for as long as `quiet`; without
    `ask` it is left as it is. Returns job id to why it could not be asked about.
    """
    engine = database.open_semantic(settings)
    database.check(engine)
    unknown = {}
    for job in backfill_jobs.unfinished(engine):
        try:
            reason = _dag_ended(engine, job, ask, quiet) if job.run_id else _process_ended(engine, job)
        except RunnerUnknown as error:
            unknown[job.job_id] = str(error)
            continue
        if reason:
            _abandon(settings, engine, job, reason)
    return unknown


def _process_ended(engine: Engine, job: BackfillJob) -> str:
    if job.status == "pending" and datetime.now(UTC) - job.requested_at < _START_GRACE:
        return ""
    with turn_if_free(engine, lock_of(job.job_id)) as is_free:
        return "the process that worked on it is gone" if is_free else ""


def _dag_ended(engine: Engine, job: BackfillJob, ask: Ask | None, quiet: timedelta) -> str:
    if ask is None:
        return ""
    if quiet:
        counts = backfill_chunks.count(engine, job.org_id, job.job_id).get((job.org_id, job.job_id))
        seen = [job.requested_at, job.started_at, counts.active_at if counts else None]
        if datetime.now(UTC) - max(moment for moment in seen if moment) < quiet:
            return ""
    state = ask(job.dag_id, job.run_id)
    if state not in _ENDED:
        return ""
    became = f"ended as {state}" if state else "is no longer there"
    return f"its run {job.run_id} of DAG {job.dag_id} {became}"


def _abandon(settings: Settings, engine: Engine, job: BackfillJob, reason: str) -> None:
    chunks = backfill_chunks.read(engine, job.org_id, job.job_id)
    if all(chunk.status in {"completed", "failed"} for chunk in chunks):
        closed(settings, engine, job.org_id, job.job_id)  # only its end was missed
        return
    completed = sum(chunk.status == "completed" for chunk in chunks)
    error = (
        f"it was interrupted after {completed:,} of {len(chunks):,} chunks: {reason}. "
        f"`devhealth backfill run --job {job.job_id}` goes on."
    )
    backfill_jobs.abandon(engine, job.org_id, job.job_id, error)
