"""A whole sync in one process, without Airflow: the same stages, overlapped."""

import asyncio
import time
from collections.abc import Callable, Iterator

from devhealth.models.unit import Unit
from devhealth.pipelines import providers
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.reports import StageReport, SyncReport
from devhealth.pipelines.request import SyncRequest
from devhealth.pipelines.stages import failure_recorded, readable_pages, report_staged, store_batches
from devhealth.settings import Settings
from devhealth.staging import Page

Listener = Callable[[str, Unit | None, int], None]
"""Told what happens: (event, unit, count) with the events planned, fetching, page, stored, failed."""


def _silent(event: str, unit: Unit | None, count: int) -> None:
    """Nobody listens."""


def run_sync(settings: Settings, request: SyncRequest, on_event: Listener = _silent) -> SyncReport:
    """Plan, fetch, process, store and finish. A unit's failure is reported, not raised; the others go on."""
    units = plan_sync(settings, request)
    on_event("planned", None, len(units))
    for unit in units:
        on_event("fetching", unit, 0)
        _run_unit(settings, unit, on_event)
    return finish_sync(settings, units, provider=request.provider, run_id=request.run_id)


def _run_unit(settings: Settings, unit: Unit, on_event: Listener) -> None:
    started = time.monotonic()
    pages = _Pages(readable_pages(settings, unit), lambda count: on_event("page", unit, count))
    try:
        with failure_recorded(unit, "sync"):
            batches = providers.processor(unit.provider, unit.target).to_records(pages, unit)
            stored = asyncio.run(store_batches(settings, unit, batches))
    except Exception:  # noqa: BLE001 - the outermost edge of a unit: it is recorded, the other units go on
        on_event("failed", unit, 0)
        return
    seconds = time.monotonic() - started
    report_staged(unit, StageReport(stage="fetch", seconds=pages.seconds, pages=pages.count, bytes=pages.bytes))
    report_staged(unit, StageReport(stage="store", seconds=seconds, rows=stored.rows))
    on_event("stored", unit, sum(stored.rows.values()))


class _Pages:
    """Passes pages through, and counts them and the time spent waiting for them."""

    def __init__(self, pages: Iterator[Page], on_page: Callable[[int], None]) -> None:
        self._pages, self._on_page = pages, on_page
        self.count, self.bytes, self.seconds = 0, 0, 0.0

    def __iter__(self) -> Iterator[Page]:
        while True:
            started = time.monotonic()
            page = next(self._pages, None)
            self.seconds += time.monotonic() - started
            if page is None:
                return
            self.count += 1
            self.bytes += page.size()
            self._on_page(self.count)
            yield page
