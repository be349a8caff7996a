"""Target `cicd`: pages of `devhealth.models.github_cicd_pages` as records."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from devhealth.errors import RecordError
from devhealth.models import github_cicd_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_cicd_pages import Parts, RunsState
from devhealth.models.unit import Unit
from devhealth.processors.github.people import People
from devhealth.processors.github.run_records import RunRecords
from devhealth.processors.github.run_shapes import JobList, Run, RunList
from devhealth.processors.github.staged import Batch, looked_at, opened, switched_off, target_row
from devhealth.staging import Page
from devhealth.transport.decoding import decode

EVIDENCE = "repository_targets"

_TABLES = ("pipeline_jobs", "pipeline_runs")


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """The rows of each run. Snapshots of those that were deleted come last."""
    pages = list(pages)
    if off := switched_off(pages, unit):
        yield off
        return
    state, remaining = opened(pages, unit, RunsState)
    reader = _Reader(unit, state)
    has_news = unit.mode != "incremental"
    for page in remaining:
        if page.name == github_pages.CURSOR:
            yield looked_at(unit, _TABLES, "run_id", reader.gone)
            if has_news:
                yield [target_row(unit, state.fetched_at, None)]
            return
        if rows := reader.read(page):
            has_news = True
            yield rows


class _Reader:
    """Turns pages into rows. The runs are in a page, what belongs to each of them in those that follow it."""

    def __init__(self, unit: Unit, state: RunsState) -> None:
        self._what = unit.name
        self._unit, self._people = unit, People(unit, state.host)
        self._records = RunRecords(unit, self._people)
        self._listed: github_pages.Page | None = None
        self._runs: dict[int, Run] = {}
        self.gone: list[tuple[str, datetime]] = []

    def read(self, staged: Page) -> Batch:
        """The rows of the run that a page completes. Pages of kinds that nobody needs are passed over."""
        page = github_pages.decode(staged.read())
        if page.kind in {kinds.LISTED, kinds.RUN}:
            self._listed, self._runs = page, {}
        elif page.kind == kinds.GONE:
            self.gone.append((page.about, page.fetched_at))
        elif page.kind == kinds.WHOLE and not page.about.startswith("="):  # with an equals sign it is stored already
            return self._whole(page)
        return []

    def _whole(self, page: github_pages.Page) -> Batch:
        what, listed = f"{self._what}, run {page.about}", self._listed
        run = self._run(int(page.about))
        if run is None or listed is None:
            raise RecordError(f"{what}: its jobs are staged, and it is not. Sync again.")
        parts = decode(page.answer, Parts, what)
        jobs = [job for answer in parts.jobs for job in decode(answer, JobList, what).jobs]
        attempts = [decode(answer, Run, what) for answer in parts.attempts]
        rows = list(self._records.of(run, listed.fetched_at, attempts, jobs, page.fetched_at))
        return [*self._people.accounts(), *rows]

    def _run(self, run_id: int) -> Run | None:
        """A run of the page before, which is only read once a run of it is wanted."""
        if not self._runs and self._listed:
            page = self._listed
            is_list = page.kind == kinds.LISTED
            runs = decode(page.answer, RunList, self._what).workflow_runs if is_list else [self._single(page)]
            self._runs = {run.id: run for run in runs}
        return self._runs.get(run_id)

    def _single(self, page: github_pages.Page) -> Run:
        return decode(page.answer, Run, f"{self._what}, run {page.about}")
