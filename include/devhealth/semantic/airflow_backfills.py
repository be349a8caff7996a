"""Jobs of Airflow's own backfills of a sync DAG. Each run knows its own days only; together they are one job."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Engine

from devhealth.relational import reading, writing
from devhealth.semantic import backfill_chunks, backfill_jobs
from devhealth.semantic.backfill_chunks import Chunk
from devhealth.semantic.backfill_jobs import BackfillJob
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.semantic.sync_runs import UnitRun
from devhealth.semantic.tables import backfill_chunks as chunk_rows
from devhealth.semantic.tables import backfill_jobs as jobs

ORIGIN = "airflow_backfill"
TOGETHER = timedelta(hours=1)
"""A run this soon after another one is of the same backfill, where Airflow does not say which it is of."""


@dataclass(frozen=True, slots=True)
class AirflowRun:
    """A run of a sync DAG that Airflow's own backfill started."""

    dag_id: str
    run_id: str
    command: str = ""
    """What tells one backfill from another; empty where Airflow does not say."""


def job_of(
    engine: Engine, configuration: SyncConfiguration, run: AirflowRun, is_at_work: Callable[[BackfillJob], bool]
) -> BackfillJob | None:
    """The job of the backfill this run belongs to; None for the first run of one.

    Without a command that is the newest job, while its newest run is at work or ended less than an hour ago.
    """
    key = (ORIGIN, configuration.provider, configuration.name, run.dag_id)
    known = [
        job
        for job in backfill_jobs.list_jobs(engine, configuration.org_id)
        if (job.origin, job.provider, job.configuration, job.dag_id) == key
    ]
    own = next((job for job in known if job.run_id == run.run_id), None)
    if own or run.command:
        return own or next((job for job in known if job.job_id.endswith(_mark(configuration, run))), None)
    oldest = datetime.now(UTC) - TOGETHER
    return next((job for job in known[:1] if _seen_at(engine, job) > oldest or is_at_work(job)), None)


def extend(
    engine: Engine,
    configuration: SyncConfiguration,
    run: AirflowRun,
    job: BackfillJob | None,
    since: date,
    before: date,
) -> str:
    """Let the job cover these days too, or make one of them; its id."""
    if job is None:
        job = _new(configuration, run, since, before)
        backfill_jobs.add(engine, job, [])
        return job.job_id
    with writing(engine) as connection:
        connection.execute(
            update(jobs)
            .where(jobs.c.org_id == job.org_id, jobs.c.job_id == job.job_id)
            .values(
                since=min(job.since, since),
                before=max(job.before, before),
                run_id=run.run_id,
                status="pending",
                error=None,
                finished_at=None,
            )
        )
    return job.job_id


def plan_chunks(engine: Engine, org_id: str, job_id: str, chunks: Sequence[Chunk]) -> list[int]:
    """Numbers of these chunks of the job, added or pending again; the numbers they come with count for nothing."""
    table = chunk_rows.c
    of_job = (table.org_id == org_id, table.job_id == job_id)
    numbers = []
    with writing(engine) as connection:
        # Runs that plan at once take turns at the job, or two chunks would get one number.
        connection.execute(
            select(jobs.c.job_id).where(jobs.c.org_id == org_id, jobs.c.job_id == job_id).with_for_update()
        )
        last = connection.execute(select(func.coalesce(func.max(table.number), 0)).where(*of_job)).scalar_one()
        for chunk in chunks:
            same = (*of_job, table.source == chunk.source, table.target == chunk.target, table.since == chunk.since)
            number = connection.execute(select(table.number).where(*same)).scalar()
            state = {"status": "pending", "error": None, "started_at": None, "finished_at": None}
            if number is None:
                last += 1
                number = last
                row = {name: getattr(chunk, name) for name in Chunk.__slots__}
                key = {"org_id": org_id, "job_id": job_id, "number": number}
                connection.execute(insert(chunk_rows).values({**row, **key, **state, "repo_id": chunk.repo_id or None}))
            else:
                connection.execute(update(chunk_rows).where(*of_job, table.number == number).values(state))
            numbers.append(int(number))
    return numbers


def end_chunks(engine: Engine, org_id: str, job_id: str, never_ran: Sequence[tuple[int, UnitRun]]) -> None:
    """Fail the chunks that never ran; none of those that completed or failed by themselves."""
    with writing(engine) as connection:
        for number, run in never_ran:
            backfill_chunks.end(connection, org_id, job_id, number, run)


def _new(configuration: SyncConfiguration, run: AirflowRun, since: date, before: date) -> BackfillJob:
    now = datetime.now(UTC)
    return BackfillJob(
        org_id=configuration.org_id,
        job_id=f"{now:%Y%m%dT%H%M%S}{_mark(configuration, run)}",
        provider=configuration.provider,
        configuration=configuration.name,
        targets=list(configuration.targets),
        since=since,
        before=before,
        sort_order="oldest_first",
        window_days=(before - since).days,
        origin=ORIGIN,
        dag_id=run.dag_id,
        run_id=run.run_id,
        status="pending",
        error="",
        requested_at=now,
        started_at=None,
        finished_at=None,
    )


def _mark(configuration: SyncConfiguration, run: AirflowRun) -> str:
    """The end of the job's id: the same for all runs of one command."""
    key = f"{configuration.configuration_id}\n{run.dag_id}\n{run.command or uuid.uuid4().hex}"
    return f"-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _seen_at(engine: Engine, job: BackfillJob) -> datetime:
    """When its newest run was last seen at work."""
    table = chunk_rows.c
    query = select(func.max(table.started_at), func.max(table.finished_at))
    with reading(engine) as connection:
        row = connection.execute(query.where(table.org_id == job.org_id, table.job_id == job.job_id)).one()
    return max(moment for moment in (job.requested_at, job.started_at, job.finished_at, *row) if moment)
