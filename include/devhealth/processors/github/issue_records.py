"""The rows of one issue: the work item and its transitions, all with the time at which it was listed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from devhealth.models.github_issue_pages import IssuesState
from devhealth.models.table import Record
from devhealth.models.unit import Unit
from devhealth.models.work_items import WorkItem, WorkItemTransition
from devhealth.processors.github.issue_rules import category_of, closed_as, kind_of
from devhealth.processors.github.issue_shapes import Event, FieldValue, Issue, IssueNode, ProjectItem, RestEvent
from devhealth.processors.github.people import People, User
from devhealth.processors.github.pull_request_shapes import Named, Titled

OF_TIMELINES = ("state", "label", "assignee", "milestone")
"""Fields of the transitions that a timeline holds all of. Of a project only the last move shows, so those of status and
iteration that were seen before stay."""

_POINTS = {"estimate", "points", "story points", "story point estimate", "size", "effort"}
_MOVED = "Moved"
_REST_KINDS = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "assigned": "AssignedEvent",
    "unassigned": "UnassignedEvent",
    "milestoned": "MilestonedEvent",
    "demilestoned": "DemilestonedEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "project_v2_item_status_changed": _MOVED,
    "added_to_project": _MOVED,
    "moved_columns_in_project": _MOVED,
}

Change = tuple[str, str | None, str | None]
"""Field, value before and value after."""


@dataclass(slots=True)
class Gathered:
    """An issue with all that belongs to it."""

    issue: Issue
    fetched_at: datetime
    events: list[Event] = field(default_factory=list)
    items: list[ProjectItem] = field(default_factory=list)
    is_whole: bool = False
    """Whether it is to be stored: all of it was read, and it is not stored yet as it is."""

    def add(self, node: IssueNode) -> None:
        """A page of each list that the node has."""
        self.events += [event for event in (node.timeline_items.nodes if node.timeline_items else ()) if event]
        self.items += [item for item in (node.project_items.nodes if node.project_items else ()) if item]


class IssueRecords:
    """Turns gathered issues of one unit into rows."""

    def __init__(self, unit: Unit, state: IssuesState, people: People) -> None:
        self._org_id, self._repo_id, self._provider = unit.org_id, unit.repo_id, unit.provider
        self._host, self._repository, self._people = state.host, state.repository, people

    def of(self, gathered: Gathered) -> Iterator[Record]:
        """Its transitions, each once, and then the work item."""
        yield from {one.transition_id: one for one in self._transitions(gathered)}.values()
        yield self._item(gathered)

    def _item(self, gathered: Gathered) -> WorkItem:
        issue, fetched_at = gathered.issue, gathered.fetched_at
        values = _values(gathered.items)
        status = next((value.name for value in reversed(values) if _is_status(value)), None)
        is_closed = issue.state == "closed"
        labels = names_of(issue.labels)
        assignees = (self._login(one, fetched_at) for one in issue.assignees or ())
        return WorkItem(
            org_id=self._org_id,
            repo_id=self._repo_id,
            item_id=str(issue.id),
            key=f"{self._repository}#{issue.number}",
            provider=self._provider,
            provider_host=self._host,
            title=issue.title,
            kind=kind_of(_name(issue.type), labels),
            status=status or issue.state,
            status_category=category_of(is_closed=is_closed, reason=issue.state_reason, status=status),
            author=self._login(issue.user, fetched_at),
            assignees=sorted({login for login in assignees if login}),
            labels=labels,
            milestone=issue.milestone.title if isinstance(issue.milestone, Titled) else None,
            iteration=next((value.title for value in reversed(values) if _is_iteration(value)), None),
            parent_key=_key_in(issue.parent_issue_url),
            story_points=next((value.number for value in reversed(values) if _is_points(value)), None),
            created_at=issue.created_at,
            updated_at=issue.updated_at,
            closed_at=issue.closed_at if is_closed else None,
            comments_count=issue.comments or 0,
            is_deleted=False,
            fetched_at=fetched_at,
        )

    def _transitions(self, gathered: Gathered) -> Iterator[WorkItemTransition]:
        for event in gathered.events:
            change = self._change(event, gathered.fetched_at)
            if change and event.created_at:
                actor = self._people.login(event.actor, gathered.fetched_at)
                yield self._transition(gathered, event.id, change, event.created_at, actor)
        for value in _values(gathered.items):
            told = "status" if _is_status(value) else "iteration" if _is_iteration(value) else ""
            if told and value.updated_at:
                place = f"{value.id}@{value.updated_at:%Y-%m-%dT%H:%M:%SZ}"
                yield self._transition(gathered, place, (told, None, value.name or value.title), value.updated_at, None)

    def _transition(
        self, gathered: Gathered, transition_id: str, change: Change, at: datetime, actor: str | None
    ) -> WorkItemTransition:
        return WorkItemTransition(
            org_id=self._org_id,
            repo_id=self._repo_id,
            item_id=str(gathered.issue.id),
            transition_id=transition_id,
            field=change[0],
            from_value=change[1],
            to_value=change[2],
            actor=actor,
            at=at,
            is_deleted=False,
            fetched_at=gathered.fetched_at,
        )

    def _change(self, event: Event, fetched_at: datetime) -> Change | None:
        label = event.label.name if event.label else None
        assignee = self._people.login(event.assignee, fetched_at)
        changes: dict[str, Change] = {
            "LabeledEvent": ("label", None, label),
            "UnlabeledEvent": ("label", label, None),
            "AssignedEvent": ("assignee", None, assignee),
            "UnassignedEvent": ("assignee", assignee, None),
            "MilestonedEvent": ("milestone", None, event.milestone_title),
            "DemilestonedEvent": ("milestone", event.milestone_title, None),
            "ClosedEvent": ("state", "open", closed_as((event.state_reason or "").lower())),
            "ReopenedEvent": ("state", "closed", "open"),
            _MOVED: ("status", *event.status),
        }
        return changes.get(event.kind)

    def _login(self, user: User | int | None, fetched_at: datetime) -> str | None:
        actor = user.as_actor() if isinstance(user, User) else None
        return self._people.login(actor, fetched_at)


def event_of(event: RestEvent) -> Event | None:
    """An entry of a timeline of REST in the shape of GraphQL; None for what is no transition."""
    kind, event_id = _REST_KINDS.get(event.event), event.node_id or str(event.id or "")
    if not kind or not event_id:
        return None
    card = event.project_card
    return Event(
        kind=kind,
        id=event_id,
        created_at=event.created_at,
        actor=event.actor.as_actor() if event.actor else None,
        label=event.label,
        assignee=event.assignee.as_actor() if event.assignee else None,
        milestone_title=event.milestone.title if event.milestone else None,
        state_reason=event.state_reason,
        status=(card.previous_column_name, card.column_name) if card else (None, None),
    )


def names_of(labels: list[Named | str | int | None] | None) -> list[str]:
    """Names of labels, sorted, each once."""
    return sorted({name for name in map(_name, labels or ()) if name})


def _name(thing: Named | str | int | None) -> str | None:
    """None for a number, which names nothing."""
    found = thing.name if isinstance(thing, Named) else thing
    return found if isinstance(found, str) else None


def _values(items: list[ProjectItem]) -> list[FieldValue]:
    """What projects say, what was said last at the end; of archived items only where no other one speaks."""
    there = [item for item in items if not item.is_archived] or items
    values = [value for item in there for value in item.field_values.nodes if value and value.updated_at]
    return sorted(values, key=lambda value: (value.updated_at, value.id))


def _field(value: FieldValue) -> str:
    return value.field.name.lower() if value.field else ""


def _is_status(value: FieldValue) -> bool:
    return value.kind == "ProjectV2ItemFieldSingleSelectValue" and _field(value) == "status" and bool(value.name)


def _is_iteration(value: FieldValue) -> bool:
    return value.kind == "ProjectV2ItemFieldIterationValue"


def _is_points(value: FieldValue) -> bool:
    return value.kind == "ProjectV2ItemFieldNumberValue" and _field(value) in _POINTS


def _key_in(url: str | None) -> str | None:
    """acme/shop#12 of .../repos/acme/shop/issues/12."""
    if not url or "/repos/" not in url:
        return None
    repository, _, number = url.partition("/repos/")[2].rpartition("/issues/")
    return f"{repository}#{number}" if repository else None
