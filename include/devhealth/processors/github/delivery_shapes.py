"""Deployments, tags and releases, as our GraphQL queries ask for them (connectors/github/queries).

REST objects are brought into the same shape by `deliveries_in_rest`.
Source: docs.github.com/graphql/reference/objects#deployment
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from devhealth.models import github_ids
from devhealth.processors.github.people import Actor
from devhealth.processors.github.pull_request_shapes import Connection, Named, Oid, Shape


class Numbered(Shape, frozen=True):
    """Something with a number of its own."""

    id: str
    database_id: int | None = None

    @property
    def number(self) -> str:
        """As REST has it."""
        return github_ids.number(self.id, self.database_id)


class Status(Numbered, frozen=True, kw_only=True):
    """A state of a deployment."""

    state: str
    creator: Actor | None = None
    created_at: datetime


class MoreStatuses(Shape, frozen=True):
    """More of the statuses of a deployment."""

    id: str = ""
    database_id: int | None = None
    statuses: Connection[Status] | None = None

    @property
    def number(self) -> str:
        """Of the deployment."""
        return github_ids.number(self.id, self.database_id)


class Deployment(Numbered, frozen=True, kw_only=True):
    """A deployment with the first page of its statuses."""

    commit_oid: str
    environment: str | None = None
    original_environment: str | None = None
    task: str | None = None
    ref: Named | None = None
    creator: Actor | None = None
    created_at: datetime
    updated_at: datetime
    statuses: Connection[Status]


class Release(Numbered, frozen=True, kw_only=True):
    """A release; `author` is null for a bot."""

    tag_name: str
    name: str | None = None
    is_draft: bool
    is_prerelease: bool
    created_at: datetime
    published_at: datetime | None = None
    author: Actor | None = None
    tag_commit: Oid | None = None


class Tagger(Shape, frozen=True):
    """Who made an annotated tag, and when: a text, people have recorded anything."""

    date: str | None = None


class Target(Shape, frozen=True):
    """What a tag points to: a commit, a tag of its own, or something that has no time."""

    kind: str = msgspec.field(name="__typename")
    oid: str
    committed_date: str | None = None
    tagger: Tagger | None = None
    target: "Target | None" = None

    def chain(self) -> "Iterator[Target]":
        """It, and what it leads to in turn."""
        yield self
        if self.target:
            yield from self.target.chain()


class Ref(Shape, frozen=True):
    """A tag."""

    name: str
    target: Target | None = None

    @property
    def sha(self) -> str | None:
        """The commit it leads to."""
        found = self.target.chain() if self.target else ()
        return next((one.oid for one in found if one.kind == "Commit"), None)

    @property
    def date(self) -> str | None:
        """Its own time, else that of the commit."""
        for one in self.target.chain() if self.target else ():
            if date := (one.tagger and one.tagger.date) or one.committed_date:
                return date
        return None
