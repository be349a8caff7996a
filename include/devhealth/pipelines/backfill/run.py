"""A whole backfill in one process, without Airflow."""

import contextlib
from datetime import UTC, datetime

import msgspec
from sqlalchemy.engine import Engine

from devhealth.errors import BackfillCancelled, BackfillInterrupted, DevhealthError
from devhealth.pipelines import metrics
from devhealth.pipelines.backfill.checks import find_organisation
from devhealth.pipelines.backfill.closing import closed
from devhealth.pipelines.backfill.events import Event, OnEvent
from devhealth.pipelines.backfill.opening import opened
from devhealth.pipelines.backfill.planning import plan_job
from devhealth.pipelines.backfill.report import BackfillReport
from devhealth.pipelines.backfill.request import BackfillRequest, Job
from devhealth.pipelines.backfill.resuming import find_job, lock_of, running_elsewhere
from devhealth.pipelines.backfill.stopping import stoppable
from devhealth.pipelines.backfill.work import work_on
from devhealth.relational import forget_turn, turn_if_free
from devhealth.semantic import database
from devhealth.settings import Settings

_PATIENCE_SECONDS = 2
"""Longer than anybody holds a job's turn only to look whether it is free."""


def _silent(event: Event) -> None:
    """Nobody listens."""


def run_backfill(
    settings: Settings, request: BackfillRequest, on_event: OnEvent = _silent, *, has_metrics: bool = True
) -> BackfillReport:
    """Open or resume the job, do its chunks, close it, compute the metrics of what changed.

    A chunk's failure is reported, not raised; the others go on. Raises BackfillInterrupted on Ctrl-C and SIGTERM, with
    the job `failed` and resumable, and InputError when another process works on the job.
    """
    engine, as_of = database.open_semantic(settings), datetime.now(UTC)
    database.check(engine)
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        if request.job_id:  # one that exists: on SQLite a turn is a file of that name
            find_job(engine, find_organisation(engine, request.organisation), request.organisation, request.job_id)
            _hold(stack, engine, request.job_id)
        job = opened(settings, engine, request, as_of, is_held=bool(request.job_id))
        if not request.job_id:
            _hold(stack, engine, job.job_id)
        report = _work(settings, engine, job, on_event)
        if report.status == "completed":
            forget_turn(engine, lock_of(job.job_id))
    if has_metrics and settings.sink != "sql":
        on_event(Event(kind="computing", job=job))
        computed = metrics.compute_dirty(settings, datetime.now(UTC), job.organisation)
        report = msgspec.structs.replace(report, metrics=computed)
    return msgspec.structs.replace(report, warnings=job.warnings)


def _hold(stack: contextlib.ExitStack, engine: Engine, job_id: str) -> None:
    if not stack.enter_context(turn_if_free(engine, lock_of(job_id), patience_seconds=_PATIENCE_SECONDS)):
        raise running_elsewhere(job_id)


def _work(settings: Settings, engine: Engine, job: Job, on_event: OnEvent) -> BackfillReport:
    """Every chunk that is left, then the end of the job."""
    try:
        with stoppable():
            units = plan_job(settings, job.org_id, job.job_id)
            on_event(Event(kind="opened", job=job, count=len(units)))
            work_on(settings, engine, job, units, on_event)
    except KeyboardInterrupt:
        report = closed(settings, engine, job.org_id, job.job_id, stopped=_stopped(job, "it was interrupted"))
        raise BackfillInterrupted(
            f"backfill {job.job_id} was interrupted after {report.completed:,} of {report.chunks:,} chunks. "
            f"`devhealth backfill run --org {job.organisation} --job {job.job_id}` goes on."
        ) from None
    except BackfillCancelled:
        pass
    except DevhealthError as error:
        closed(settings, engine, job.org_id, job.job_id, stopped=_stopped(job, str(error)))
        raise
    return closed(settings, engine, job.org_id, job.job_id)


def _stopped(job: Job, reason: str) -> str:
    return f"{reason.removesuffix('.')}. `devhealth backfill run --job {job.job_id}` goes on."
