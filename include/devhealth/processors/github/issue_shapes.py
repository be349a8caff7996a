"""Issues as REST shows them, and what belongs to them as GraphQL or REST does.

Strict about what identifies an issue or an event, lenient about the rest: exports keep the numbers of labels and people
only, which name nobody, and older servers know no types.
Source: docs.github.com/rest/issues, docs.github.com/graphql/reference/objects#issue
"""

from datetime import datetime

import msgspec

from devhealth.processors.github.people import Actor, User
from devhealth.processors.github.pull_request_shapes import Connection, Named, Shape, Titled


class Issue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of a list of issues."""

    number: int
    id: int
    title: str
    state: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    state_reason: str | None = None
    user: User | int | None = None
    labels: list[Named | str | int | None] | None = None
    assignees: list[User | int | None] | None = None
    milestone: Titled | int | None = None
    type: Named | str | int | None = None
    comments: int | None = None
    repository_url: str | None = None
    parent_issue_url: str | None = None
    pull_request: object = None


class Found(msgspec.Struct, frozen=True):
    """A page of a search."""

    items: list[Issue]


class Event(Shape, frozen=True):
    """Something that happened to an issue; of other kinds only the kind is asked for."""

    kind: str = msgspec.field(name="__typename")
    id: str = ""
    created_at: datetime | None = None
    actor: Actor | None = None
    label: Named | None = None
    assignee: Actor | None = None
    milestone_title: str | None = None
    state_reason: str | None = None
    status: tuple[str | None, str | None] = (None, None)
    """Where it was moved from and to; REST says so of classic projects only."""


class Field(Shape, frozen=True):
    """A column of a project."""

    name: str = ""


class FieldValue(Shape, frozen=True):
    """What a project says of an item in one of its fields; empty of kinds that are not asked for."""

    kind: str = msgspec.field(default="", name="__typename")
    id: str = ""
    updated_at: datetime | None = None
    name: str | None = None
    title: str | None = None
    number: float | None = None
    field: Field | None = None


class ProjectItem(Shape, frozen=True):
    """Where an issue stands in a project."""

    id: str
    is_archived: bool
    field_values: Connection[FieldValue]


class IssueNode(Shape, frozen=True):
    """An issue, or more of one of its lists. Without `project_items` its projects may not be read."""

    number: int = 0
    timeline_items: Connection[Event] | None = None
    project_items: Connection[ProjectItem] | None = None


class RestCard(msgspec.Struct, frozen=True, gc=False):
    """Of a classic project."""

    column_name: str | None = None
    previous_column_name: str | None = None


class RestEvent(msgspec.Struct, frozen=True, gc=False):
    """An entry of a timeline; comments, reviews and commits have another shape, and are passed over."""

    event: str = ""
    id: int | None = None
    node_id: str | None = None
    created_at: datetime | None = None
    actor: User | None = None
    label: Named | None = None
    assignee: User | None = None
    milestone: Titled | None = None
    state_reason: str | None = None
    project_card: RestCard | None = None
