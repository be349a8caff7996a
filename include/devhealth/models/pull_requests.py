"""What devhealth keeps of pull requests, the same for every provider.

A pull request is always fetched whole: its row and all rows below it carry the time of that fetch, and a row below it
that the fetch did not see again is gone at the provider (`is_deleted`). People are logins (see `models.accounts`),
NULL for a deleted account. Texts that people wrote are not stored, their lengths are.
"""

from devhealth.models.table import At, Code, Count, Flag, Instant, Record, Text, Texts, table


@table(
    "pull_requests",
    key=("org_id", "repo_id", "number"),
    gone={"is_deleted": True},
    days=("created_at", "merged_at", "closed_at"),
)
class PullRequest(Record, frozen=True):
    """A pull request as last seen."""

    org_id: Text
    repo_id: Text
    number: Count
    provider: Code
    provider_host: Code
    provider_id: Text
    """The provider's own id."""
    title: Text
    state: Code
    """open, merged or closed (without a merge)."""
    is_draft: Flag
    author: Text | None
    created_at: At
    updated_at: At
    merged_at: At | None
    closed_at: At | None
    """Also set by a merge; NULL while it is open."""
    merged_by: Text | None
    base_branch: Text
    base_sha: Text | None
    head_branch: Text
    head_sha: Text | None
    head_repository: Text | None
    """acme/shop; NULL when the fork it came from was deleted."""
    merge_commit_sha: Text | None
    """The commit that brought it into the base branch: a merge, a squash or the last rebased one; NULL until merged."""
    additions: Count
    deletions: Count
    changed_files: Count
    labels: Texts
    milestone: Text | None
    requested_reviewers: Texts
    """Whose review is awaited now: logins, and teams as `org/team`."""
    linked_issues: Texts
    """Issues it closes: acme/shop#12."""
    auto_merge_enabled_at: At | None
    """Since when it merges by itself once it may; NULL when it does not."""
    reviews_count: Count
    comments_count: Count
    """Of the conversation and on lines."""
    commits_count: Count
    is_deleted: Flag
    fetched_at: Instant


@table(
    "pull_request_reviews",
    key=("org_id", "repo_id", "number", "review_id"),
    gone={"is_deleted": True},
    days=("submitted_at",),
)
class PullRequestReview(Record, frozen=True):
    """A review of a pull request."""

    org_id: Text
    repo_id: Text
    number: Count
    review_id: Text
    author: Text | None
    state: Code
    """approved, changes_requested, commented, dismissed or pending."""
    submitted_at: At | None
    """NULL while it is pending."""
    commit_sha: Text | None
    """The head it was given for."""
    body_length: Count
    is_deleted: Flag
    fetched_at: Instant


@table(
    "pull_request_comments",
    key=("org_id", "repo_id", "number", "comment_id"),
    gone={"is_deleted": True},
    days=("created_at",),
)
class PullRequestComment(Record, frozen=True):
    """A comment in the conversation of a pull request, or on its lines."""

    org_id: Text
    repo_id: Text
    number: Count
    comment_id: Text
    kind: Code
    """conversation or line."""
    author: Text | None
    created_at: At
    updated_at: At
    review_id: Text | None
    """The review a comment on lines belongs to."""
    reply_to: Text | None
    path: Text | None
    """The file a comment on lines is about."""
    body_length: Count
    body: Text | None
    """Only where the configuration says so."""
    is_deleted: Flag
    fetched_at: Instant


@table("pull_request_commits", key=("org_id", "repo_id", "number", "sha"), gone={"is_deleted": True})
class PullRequestCommit(Record, frozen=True):
    """A commit of a pull request, as it stands in it now; one that a force-push took out is deleted."""

    org_id: Text
    repo_id: Text
    number: Count
    sha: Text
    authored_at: At
    committed_at: At
    author: Text | None
    author_email: Text
    is_deleted: Flag
    fetched_at: Instant


@table(
    "pull_request_events",
    key=("org_id", "repo_id", "number", "event_id"),
    gone={"is_deleted": True},
    days=("at",),
)
class PullRequestEvent(Record, frozen=True):
    """Something that happened to a pull request."""

    org_id: Text
    repo_id: Text
    number: Count
    event_id: Text
    kind: Code
    """ready_for_review, converted_to_draft, review_requested, review_request_removed, closed, reopened, merged,
    auto_merge_enabled, auto_merge_disabled or head_force_pushed."""
    actor: Text | None
    subject: Text | None
    """Of review requests: whose review, a login or a team as `org/team`."""
    at: At
    is_deleted: Flag
    fetched_at: Instant
