"""Deployments, tags and releases as REST tells of them, in the shapes of GraphQL.

Statuses of a deployment, and the time of a tag, are in pages of their own after the list. Where a release leads is
where its tag does.
Source: docs.github.com/rest/deployments, docs.github.com/rest/releases, docs.github.com/rest/git
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from devhealth.models import github_deployments_pages as kinds
from devhealth.models.github_pages import Page
from devhealth.processors.github import delivery_shapes as shapes
from devhealth.processors.github.people import Actor, User
from devhealth.processors.github.pull_request_shapes import Connection, Named, Oid
from devhealth.transport.decoding import decode


class _Shape(msgspec.Struct, frozen=True, gc=False):
    """Fields by the names REST gives them."""


class _Deployment(_Shape, frozen=True, kw_only=True):
    id: int
    sha: str
    ref: str | None = None
    environment: str | None = None
    original_environment: str | None = None
    task: str | None = None
    creator: User | None = None
    created_at: datetime
    updated_at: datetime | None = None


class _Status(_Shape, frozen=True, kw_only=True):
    id: int
    state: str
    creator: User | None = None
    created_at: datetime


class _Release(_Shape, frozen=True, kw_only=True):
    id: int
    tag_name: str
    name: str | None = None
    draft: bool = False
    prerelease: bool = False
    created_at: datetime
    published_at: datetime | None = None
    author: User | None = None


class _Sha(_Shape, frozen=True):
    sha: str


class _Tag(_Shape, frozen=True):
    name: str
    commit: _Sha


class _Signature(_Shape, frozen=True):
    date: str | None = None


class _Dated(_Shape, frozen=True):
    tagger: _Signature | None = None
    committer: _Signature | None = None


def deployments(page: Page, what: str) -> list[shapes.Deployment]:
    """Of a list, without statuses."""
    return [_deployment(one) for one in decode(page.answer, list[_Deployment], what)]


def statuses(page: Page, what: str) -> list[shapes.Status | None]:
    """Of one deployment."""
    return [
        shapes.Status(
            id=str(one.id), database_id=one.id, state=one.state, creator=_actor(one.creator), created_at=one.created_at
        )
        for one in decode(page.answer, list[_Status], what)
    ]


def tags(page: Page, what: str) -> list[shapes.Ref]:
    """Of a list, without times."""
    found = decode(page.answer, list[_Tag], what)
    return [shapes.Ref(one.name, shapes.Target("Commit", one.commit.sha)) for one in found]


def dated(tag: shapes.Ref, page: Page, what: str) -> shapes.Ref:
    """The tag with what a page tells of its time."""
    if page.kind not in {kinds.REST_TAG, kinds.REST_COMMIT} or tag.target is None:
        return tag
    made = decode(page.answer, _Dated, what)
    by = made.tagger if page.kind == kinds.REST_TAG else made.committer
    target = msgspec.structs.replace(tag.target, committed_date=by.date if by else None)
    return msgspec.structs.replace(tag, target=target)


def releases(page: Page, what: str, shas: Mapping[str, str]) -> list[shapes.Release]:
    """Of a list; `shas` are where tags lead."""
    return [
        shapes.Release(
            id=str(one.id),
            database_id=one.id,
            tag_name=one.tag_name,
            name=one.name,
            is_draft=one.draft,
            is_prerelease=one.prerelease,
            created_at=one.created_at,
            published_at=one.published_at,
            author=_actor(one.author),
            tag_commit=Oid(shas[one.tag_name]) if one.tag_name in shas else None,
        )
        for one in decode(page.answer, list[_Release], what)
    ]


def _deployment(one: _Deployment) -> shapes.Deployment:
    return shapes.Deployment(
        id=str(one.id),
        database_id=one.id,
        commit_oid=one.sha,
        environment=one.environment,
        original_environment=one.original_environment,
        task=one.task,
        ref=Named(one.ref) if one.ref else None,
        creator=_actor(one.creator),
        created_at=one.created_at,
        updated_at=one.updated_at or one.created_at,
        statuses=Connection([]),
    )


def _actor(user: User | None) -> Actor | None:
    return user.as_actor() if user else None
