"""What devhealth keeps of continuous integration: runs of pipelines and their jobs, the same for every provider.

A run is fetched whole, with the jobs of all of its attempts.
"""

from devhealth.models.table import At, Code, Count, Flag, Instant, Record, Text, table


@table(
    "pipeline_runs",
    key=("org_id", "repo_id", "run_id", "attempt"),
    gone={"is_deleted": True},
    days=("finished_at",),
)
class PipelineRun(Record, frozen=True):
    """One attempt of a run of a pipeline (GitHub: of a workflow).

    A run that a person deletes within a month is marked as gone. One that the provider forgets by age stays as it was.
    """

    org_id: Text
    repo_id: Text
    run_id: Text
    attempt: Count
    """From 1."""
    number: Count
    """Counted by pipeline."""
    pipeline_id: Text
    pipeline_name: Text
    event: Code
    """What set it off: push, pull_request, schedule, ..."""
    branch: Text | None
    sha: Text
    actor: Text | None
    status: Code
    """queued, in_progress, completed or waiting."""
    conclusion: Code | None
    """success, failure, canceled, skipped, timed_out, action_required, neutral, stale, startup_failure; NULL until
    it is completed."""
    created_at: At
    """Of the run; all attempts share it."""
    queued_at: At
    """Of this attempt."""
    started_at: At | None
    """When its first job began; NULL before that."""
    finished_at: At | None
    """When its last job ended; NULL until it is completed."""
    updated_at: At
    is_deleted: Flag
    fetched_at: Instant


@table("pipeline_jobs", key=("org_id", "repo_id", "run_id", "attempt", "job_id"), gone={"is_deleted": True})
class PipelineJob(Record, frozen=True):
    """A job of a run."""

    org_id: Text
    repo_id: Text
    run_id: Text
    attempt: Count
    job_id: Text
    name: Text
    status: Code
    conclusion: Code | None
    queued_at: At | None
    started_at: At | None
    finished_at: At | None
    is_deleted: Flag
    fetched_at: Instant
