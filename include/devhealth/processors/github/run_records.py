"""The rows of one run: one for each attempt, and its jobs."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from devhealth.models.cicd import PipelineJob, PipelineRun
from devhealth.models.table import Record
from devhealth.models.unit import Unit
from devhealth.processors.github.people import People
from devhealth.processors.github.run_shapes import Job, Run, conclusion_of, status_of

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class RunRecords:
    """Turns runs of one unit into rows."""

    def __init__(self, unit: Unit, people: People) -> None:
        self._org_id, self._repo_id, self._people = unit.org_id, unit.repo_id, people

    def of(
        self, newest: Run, listed_at: datetime, attempts: Sequence[Run], jobs: Sequence[Job], fetched_at: datetime
    ) -> Iterator[Record]:
        """The run was read at `listed_at`, what belongs to it at `fetched_at`: later attempts' jobs are left out."""
        last = newest.run_attempt or 1
        by_attempt: dict[int, dict[int, Job]] = {}
        for job in jobs:
            by_attempt.setdefault(job.run_attempt or last, {})[job.id] = job
        for run in attempts:
            yield self._run(newest, run, by_attempt.get(run.run_attempt or 1, {}), fetched_at)
        yield self._run(newest, newest, by_attempt.get(last, {}), listed_at)
        for attempt, some in by_attempt.items():
            if attempt <= last:
                yield from (self._job(newest, attempt, job, fetched_at) for job in some.values())

    def _run(self, newest: Run, run: Run, jobs: dict[int, Job], fetched_at: datetime) -> PipelineRun:
        queued_at = run.run_started_at or run.created_at
        updated_at = run.updated_at or queued_at
        started_at, ended_at = _began_and_ended(jobs, queued_at)
        is_completed = status_of(run) == "completed"
        return PipelineRun(
            org_id=self._org_id,
            repo_id=self._repo_id,
            run_id=str(newest.id),
            attempt=run.run_attempt or 1,
            number=run.run_number or 0,
            pipeline_id="" if run.workflow_id is None else str(run.workflow_id),
            pipeline_name=run.name or run.path or "",
            event=run.event or "",
            branch=run.head_branch,
            sha=run.head_sha or "",
            actor=self._people.login(run.actor.as_actor() if run.actor else None, fetched_at),
            status=status_of(run),
            conclusion=conclusion_of(run) if is_completed else None,
            created_at=newest.created_at,
            queued_at=queued_at,
            started_at=started_at,
            finished_at=(ended_at or updated_at) if is_completed else None,
            updated_at=updated_at,
            is_deleted=False,
            fetched_at=fetched_at,
        )

    def _job(self, run: Run, attempt: int, job: Job, fetched_at: datetime) -> PipelineJob:
        return PipelineJob(
            org_id=self._org_id,
            repo_id=self._repo_id,
            run_id=str(run.id),
            attempt=attempt,
            job_id=str(job.id),
            name=job.name or "",
            status=status_of(job),
            conclusion=conclusion_of(job),
            queued_at=_known(job.created_at),
            started_at=_known(job.started_at) if job.has_run else None,
            finished_at=_known(job.completed_at),
            is_deleted=False,
            fetched_at=fetched_at,
        )


def _began_and_ended(jobs: dict[int, Job], queued_at: datetime) -> tuple[datetime | None, datetime | None]:
    """Of the jobs that ran in this attempt: when only some are repeated, it lists the results of the others too."""
    ran = [
        job
        for job in jobs.values()
        if job.has_run and (_known(job.completed_at) is None or (job.completed_at or _FIRST) >= queued_at)
    ]
    began = [at for job in ran if (at := _known(job.started_at))]
    ended = [at for job in ran if (at := _known(job.completed_at))]
    return min(began, default=None), max(ended, default=None)


def _known(at: datetime | None) -> datetime | None:
    """None for the year 1, by which some servers mean that they do not know."""
    return at if at and at >= _FIRST else None
