"""The end of a job."""

from dataclasses import replace

from sqlalchemy.engine import Engine

from devhealth.pipelines import chunk_state
from devhealth.pipelines.backfill.planning import staging_of, unit_of
from devhealth.pipelines.backfill.report import BackfillReport, failure_text, failures_of
from devhealth.pipelines.backfill.resuming import find_job
from devhealth.semantic import backfill_chunks, backfill_jobs, database, organizations
from devhealth.semantic.backfill_chunks import Chunk
from devhealth.settings import Settings
from devhealth.staging import UnitStaging

NEVER_RAN = "it was killed or never ran. Resume the backfill: it goes on with what is not done."
"""Why a chunk failed that nobody worked on to its end."""


def close_job(settings: Settings, org_id: str, job_id: str) -> BackfillReport:
    """The final status, from the chunks: those that neither completed nor failed were killed, and fail now.

    The configuration's last outcome is noted and the staging dropped. Harmless when repeated.
    """
    engine = database.open_semantic(settings)
    return closed(settings, engine, org_id, job_id)


def closed(settings: Settings, engine: Engine, org_id: str, job_id: str, *, stopped: str = "") -> BackfillReport:
    """As `close_job`; a job that was `stopped`, for the reason given, is failed and its other chunks stay pending."""
    job = find_job(engine, org_id, org_id, job_id)
    chunks = backfill_chunks.read(engine, org_id, job_id)
    never_ran = []
    if not stopped and job.status != "cancelled":
        never_ran = [chunk for chunk in chunks if chunk.status in {"pending", "running"}]
    ended = [
        (chunk.number, chunk_state.failed_run(unit_of(settings, job, None, chunk), NEVER_RAN)) for chunk in never_ran
    ]
    status = "failed" if stopped else status_of(chunks)
    if ended or job.status in {"pending", "running", "cancelled"}:
        after = [*failures_of(chunks), *failures_of(_failed(never_ran))]
        error = stopped or failure_text(sorted(after, key=lambda one: one.number), len(chunks))
        backfill_jobs.close(engine, job, status=status, error=error, never_ran=ended)
    chunks = backfill_chunks.read(engine, org_id, job_id)
    if job.status == "cancelled" or status == "completed":
        UnitStaging(staging_of(settings, org_id, job_id)).reset()
    return BackfillReport(
        org_id=org_id,
        organisation=_slug(engine, org_id),
        job_id=job_id,
        provider=job.provider,
        configuration=job.configuration,
        status="cancelled" if job.status == "cancelled" else status,
        since=job.since,
        before=job.before,
        chunks=len(chunks),
        completed=sum(chunk.status == "completed" for chunk in chunks),
        pending=sum(chunk.status in {"pending", "running"} for chunk in chunks),
        rows=sum(chunk.rows for chunk in chunks),
        requests=sum(chunk.requests for chunk in chunks),
        failures=failures_of(chunks),
    )


def status_of(chunks: list[Chunk]) -> str:
    """What the chunks make of their job: completed, completed_with_errors or failed."""
    completed = sum(chunk.status == "completed" for chunk in chunks)
    if completed == len(chunks):
        return "completed"
    return "completed_with_errors" if completed else "failed"


def _failed(chunks: list[Chunk]) -> list[Chunk]:
    return [replace(chunk, status="failed", error=NEVER_RAN) for chunk in chunks]


def _slug(engine: Engine, org_id: str) -> str:
    return next(one.slug for one in organizations.list_organizations(engine) if one.org_id == org_id)
