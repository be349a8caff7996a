"""The chunks of a job in one process: while one is processed and stored, the next ones are being fetched.

Small chunks are written together, over one connection to each store; a chunk is completed once its rows are written.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event as Flag
from threading import Lock

import msgspec
from sqlalchemy.engine import Engine

from devhealth.errors import BackfillCancelled, StoreError, WarehouseError
from devhealth.models import structs
from devhealth.models.unit import Unit
from devhealth.pipelines import chunk_state, providers
from devhealth.pipelines.backfill.events import Event, OnEvent
from devhealth.pipelines.backfill.request import Job
from devhealth.pipelines.days import ChangedDays
from devhealth.pipelines.metering import usage_of
from devhealth.pipelines.reports import StageReport, StoredUnit
from devhealth.pipelines.run import CountedPages, Timed
from devhealth.pipelines.stages import damage_of, readable_pages, store_into
from devhealth.settings import Settings
from devhealth.sinks import open_sink
from devhealth.sinks.gathering import GatheringSink
from devhealth.staging import Page, UnitStaging

_AHEAD = 2
"""Chunks that are fetched at once, ahead of the one that is processed."""
_PATIENCE_SECONDS = 2.0
"""How long rows wait for those of the next chunks: what a kill costs, and how late progress shows."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    chunk: chunk_state.ChunkAtWork
    pages: list[Page]
    report: StageReport


@dataclass(frozen=True, slots=True)
class _Processed:
    """A chunk all of whose rows were handed to the sink."""

    chunk: chunk_state.ChunkAtWork
    stored: StoredUnit
    days: ChangedDays
    reports: list[StageReport]


_Begun = Iterator[tuple[Unit, "Future[_Fetched | None]"]]


def work_on(settings: Settings, engine: Engine, job: Job, units: list[Unit], on_event: OnEvent) -> None:
    """Do all chunks; one that fails is told of, and the others go on.

    Raises what makes the rest hopeless: a store out of reach, a cancelled job.
    """
    work = _Work(settings, engine, job, on_event)
    for provider, target in {(unit.provider, unit.target) for unit in units}:
        providers.connector(provider, target)
        providers.processor(provider, target)
    structs.work_out_all()
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="chunk") as threads:
        try:
            work.store(work.begun(threads, units))
        finally:
            work.is_stopped.set()
            threads.shutdown(wait=False, cancel_futures=True)


class _Work:
    def __init__(self, settings: Settings, engine: Engine, job: Job, on_event: OnEvent) -> None:
        self.is_stopped = Flag()
        self._settings, self.engine, self._job, self._on_event = settings, engine, job, on_event
        self._telling = Lock()
        self._unresolved: dict[str, Exception] = {}

    def begun(self, threads: ThreadPoolExecutor, units: list[Unit]) -> _Begun:
        """The units in their order, each with its fetch, which some units ahead have begun too."""
        ahead: deque[tuple[Unit, Future[_Fetched | None]]] = deque()
        for unit in units:
            ahead.append((unit, threads.submit(self._fetch, unit)))
            if len(ahead) > _AHEAD:
                yield ahead.popleft()
        yield from ahead

    def store(self, begun: _Begun) -> None:
        """Process and store what is fetched; a broken connection to the store is opened anew."""
        is_left = True
        while is_left:
            with open_sink(self._settings) as sink, asyncio.Runner() as runner:
                is_left = _Storing(self, self._settings, runner, GatheringSink(sink)).is_broken_by(begun)

    def failed(self, unit: Unit, error: Exception) -> None:
        """Note and tell that a chunk failed."""
        chunk_state.note_failure(self.engine, unit, error)
        self.tell("failed", unit, error=str(error))

    def tell(self, kind: str, unit: Unit, count: int = 0, error: str = "") -> None:
        """Tell what happens, one thing at a time."""
        with self._telling:
            self._on_event(Event(kind=kind, job=self._job, unit=unit, count=count, error=error))

    def _fetch(self, unit: Unit) -> _Fetched | None:
        """The pages of a chunk; None when nothing is left to do."""
        self.tell("reading", unit)
        with chunk_state.at_work(self._settings, unit, is_attempt=True, opened=self.engine) as chunk:
            if chunk.is_completed:
                return None
            if unit.source in self._unresolved:
                raise self._unresolved[unit.source]
            reading = Timed(readable_pages(self._settings, unit))
            counted = CountedPages(reading, lambda count: self.tell("page", unit, count))
            pages = []
            try:
                for page in counted:
                    pages.append(page)
                    if self.is_stopped.is_set():
                        break
            except Exception as error:
                if not unit.repo_id:
                    self._unresolved[unit.source] = error
                raise
        report = StageReport(
            stage="fetch",
            seconds=reading.seconds,
            pages=counted.count,
            bytes=counted.bytes,
            usage=usage_of(UnitStaging(unit.staging)),
        )
        return _Fetched(chunk, pages, report)


class _Storing:
    """Processes and stores chunks over one connection, until it breaks."""

    def __init__(self, work: _Work, settings: Settings, runner: asyncio.Runner, sink: GatheringSink) -> None:
        self._work, self._settings, self._runner, self._sink = work, settings, runner, sink
        self._waiting: deque[_Processed] = deque()
        self._first_at = 0.0

    def is_broken_by(self, begun: _Begun) -> bool:
        """Whether the connection broke before the last chunk; those whose rows were not written have failed then."""
        try:
            for unit, fetching in begun:
                self._await(fetching)
                self._process(unit, fetching)
                if self._sink.is_full:
                    self._settle()
            self._settle()
        except BackfillCancelled:
            self._settle()
            raise
        except (StoreError, WarehouseError) as error:
            while self._waiting:
                self._work.failed(self._waiting.popleft().chunk.unit, error)
            return True
        return False

    def _await(self, fetching: "Future[_Fetched | None]") -> None:
        """Wait for the next chunk; what waits for its rows is written when that takes long."""
        if self._waiting:
            left = self._first_at + _PATIENCE_SECONDS - time.monotonic()
            if not wait([fetching], timeout=max(0.0, left)).done:
                self._settle()

    def _process(self, unit: Unit, fetching: "Future[_Fetched | None]") -> None:
        try:
            fetched = fetching.result()
        except BackfillCancelled:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of a chunk: it is recorded, the others go on
            self._work.tell("failed", unit, error=str(error))
            return
        if fetched is None:
            self._work.tell("completed", unit)
            return
        try:
            batches = Timed(providers.processor(unit.provider, unit.target).to_records(iter(fetched.pages), unit))
            days = ChangedDays(self._work.engine, unit)
            stored = self._runner.run(store_into(self._sink, self._settings, unit, batches, days))
        except Exception as error:
            self._work.failed(unit, error)
            if isinstance(error, (StoreError, WarehouseError)):
                raise
            return
        if not self._waiting:
            self._first_at = time.monotonic()
        process = StageReport(stage="process", seconds=batches.seconds)
        self._waiting.append(_Processed(fetched.chunk, stored, days, [fetched.report, process]))

    def _settle(self) -> None:
        """Write what was taken, and complete the chunks it was of."""
        started = time.monotonic()
        self._runner.run(self._sink.flush(self._sink.session))
        seconds = (time.monotonic() - started) / max(1, len(self._waiting))
        while self._waiting:
            one = self._waiting[0]
            unit, staging = one.chunk.unit, UnitStaging(one.chunk.unit.staging)
            store = StageReport(stage="store", seconds=one.stored.seconds + seconds)
            damage = damage_of(staging)
            stored = msgspec.structs.replace(one.stored, days=one.days.ranges())
            one.chunk.stored(stored, [*one.reports, store], damage)
            staging.reset()
            self._waiting.popleft()
            if damage:
                self._work.tell("failed", unit, error=damage)
            else:
                self._work.tell("completed", unit, count=sum(one.stored.rows.values()))
