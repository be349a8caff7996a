"""A whole sync in one process, without Airflow: the same stages, overlapped."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from devhealth.models.unit import Unit
from devhealth.pipelines import providers
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.metering import usage_of
from devhealth.pipelines.plan import plan_sync, staging_held
from devhealth.pipelines.reports import StageReport, SyncReport, UnitFailure
from devhealth.pipelines.request import SyncRequest
from devhealth.pipelines.stages import failure_of, failure_recorded, readable_pages, report_staged, store_batches
from devhealth.semantic import database
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging

Item = TypeVar("Item")

Listener = Callable[[str, Unit | None, int], None]
"""Told what happens: (event, unit, count) with the events planned, fetching, page, stored, failed."""


def _silent(event: str, unit: Unit | None, count: int) -> None:
    """Nobody listens."""


def run_sync(settings: Settings, request: SyncRequest, on_event: Listener = _silent) -> SyncReport:
    """Plan, fetch, process, store and finish. A unit's failure is reported, not raised; the others go on."""
    engine = database.open_semantic(settings)
    try:
        with staging_held(settings, engine, request.run_id):
            units = plan_sync(settings, request)
            on_event("planned", None, len(units))
            failed: dict[str, UnitFailure] = {}
            for unit in units:
                on_event("fetching", unit, 0)
                if failure := _run_unit(settings, unit, on_event):
                    failed[unit.unit_id] = failure
            return finish_sync(settings, units, provider=request.provider, run_id=request.run_id, failed_here=failed)
    finally:
        engine.dispose()


def _run_unit(settings: Settings, unit: Unit, on_event: Listener) -> UnitFailure | None:
    """Do a unit; why it failed, also when its staging cannot be written."""
    pages = Timed(readable_pages(settings, unit))
    counted = CountedPages(pages, lambda count: on_event("page", unit, count))
    try:
        with failure_recorded(unit, "sync"):
            batches = Timed(providers.processor(unit.provider, unit.target).to_records(counted, unit))
            stored = asyncio.run(store_batches(settings, unit, batches))
    except Exception as error:  # noqa: BLE001 - the outermost edge of a unit: it is recorded, the other units go on
        on_event("failed", unit, 0)
        return failure_of(unit, "sync", error)
    fetch = StageReport(stage="fetch", seconds=pages.seconds, pages=counted.count, bytes=counted.bytes)
    report_staged(unit, msgspec.structs.replace(fetch, usage=usage_of(UnitStaging(unit.staging))))
    report_staged(unit, StageReport(stage="process", seconds=batches.seconds - pages.seconds, rows=stored.rows))
    report_staged(unit, StageReport(stage="store", seconds=stored.seconds, rows=stored.rows))
    on_event("stored", unit, sum(stored.rows.values()))
    return None


class Timed(Iterator[Item]):
    """Passes items through and adds up the time spent waiting for them."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items, self.seconds = items, 0.0

    def __next__(self) -> Item:
        """The next item, timed."""
        started = time.monotonic()
        try:
            return next(self._items)
        finally:
            self.seconds += time.monotonic() - started


class CountedPages(Iterator[Page]):
    """Passes pages through, counts them and their bytes, and tells how many there were."""

    def __init__(self, pages: Iterator[Page], on_page: Callable[[int], None]) -> None:
        self._pages, self._on_page = pages, on_page
        self.count, self.bytes = 0, 0

    def __next__(self) -> Page:
        """The next page, counted."""
        page = next(self._pages)
        self.count += 1
        self.bytes += page.size()
        self._on_page(self.count)
        return page
