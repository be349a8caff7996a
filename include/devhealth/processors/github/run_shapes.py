"""Runs of workflows and their jobs as REST shows them.

What identifies a thing must be there. Servers of long ago number no attempts and name no actor.
"""

from datetime import datetime

import msgspec

from devhealth.processors.github.people import User

_STATUSES = {"requested": "queued", "pending": "waiting"}
_CONCLUSIONS = {"cancelled": "canceled"}


class Run(msgspec.Struct, frozen=True, gc=False):
    """A run in the state of one attempt."""

    id: int
    created_at: datetime
    updated_at: datetime | None = None
    run_started_at: datetime | None = None
    run_attempt: int | None = None
    run_number: int | None = None
    workflow_id: int | None = None
    name: str | None = None
    path: str | None = None
    event: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    actor: User | None = None
    status: str | None = None
    conclusion: str | None = None


class Job(msgspec.Struct, frozen=True, gc=False):
    """A job of a run."""

    id: int
    name: str | None = None
    run_attempt: int | None = None
    status: str | None = None
    conclusion: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def has_run(self) -> bool:
        """GitHub gives times to jobs that wait, or were skipped, too."""
        return status_of(self) in {"in_progress", "completed"} and self.conclusion != "skipped"


class RunList(msgspec.Struct, frozen=True):
    """A page of runs."""

    workflow_runs: list[Run]


class JobList(msgspec.Struct, frozen=True):
    """A page of jobs."""

    jobs: list[Job]


def status_of(thing: Run | Job) -> str:
    """queued, in_progress, completed or waiting."""
    status = (thing.status or ("completed" if thing.conclusion else "queued")).lower()
    return _STATUSES.get(status, status)


def conclusion_of(thing: Run | Job) -> str | None:
    """As ours are spelled; None until it is completed."""
    said = (thing.conclusion or "").lower()
    return _CONCLUSIONS.get(said, said) or None
