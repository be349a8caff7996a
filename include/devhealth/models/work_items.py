"""What devhealth keeps of work items and incidents, the same for every provider.

A work item lives in a scope: the repository of a GitHub issue, a Jira project, a Linear team. `repo_id` is the id of
that repository or scope in the semantic database.
"""

from devhealth.models.table import At, Code, Count, Flag, Instant, Number, Record, Text, Texts, table


@table(
    "work_items",
    key=("org_id", "repo_id", "item_id"),
    gone={"is_deleted": True},
    days=("created_at", "closed_at"),
)
class WorkItem(Record, frozen=True):
    """A work item as last seen."""

    org_id: Text
    repo_id: Text
    item_id: Text
    """The provider's own id, which outlives a transfer or rename."""
    key: Text
    """What people call it: acme/shop#12, PLAT-7."""
    provider: Code
    provider_host: Code
    title: Text
    kind: Code
    """epic, story, task, bug, incident, chore, issue or unknown."""
    status: Text
    """As the provider has it: a project's status where there is one, else open or closed."""
    status_category: Code
    """backlog, todo, in_progress, in_review, blocked, done, canceled or unknown."""
    author: Text | None
    assignees: Texts
    labels: Texts
    milestone: Text | None
    iteration: Text | None
    """The sprint or iteration it stands in."""
    parent_key: Text | None
    story_points: Number | None
    created_at: At
    updated_at: At
    closed_at: At | None
    comments_count: Count
    is_deleted: Flag
    fetched_at: Instant


@table(
    "work_item_transitions",
    key=("org_id", "repo_id", "item_id", "transition_id"),
    gone={"is_deleted": True},
    days=("at",),
)
class WorkItemTransition(Record, frozen=True):
    """Something about a work item changed.

    GitHub tells of a project only where an item was moved last: moves between two syncs are missing, those that were
    seen stay, and where it came from is told by the move before.
    """

    org_id: Text
    repo_id: Text
    item_id: Text
    transition_id: Text
    field: Code
    """status (in a project), state, label, assignee, milestone or iteration.

    The values of state are open, closed, and not_planned or duplicate where it was closed without being done.
    """
    from_value: Text | None
    to_value: Text | None
    actor: Text | None
    at: At
    is_deleted: Flag
    fetched_at: Instant


@table(
    "incidents",
    key=("org_id", "repo_id", "incident_id"),
    gone={"is_deleted": True},
    days=("opened_at", "resolved_at"),
)
class Incident(Record, frozen=True):
    """An incident, by the rule of the configuration that says which work items are incidents."""

    org_id: Text
    repo_id: Text
    incident_id: Text
    key: Text
    title: Text
    severity: Code | None
    status: Code
    """open or resolved."""
    opened_at: At
    resolved_at: At | None
    linked_deployment: Text | None
    is_deleted: Flag
    fetched_at: Instant
