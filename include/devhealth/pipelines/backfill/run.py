"""A whole backfill in one process, without Airflow: the same stages, overlapped, over one connection to each store."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from sqlalchemy.engine import Engine

from devhealth.errors import BackfillCancelled, BackfillInterrupted, DevhealthError, StoreError, WarehouseError
from devhealth.models.unit import Unit
from devhealth.pipelines import chunk_state, metrics, providers
from devhealth.pipelines.backfill.closing import closed
from devhealth.pipelines.backfill.opening import opened
from devhealth.pipelines.backfill.planning import plan_job
from devhealth.pipelines.backfill.report import BackfillReport
from devhealth.pipelines.backfill.request import BackfillRequest, Job
from devhealth.pipelines.backfill.resuming import lock_of, running_elsewhere
from devhealth.pipelines.backfill.stopping import stoppable
from devhealth.pipelines.reports import StageReport
from devhealth.pipelines.run import CountedPages, Timed
from devhealth.pipelines.stages import damage_of, readable_pages, store_batches
from devhealth.relational import turn_if_free
from devhealth.semantic import database
from devhealth.settings import Settings
from devhealth.sinks import Sink, open_sink
from devhealth.staging import UnitStaging

_PATIENCE_SECONDS = 2
"""Longer than anybody holds a job's turn only to look whether it is free."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happens in a run: opened, reading, page, completed, failed, computing."""

    kind: str
    job: Job
    unit: Unit | None = None
    count: int = 0
    """opened: chunks to do; page: pages read of the unit; completed: rows stored."""
    error: str = ""


OnEvent = Callable[[Event], None]


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
        if request.job_id:
            _hold(stack, engine, request.job_id)
        job = opened(settings, engine, request, as_of, is_held=bool(request.job_id))
        if not request.job_id:
            _hold(stack, engine, job.job_id)
        report = _work(settings, engine, job, on_event)
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
            _Chunks(settings, engine, job, on_event).work_on(units)
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


class _Chunks:
    """Works on chunks one after the other, with one sink; a broken connection is opened anew."""

    def __init__(self, settings: Settings, engine: Engine, job: Job, on_event: OnEvent) -> None:
        self._settings, self._engine, self._job, self._tell = settings, engine, job, on_event
        self._unresolved: dict[str, Exception] = {}

    def work_on(self, units: list[Unit]) -> None:
        """Do them all. Raises what makes the rest hopeless: a store out of reach, a cancelled job."""
        left = iter(units)
        is_left = bool(units)
        while is_left:
            with open_sink(self._settings) as sink:
                is_left = any(not self._is_done(unit, sink) for unit in left)

    def _is_done(self, unit: Unit, sink: Sink) -> bool:
        """Whether the sink is still good after the unit."""
        self._tell(Event(kind="reading", job=self._job, unit=unit))
        try:
            with chunk_state.at_work(self._settings, unit, is_attempt=True, opened=self._engine) as chunk:
                rows = 0 if chunk.is_completed else self._store(unit, sink, chunk)
        except BackfillCancelled:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a chunk: it is recorded, the others go on
            self._tell(Event(kind="failed", job=self._job, unit=unit, error=str(error)))
            return not isinstance(error, (StoreError, WarehouseError))
        self._tell(Event(kind="completed", job=self._job, unit=unit, count=rows))
        return True

    def _store(self, unit: Unit, sink: Sink, chunk: chunk_state.ChunkAtWork) -> int:
        if unit.source in self._unresolved:
            raise self._unresolved[unit.source]
        staging = UnitStaging(unit.staging)
        pages = Timed(readable_pages(self._settings, unit))
        counted = CountedPages(
            pages, lambda count: self._tell(Event(kind="page", job=self._job, unit=unit, count=count))
        )
        try:
            batches = Timed(providers.processor(unit.provider, unit.target).to_records(counted, unit))
            stored = asyncio.run(store_batches(self._settings, unit, batches, sink))
        except Exception as error:
            if not unit.repo_id:
                self._unresolved[unit.source] = error
            raise
        chunk.stored(
            stored,
            [
                StageReport(stage="fetch", seconds=pages.seconds, pages=counted.count, bytes=counted.bytes),
                StageReport(stage="process", seconds=batches.seconds - pages.seconds),
                StageReport(stage="store", seconds=stored.seconds),
            ],
            damage_of(staging),
        )
        staging.reset()
        return sum(stored.rows.values())
