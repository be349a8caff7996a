"""From a request to a job: every check, the sources, the chunks."""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Engine

from devhealth.pipelines.backfill import estimates
from devhealth.pipelines.backfill.checks import checked, find_organisation, without_sources
from devhealth.pipelines.backfill.request import NEWEST_FIRST, BackfillRequest, Job
from devhealth.pipelines.backfill.resuming import check_reopening, reopened, reopened_by_its_run
from devhealth.pipelines.backfill.sources import ResolvedSource, resolved
from devhealth.pipelines.backfill.windows import cut, window_days
from devhealth.pipelines.discovery import sources_of
from devhealth.pipelines.request import new_run_id
from devhealth.semantic import backfill_jobs, database
from devhealth.semantic.backfill_chunks import Chunk
from devhealth.semantic.backfill_jobs import BackfillJob
from devhealth.settings import Settings

_LOG = logging.getLogger(__name__)


def open_job(settings: Settings, request: BackfillRequest, as_of: datetime) -> Job:
    """Make the job with all its chunks, in one transaction; or reopen the one to resume.

    A DAG run that has a job already gets that one, with what is not completed pending again. Raises InputError,
    UnknownName or TierExceeded before anything is stored.
    """
    engine = database.open_semantic(settings)
    database.check(engine)
    return opened(settings, engine, request, as_of)


def opened(
    settings: Settings, engine: Engine, request: BackfillRequest, as_of: datetime, *, is_held: bool = False
) -> Job:
    """As `open_job`; `is_held`: the caller holds the turn of the job to resume."""
    org_id = find_organisation(engine, request.organisation)
    own = backfill_jobs.of_run(engine, org_id, request.dag_id, request.run_id) if request.run_id else None
    if own:
        return reopened_by_its_run(settings, engine, own, request)
    if request.job_id:
        return reopened(settings, engine, org_id, request, is_held=is_held)
    drawn_up = _drawn_up(settings, engine, org_id, request, as_of)
    backfill_jobs.add(engine, drawn_up.row, drawn_up.chunks)
    return drawn_up.job


def preview_job(settings: Settings, request: BackfillRequest, as_of: datetime) -> Job:
    """The job that `open_job` would make of a request for days, with the same checks; nothing of it is stored."""
    engine = database.open_semantic(settings)
    database.check(engine)
    return _drawn_up(settings, engine, find_organisation(engine, request.organisation), request, as_of).job


@dataclass(frozen=True, slots=True)
class _DrawnUp:
    row: BackfillJob
    chunks: list[Chunk]
    job: Job


def _drawn_up(settings: Settings, engine: Engine, org_id: str, request: BackfillRequest, as_of: datetime) -> _DrawnUp:
    asked = checked(engine, org_id, request, as_of)
    for warning in asked.warnings:
        _LOG.warning(warning)
    found = sources_of(settings, engine, asked.configuration)
    if not found.sources:
        raise without_sources(asked.configuration)
    window_days(asked.since, asked.before, len(found.sources) * len(asked.targets))
    sources = resolved(settings, engine, asked.configuration, found)
    row = BackfillJob(
        org_id=org_id,
        job_id=new_run_id(as_of),
        provider=asked.configuration.provider,
        configuration=asked.configuration.name,
        targets=asked.targets,
        since=asked.since,
        before=asked.before,
        sort_order=request.order,
        window_days=window_days(asked.since, asked.before, len(sources) * len(asked.targets)),
        origin=request.origin,
        dag_id=request.dag_id,
        run_id=request.run_id,
        status="pending",
        error="",
        requested_at=as_of,
        started_at=None,
        finished_at=None,
    )
    chunks = _chunks(row, sources)
    readable = [one.source for one in sources if one.repo_id]
    windows = len({(chunk.since, chunk.before) for chunk in chunks})
    estimate = estimates.sentence(settings, engine, asked, readable, windows)
    warnings = [*asked.warnings, *found.warnings]
    return _DrawnUp(row, chunks, Job.of(row, request.organisation, len(chunks), warnings, estimate))


def check_request(settings: Settings, request: BackfillRequest, as_of: datetime) -> tuple[date, date] | None:
    """The days a new job would fill, None for one to resume; raises what can be told without asking the sources."""
    engine = database.open_semantic(settings)
    database.check(engine)
    org_id = find_organisation(engine, request.organisation)
    if request.job_id:
        check_reopening(engine, org_id, request)
        return None
    asked = checked(engine, org_id, request, as_of)
    return asked.since, asked.before


def _chunks(job: BackfillJob, sources: list[ResolvedSource]) -> list[Chunk]:
    windows = cut(job.since, job.before, job.window_days)
    if job.sort_order == NEWEST_FIRST:
        windows.reverse()
    pieces = [(window, one, target) for window in windows for one in sources for target in job.targets]
    return [
        Chunk(
            number=number,
            source=one.source,
            name=one.name,
            repo_id=one.repo_id,
            target=target,
            since=since,
            before=before,
        )
        for number, ((since, before), one, target) in enumerate(pieces, 1)
    ]
