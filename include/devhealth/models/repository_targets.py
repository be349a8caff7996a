"""What of a repository is synced at all: an empty list of pull requests is not the same as one never asked for."""

from devhealth.models.table import Code, Count, Instant, Record, Text, table


@table("repository_targets", key=("org_id", "repo_id", "target"))
class RepositoryTarget(Record, frozen=True):
    """One target of a repository, after each unit of it that was read to the end."""

    org_id: Text
    repo_id: Text
    target: Code
    """prs, work-items, cicd, deployments, incidents."""
    items_count: Count | None
    """How many items the provider says there are in all, to compare with what is stored; NULL where it does not say."""
    fetched_at: Instant
