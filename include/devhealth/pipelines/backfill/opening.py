"""From a request to a job: every check, the sources, the chunks."""

import logging
from datetime import date, datetime

from sqlalchemy.engine import Engine

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
    asked = checked(engine, org_id, request, as_of)
    for warning in asked.warnings:
        _LOG.warning(warning)
    found = sources_of(settings, engine, asked.configuration)
    if not found.sources:
        raise without_sources(asked.configuration)
    window_days(asked.since, asked.before, len(found.sources) * len(asked.targets))
    sources = resolved(settings, engine, asked.configuration, found)
    job = BackfillJob(
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
    chunks = _chunks(job, sources)
    backfill_jobs.add(engine, job, chunks)
    return Job.of(job, request.organisation, len(chunks), [*asked.warnings, *found.warnings])


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
