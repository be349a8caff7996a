"""What devhealth keeps of deployments, releases and tags, the same for every provider."""

from devhealth.models.table import At, Code, Flag, Instant, Record, Text, table


@table(
    "deployments",
    key=("org_id", "repo_id", "deployment_id"),
    gone={"is_deleted": True},
    days=("created_at", "finished_at"),
)
class Deployment(Record, frozen=True):
    """A deployment as last seen; how it came there is in `deployment_statuses`."""

    org_id: Text
    repo_id: Text
    deployment_id: Text
    environment: Text
    """By the names of `models.environments`: production, staging, ...; others lower-cased."""
    environment_name: Text
    """As the provider has it."""
    ref: Text | None
    sha: Text
    task: Text
    creator: Text | None
    state: Code
    """success, failed, canceled, pending or running: by the newest status that says how it ended, else the newest."""
    created_at: At
    updated_at: At
    finished_at: At | None
    """When it became the success or failure that `state` says, for the last time; NULL until it is one."""
    is_deleted: Flag
    fetched_at: Instant


@table("deployment_statuses", key=("org_id", "repo_id", "deployment_id", "status_id"), gone={"is_deleted": True})
class DeploymentStatus(Record, frozen=True):
    """One state a deployment went through."""

    org_id: Text
    repo_id: Text
    deployment_id: Text
    status_id: Text
    state: Code
    """As the provider says, lower-cased: success, failure, error, inactive, in_progress, queued, pending, ..."""
    creator: Text | None
    created_at: At
    is_deleted: Flag
    fetched_at: Instant


@table("releases", key=("org_id", "repo_id", "release_id"), gone={"is_deleted": True}, days=("published_at",))
class Release(Record, frozen=True):
    """A release as last seen."""

    org_id: Text
    repo_id: Text
    release_id: Text
    tag: Text
    sha: Text | None
    """The commit of the tag; NULL where the provider does not say."""
    name: Text
    author: Text | None
    is_draft: Flag
    is_prerelease: Flag
    created_at: At
    published_at: At | None
    is_deleted: Flag
    fetched_at: Instant


@table("tags", key=("org_id", "repo_id", "name"), gone={"is_deleted": True}, days=("tagged_at",))
class Tag(Record, frozen=True):
    """A tag as last seen; one that was moved is where it is now."""

    org_id: Text
    repo_id: Text
    name: Text
    """Without refs/tags/."""
    sha: Text | None
    """The commit it leads to in the end; NULL for a tag of something else."""
    tagged_at: At | None
    """When an annotated tag says it was made, else the committer time of the commit; NULL where neither is known."""
    is_deleted: Flag
    fetched_at: Instant
