"""A pull request and what belongs to it, as our GraphQL queries ask for it (connectors/github/queries).

REST objects are brought into the same shape by `pull_requests_in_rest`. What is None here may be null at GitHub; the
lists that make a pull request whole may not, so that one that could not be read is never taken for an empty one.
Source: docs.github.com/graphql/reference/objects#pullrequest
"""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from devhealth.processors.github.people import Actor

T = TypeVar("T")


class Shape(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all of them."""


class Connection(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """A page of a list; what GitHub may not show is null in it."""

    nodes: list[T | None]


class Named(Shape, frozen=True):
    """A label."""

    name: str


class Titled(Shape, frozen=True):
    """A milestone."""

    title: str


class Oid(Shape, frozen=True):
    """A commit that is only named."""

    oid: str


class RepositoryName(Shape, frozen=True):
    """A repository that is only named."""

    name_with_owner: str


class Id(Shape, frozen=True):
    """Something that is only named."""

    full_database_id: str


class LinkedIssue(Shape, frozen=True):
    """An issue that a pull request closes."""

    number: int
    repository: RepositoryName


class AutoMerge(Shape, frozen=True):
    """Present while a pull request merges by itself once it may."""

    enabled_at: datetime | None = None


class Reviewer(Shape, frozen=True):
    """An account or a team."""

    kind: str = msgspec.field(default="", name="__typename")
    login: str | None = None
    database_id: int | None = None
    combined_slug: str | None = None
    """Of a team: acme/platform."""


class ReviewRequest(Shape, frozen=True):
    """A review that is awaited; of nobody when the account is gone."""

    requested_reviewer: Reviewer | None = None


class Review(Shape, frozen=True):
    """A review."""

    full_database_id: str
    state: str
    author: Actor | None = None
    submitted_at: datetime | None = None
    commit: Oid | None = None
    body: str = ""


class Comment(Shape, frozen=True):
    """A comment in the conversation or on a line."""

    full_database_id: str
    created_at: datetime
    updated_at: datetime
    author: Actor | None = None
    body: str = ""
    path: str | None = None
    pull_request_review: Id | None = None
    reply_to: Id | None = None


class Thread(Shape, frozen=True):
    """Comments on one line."""

    comments: Connection[Comment]


class CommitAuthor(Shape, frozen=True):
    """Who a commit says has made it."""

    email: str | None = None
    user: Actor | None = None


class Commit(Shape, frozen=True):
    """A commit. Times are texts: people have recorded anything."""

    oid: str
    authored_date: str
    committed_date: str
    author: CommitAuthor | None = None


class PullRequestCommit(Shape, frozen=True):
    """A commit of a pull request."""

    commit: Commit


class Event(Shape, frozen=True):
    """Something in the timeline; all that we ask for have these fields, and no other numbers than `id`."""

    kind: str = msgspec.field(name="__typename")
    id: str
    created_at: datetime
    actor: Actor | None = None
    requested_reviewer: Reviewer | None = None


class Numbered(Shape, frozen=True):
    """A pull request that is only named."""

    number: int


class Rest(Shape, frozen=True):
    """More of a list that was cut short: of a pull request, or the comments of a thread in it."""

    number: int | None = None
    pull_request: Numbered | None = None
    """Of a thread."""
    labels: Connection[Named] | None = None
    review_requests: Connection[ReviewRequest] | None = None
    closing_issues_references: Connection[LinkedIssue] | None = None
    reviews: Connection[Review] | None = None
    review_threads: Connection[Thread] | None = None
    comments: Connection[Comment] | None = None
    commits: Connection[PullRequestCommit] | None = None
    timeline_items: Connection[Event] | None = None

    @property
    def of(self) -> int:
        """The number of the pull request; 0 for what is neither of the two."""
        return self.number or (self.pull_request.number if self.pull_request else 0)


class CommitConnection(Connection[PullRequestCommit], frozen=True, rename="camel"):
    """The commits, and how many there are."""

    total_count: int


class PullRequestNode(Shape, frozen=True, kw_only=True):
    """A pull request with the first page of each of its lists."""

    number: int
    full_database_id: str
    title: str
    state: str
    is_draft: bool
    created_at: datetime
    updated_at: datetime
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    author: Actor | None = None
    merged_by: Actor | None = None
    base_ref_name: str
    base_ref_oid: str | None = None
    head_ref_name: str
    head_ref_oid: str | None = None
    head_repository: RepositoryName | None = None
    merge_commit: Oid | None = None
    additions: int
    deletions: int
    changed_files: int
    milestone: Titled | None = None
    auto_merge_request: AutoMerge | None = None
    labels: Connection[Named] | None = None
    review_requests: Connection[ReviewRequest] | None = None
    closing_issues_references: Connection[LinkedIssue] | None = None
    reviews: Connection[Review]
    review_threads: Connection[Thread]
    comments: Connection[Comment]
    commits: CommitConnection
    timeline_items: Connection[Event]
