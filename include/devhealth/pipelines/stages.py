"""The three stages of one unit, each a function that a task calls: fetch, process, store.

A stage leaves in the unit's staging how it ended, for `finish_sync` to read:
    error.json    the stage that failed and why
    usage.json    what the requests of all attempts cost
    damage.json   parts of the source were unreadable; what could be read goes on
    stored.json   everything handed on is in the store
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from devhealth.errors import DevhealthError, InputError, NotSurveyed, RecordError, SourceCorrupt
from devhealth.models.observation import observing
from devhealth.models.table import Record, Snapshot, table_of
from devhealth.models.unit import Unit
from devhealth.pipelines import chunk_state, credentials, providers, versions
from devhealth.pipelines.days import ChangedDays, changed_days
from devhealth.pipelines.metering import metered, usage_of
from devhealth.pipelines.plan import TROUBLE
from devhealth.pipelines.reports import StageReport, StoredUnit, UnitFailure
from devhealth.settings import Settings
from devhealth.sinks import Sink, open_sink
from devhealth.staging import Page, UnitStaging

Batch = list[Record | Snapshot]

STAGES = ("fetch", "process", "store")

WORTH_A_WRITE = 5_000
"""Rows that are written without waiting for more."""


def is_left(unit: Unit, stage: str) -> bool:
    """Whether a stage has still to be done for a unit: the one before has ended well, and it has not itself."""
    staging = UnitStaging(unit.staging)
    has_ended = staging.read(f"report-{stage}.json") is not None
    if stage == STAGES[0]:
        return not (has_ended and staging.pages())
    before = STAGES[STAGES.index(stage) - 1]
    return staging.read(f"report-{before}.json") is not None and not has_ended


def fetch_unit(settings: Settings, unit: Unit) -> StageReport:
    """Stage the unit's raw pages. Pages an earlier attempt staged whole are kept."""
    started, pages, size = time.monotonic(), 0, 0
    with chunk_state.at_work(settings, unit, is_attempt=True) as chunk:
        if chunk.is_completed:
            return StageReport(stage="fetch", seconds=0.0)
        of_a_fetch_before = ("damage.json", "stored.json", "cursor-stored", *(f"report-{one}.json" for one in STAGES))
        UnitStaging(unit.staging).discard(*of_a_fetch_before)
        with failure_recorded(unit, "fetch"):
            for page in readable_pages(settings, unit):
                pages += 1
                size += page.size()
    seconds, usage = time.monotonic() - started, usage_of(UnitStaging(unit.staging))
    return report_staged(unit, StageReport(stage="fetch", seconds=seconds, pages=pages, bytes=size, usage=usage))


def process_unit(settings: Settings, unit: Unit) -> StageReport:
    """Turn the staged pages into staged records."""
    started, staging = time.monotonic(), UnitStaging(unit.staging)
    rows: Counter[str] = Counter()
    with chunk_state.at_work(settings, unit) as chunk:
        if chunk.is_completed:
            return StageReport(stage="process", seconds=0.0)
        with failure_recorded(unit, "process"):
            staging.require("pages")
            pages = staging.pages()
            batches = providers.processor(unit.provider, unit.target).to_records(pages, unit)
            with _understood(unit):
                staging.write_records("000", _counted(batches, rows))
    report = StageReport(stage="process", seconds=time.monotonic() - started, pages=len(pages), rows=dict(rows))
    return report_staged(unit, report)


def store_unit(settings: Settings, unit: Unit) -> StageReport:
    """Write the staged records to the configured sinks; harmless when repeated. A chunk of a backfill is done then."""
    started, staging = time.monotonic(), UnitStaging(unit.staging)
    with chunk_state.at_work(settings, unit) as chunk:
        if chunk.is_completed:
            return StageReport(stage="store", seconds=0.0)
        with failure_recorded(unit, "store"):
            staging.require("records")
            stored = asyncio.run(store_batches(settings, unit, staging.records()))
        report = StageReport(stage="store", seconds=time.monotonic() - started, rows=stored.rows)
        if unit.job_id:
            chunk.stored(stored, [*staged_reports(staging), report], damage_of(staging))
            staging.drop_pages()
    return report_staged(unit, report)


def readable_pages(settings: Settings, unit: Unit) -> Iterator[Page]:
    """The connector's pages; unreadable parts of the source are noted as damage instead of raised."""
    settings = credentials.of_unit(settings, unit)
    if trouble := UnitStaging(unit.staging).read(TROUBLE):
        raise NotSurveyed(trouble.decode())
    if not unit.repo_id:  # it could not be resolved when the job was opened: say why in the unit's own name
        providers.sources(unit.provider).resolve(unit.source, settings)
        raise InputError(f"{unit.source} could not be resolved when the run was planned, and can be now. Run again.")
    try:
        with metered(settings, UnitStaging(unit.staging)) as settings:
            pages = providers.connector(unit.provider, unit.target).fetch(unit, settings)
            yield from observing(lambda: versions.begin(settings, unit), pages)
    except SourceCorrupt as error:
        staging = UnitStaging(unit.staging)
        if not staging.pages():
            raise
        staging.write("damage.json", msgspec.json.encode(failure_of(unit, "fetch", error)))


async def store_batches(settings: Settings, unit: Unit, batches: Iterator[Batch]) -> StoredUnit:
    """Write the batches while the next ones are being made; stages stored.json at the end."""
    with open_sink(settings) as sink, changed_days(settings, unit) as days:
        return await store_into(sink, settings, unit, batches, days)


async def store_into(
    sink: Sink, settings: Settings, unit: Unit, batches: Iterator[Batch], days: ChangedDays
) -> StoredUnit:
    """As `store_batches`, for a caller with many units: opening a sink for each costs more than a small unit.

    A sink that holds rows back tells of their days when it writes them: those are in `days`, not in the result.
    """
    rows: Counter[str] = Counter()
    seconds = 0.0
    batches = _gathered(batches)
    upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    while (batch := await upcoming) is not None:
        upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
        started = time.monotonic()
        try:
            await _write(sink, batch, rows, days, settings.batch_size)
        except BaseException:
            with contextlib.suppress(BaseException):
                await upcoming
            raise
        seconds += time.monotonic() - started
    stored = StoredUnit(
        unit_id=unit.unit_id,
        repo_id=unit.repo_id,
        name=unit.called,
        target=unit.target,
        rows=dict(rows),
        days=days.ranges(),
        seconds=seconds,
        overtaken_by=sink.overtaken_by,
    )
    UnitStaging(unit.staging).write("stored.json", msgspec.json.encode(stored))
    return stored


def damage_of(staging: UnitStaging) -> str:
    """What could not be read of the source; empty when nothing is amiss."""
    content = staging.read("damage.json")
    return msgspec.json.decode(content, type=UnitFailure).error if content else ""


def staged_reports(staging: UnitStaging) -> list[StageReport]:
    """How the stages before the store went, as far as they did."""
    contents = (staging.read(f"report-{stage}.json") for stage in ("fetch", "process"))
    return [msgspec.json.decode(content, type=StageReport) for content in contents if content]


@contextlib.contextmanager
def _understood(unit: Unit) -> Iterator[None]:
    """Turn what a processor stumbles over in a page into a RecordError: a disk may have spoilt the page."""
    try:
        yield
    except (msgspec.DecodeError, LookupError, ValueError) as error:
        raise RecordError(
            f"the staged pages of {unit.called} ({unit.target}) cannot be understood: {error or type(error).__name__}. "
            "Run the sync again, or resume the backfill: what is staged is fetched anew then."
        ) from error


@contextlib.contextmanager
def failure_recorded(unit: Unit, stage: str) -> Iterator[None]:
    """Leave error.json in the staging when the block raises, and none of an earlier attempt; the error goes on."""
    UnitStaging(unit.staging).discard("error.json")
    try:
        yield
    except Exception as error:
        _note_failure(UnitStaging(unit.staging), failure_of(unit, stage, error))
        raise


def _note_failure(staging: UnitStaging, failure: UnitFailure) -> None:
    """Stage error.json; where the disk is full, in the place of the unit's own pages: why it failed is worth more."""
    content = msgspec.json.encode(failure)
    try:
        staging.write("error.json", content)
    except DevhealthError:
        with contextlib.suppress(DevhealthError, OSError):  # it cannot be written at all: often the very error
            staging.drop_pages()
            staging.write("error.json", content)


def failure_of(unit: Unit, stage: str, error: Exception) -> UnitFailure:
    """What is told of a unit that failed."""
    text = str(error) if isinstance(error, DevhealthError) else f"{type(error).__name__}: {error}"
    return UnitFailure(
        unit_id=unit.unit_id, repo_id=unit.repo_id, name=unit.called, target=unit.target, stage=stage, error=text
    )


def _gathered(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same in fewer batches: a store takes as long for ten rows as for a thousand."""
    waiting: Batch = []
    for batch in batches:
        waiting += batch
        if len(waiting) >= WORTH_A_WRITE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


async def _write(sink: Sink, batch: Batch, rows: Counter[str], days: ChangedDays, size: int) -> None:
    for part in _parts(batch, size):
        if isinstance(part, Snapshot):
            await sink.retire(part, sink.session, days)
            continue
        await sink.write_batch(part, sink.session, days)
        for table, count in _row_counts(part):
            rows[table] += count


def _parts(batch: Batch, size: int) -> Iterator[list[Record] | Snapshot]:
    start = 0
    for index, item in enumerate(batch):
        if isinstance(item, Snapshot):
            if index > start:
                yield from _slices(cast("list[Record]", batch[start:index]), size)
            yield item
            start = index + 1
    yield from _slices(cast("list[Record]", batch[start:] if start else batch), size)


def _slices(records: list[Record], size: int) -> Iterator[list[Record]]:
    for first in range(0, len(records), size):
        yield records if len(records) <= size else records[first : first + size]


def _row_counts(batch: Iterable[Record | Snapshot]) -> Iterator[tuple[str, int]]:
    for kind, count in Counter(map(type, batch)).items():
        if issubclass(kind, Record):
            yield table_of(kind).name, count


def _counted(batches: Iterator[Batch], rows: Counter[str]) -> Iterator[Batch]:
    for batch in batches:
        for table, count in _row_counts(batch):
            rows[table] += count
        yield batch


def report_staged(unit: Unit, report: StageReport) -> StageReport:
    """Leave the stage's report in the staging."""
    UnitStaging(unit.staging).write(f"report-{report.stage}.json", msgspec.json.encode(report))
    return report
