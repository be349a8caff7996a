"""Looking at jobs, and cancelling one."""

from datetime import date, datetime, timedelta

import msgspec

from devhealth.errors import InputError
from devhealth.pipelines.backfill.checks import find_organisation
from devhealth.pipelines.backfill.reconciling import Ask, reconcile
from devhealth.pipelines.backfill.resuming import find_job
from devhealth.semantic import backfill_chunks, backfill_jobs, database, organizations, repositories
from devhealth.semantic.backfill_chunks import Counts
from devhealth.settings import Settings


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A job and how far it has come; `before` exclusive."""

    org_id: str
    organisation: str
    job_id: str
    provider: str
    configuration: str
    targets: list[str]
    since: date
    before: date
    order: str
    window_days: int
    origin: str
    dag_id: str
    run_id: str
    status: str
    error: str
    note: str
    """Why it is not sure that a job said to run still does; empty when it is."""
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    active_at: datetime | None
    """When a chunk last began or ended."""
    chunks: int
    pending: int
    running: int
    completed: int
    failed: int
    rows: int
    requests: int


class ChunkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One chunk, as it is stored."""

    number: int
    source: str
    repo_id: str
    name: str
    """What tells the repository from others of its organisation."""
    target: str
    since: date
    before: date
    status: str
    attempts: int
    rows: int
    requests: int
    started_at: datetime | None
    finished_at: datetime | None
    error: str


def list_jobs(
    settings: Settings,
    organisation: str | None = None,
    job_id: str | None = None,
    ask: Ask | None = None,
    *,
    quiet: timedelta = timedelta(0),
) -> list[JobStatus]:
    """The jobs of an organisation, or of all, the newest first. Those whose runner is gone are reconciled before."""
    unknown = reconcile(settings, ask, quiet=quiet)
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, organisation) if organisation else None
    slugs = {one.org_id: one.slug for one in organizations.list_organizations(engine)}
    counts = backfill_chunks.count(engine, org_id, job_id)
    found = []
    for job in backfill_jobs.list_jobs(engine, org_id, job_id):
        count = counts.get((job.org_id, job.job_id), Counts())
        found.append(
            JobStatus(
                org_id=job.org_id,
                organisation=slugs[job.org_id],
                job_id=job.job_id,
                provider=job.provider,
                configuration=job.configuration,
                targets=job.targets,
                since=job.since,
                before=job.before,
                order=job.sort_order,
                window_days=job.window_days,
                origin=job.origin,
                dag_id=job.dag_id,
                run_id=job.run_id,
                status=job.status,
                error=job.error,
                note=unknown.get(job.job_id, ""),
                requested_at=job.requested_at,
                started_at=job.started_at,
                finished_at=job.finished_at,
                active_at=count.active_at,
                chunks=count.pending + count.running + count.completed + count.failed,
                pending=count.pending,
                running=count.running,
                completed=count.completed,
                failed=count.failed,
                rows=count.rows,
                requests=count.requests,
            )
        )
    return found


def list_chunks(settings: Settings, organisation: str, job_id: str) -> list[ChunkStatus]:
    """The chunks of a job, in the order of work. Raises UnknownName for a job of nobody or of somebody else."""
    engine = database.open_semantic(settings)
    org_id = find_organisation(engine, organisation)
    find_job(engine, org_id, organisation, job_id)
    called = repositories.called(engine, org_id)
    found = []
    for chunk in backfill_chunks.read(engine, org_id, job_id):
        facts = {name: getattr(chunk, name) for name in ChunkStatus.__struct_fields__}
        found.append(ChunkStatus(**{**facts, "name": called.get(chunk.repo_id, chunk.name)}))
    return found


def cancel_job(settings: Settings, organisation: str, job_id: str) -> None:
    """Cancel a job: the chunk at work ends, no other begins. Raises UnknownName, or InputError for one that has ended.

    A cancelled job can be resumed.
    """
    engine = database.open_semantic(settings)
    database.check(engine)
    org_id = find_organisation(engine, organisation)
    job = find_job(engine, org_id, organisation, job_id)
    if not backfill_jobs.cancel(engine, org_id, job_id):
        raise InputError(f"backfill {job_id} is {job.status} already: there is nothing to cancel.")
