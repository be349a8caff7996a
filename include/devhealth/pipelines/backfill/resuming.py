"""Taking up a job again: what is not completed becomes pending."""

from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from devhealth.errors import InputError, UnknownName
from devhealth.pipelines.backfill.checks import find_configuration
from devhealth.pipelines.backfill.request import BackfillRequest, Job, days_between
from devhealth.pipelines.backfill.sources import resolved
from devhealth.pipelines.discovery import Found
from devhealth.pipelines.plan import SNAPSHOT_TARGETS
from devhealth.relational import turn_if_free
from devhealth.semantic import backfill_chunks, backfill_jobs, tiers
from devhealth.semantic.backfill_jobs import BackfillJob
from devhealth.settings import Settings


def lock_of(job_id: str) -> str:
    """Name of the turn that the process working on a job holds."""
    return f"backfill-{job_id}"


def find_job(engine: Engine, org_id: str, organisation: str, job_id: str) -> BackfillJob:
    """A job of the organisation; raises UnknownName for any other id."""
    job = backfill_jobs.find(engine, org_id, job_id)
    if job is None:
        raise UnknownName(
            f"organisation {organisation} has no backfill job {job_id!r}. `devhealth backfill status` lists its jobs."
        )
    return job


def check_reopening(engine: Engine, org_id: str, request: BackfillRequest, *, is_held: bool = False) -> BackfillJob:
    """The job to resume, once it is known that it can be; its sources are not asked.

    Raises InputError for a job that is completed or that somebody else works on. `is_held`: the caller holds its turn.
    """
    job = find_job(engine, org_id, request.organisation, request.job_id)
    if job.status == "completed":
        raise InputError(f"backfill {job.job_id} is completed: nothing is left to resume. Start a new one.")
    _reject_contradiction(job, request)
    if not is_held:
        _reject_if_running(engine, job)
    find_configuration(engine, org_id, job.configuration, job.provider)
    tiers.check(engine, org_id, job.since, job.before)
    return job


def reopened(
    settings: Settings, engine: Engine, org_id: str, request: BackfillRequest, *, is_held: bool = False
) -> Job:
    """The job to resume, everything pending that is not completed; sources that were out of reach are tried again."""
    job = check_reopening(engine, org_id, request, is_held=is_held)
    return _reopened(settings, engine, job, request)


def reopened_by_its_run(settings: Settings, engine: Engine, job: BackfillJob, request: BackfillRequest) -> Job:
    """The job of a DAG run that asks for it once more, as a cleared task does; a completed one stays as it is."""
    if job.status == "completed":
        chunks = backfill_chunks.read(engine, job.org_id, job.job_id)
        return Job.of(job, request.organisation, len(chunks))
    tiers.check(engine, job.org_id, job.since, job.before)
    return _reopened(settings, engine, job, request)


def _reopened(settings: Settings, engine: Engine, job: BackfillJob, request: BackfillRequest) -> Job:
    org_id, job_id = job.org_id, job.job_id
    configuration = find_configuration(engine, org_id, job.configuration, job.provider)
    chunks = backfill_chunks.read(engine, org_id, job_id)
    unresolved = list(dict.fromkeys(chunk.source for chunk in chunks if not chunk.repo_id))
    for one in resolved(settings, engine, configuration, Found(unresolved, [])):
        if one.repo_id:
            backfill_chunks.resolve(engine, org_id, job_id, one.source, one.name, one.repo_id)
    backfill_jobs.reopen(engine, org_id, job_id, origin=request.origin, dag_id=request.dag_id, run_id=request.run_id)
    return Job.of(job, request.organisation, len(chunks))


def _reject_if_running(engine: Engine, job: BackfillJob) -> None:
    if job.run_id and job.status in {"pending", "running"}:
        raise InputError(
            f"backfill {job.job_id} is running in Airflow: run {job.run_id} of DAG {job.dag_id}. Let it end, or "
            f"`devhealth backfill cancel {job.job_id}` first."
        )
    with turn_if_free(engine, lock_of(job.job_id)) as is_free:
        if not is_free:
            raise running_elsewhere(job.job_id)


def running_elsewhere(job_id: str) -> InputError:
    """What to say when another process holds the job's turn."""
    return InputError(
        f"backfill {job_id} is running in another process. Let it end, or `devhealth backfill cancel {job_id}` first."
    )


def _reject_contradiction(job: BackfillJob, request: BackfillRequest) -> None:
    """Whatever is given beside the id of a job must be what the job was asked for."""
    since, before = job.since, job.before
    if request.since or request.before:
        since, before = days_between(request.since or since, request.before or before, datetime.now(UTC))
    contradictions = {
        f"configuration {request.configuration}": request.configuration
        not in {"", job.configuration, f"{job.provider}/{job.configuration}"},
        f"target {', '.join(request.targets)}": not set(request.targets) <= {*job.targets, *SNAPSHOT_TARGETS},
        f"since {since}": since != job.since,
        f"before {before}": before != job.before,
    }
    for asked, is_other in contradictions.items():
        if is_other:
            raise InputError(
                f"backfill {job.job_id} fills {job.configuration} from {job.since} to {job.before} "
                f"({', '.join(job.targets)}), and {asked} is asked. To resume it name nothing but the job; "
                "for another range start a new one."
            )
