"""Pull requests as REST tells of them, in the shapes of GraphQL.

A pull request is a page of its own, followed by a page or more of each of its lists. What REST does not say: which
issues it closes (read from its text, by the keywords GitHub documents) and since when it merges by itself (the newest
event that says so).
Source: docs.github.com/rest/pulls, docs.github.com/issues (Linking a pull request to an issue)
"""

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from devhealth.models import github_prs_pages as kinds
from devhealth.models.github_pages import Page
from devhealth.models.github_prs_pages import PullRequestsState
from devhealth.processors.github import pull_request_shapes as shapes
from devhealth.processors.github.people import Actor, User
from devhealth.processors.github.pull_request_records import Gathered
from devhealth.transport.decoding import decode

_CLOSES = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"
    r"(?:https?://[^/\s]+/)?(?P<repository>[\w.-]+/[\w.-]+)?(?:#|/issues/)(?P<number>\d+)\b",
    re.IGNORECASE,
)
_EVENTS = {
    "ready_for_review": "ReadyForReviewEvent",
    "convert_to_draft": "ConvertToDraftEvent",
    "review_requested": "ReviewRequestedEvent",
    "review_request_removed": "ReviewRequestRemovedEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "merged": "MergedEvent",
    "auto_merge_enabled": "AutoMergeEnabledEvent",
    "auto_squash_enabled": "AutoSquashEnabledEvent",
    "auto_rebase_enabled": "AutoRebaseEnabledEvent",
    "auto_merge_disabled": "AutoMergeDisabledEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
}


class _Shape(msgspec.Struct, frozen=True, gc=False):
    """Fields by the names REST gives them."""


class _Owner(_Shape, frozen=True):
    login: str


class _Repository(_Shape, frozen=True):
    full_name: str
    default_branch: str | None = None
    owner: _Owner | None = None


class _Branch(_Shape, frozen=True):
    ref: str
    sha: str
    repo: _Repository | None = None


class _Team(_Shape, frozen=True):
    slug: str


class _Pull(_Shape, frozen=True, kw_only=True):
    number: int
    id: int
    title: str
    state: str
    created_at: datetime
    updated_at: datetime
    base: _Branch
    head: _Branch
    additions: int
    deletions: int
    changed_files: int
    commits: int
    draft: bool = False
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    user: User | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    milestone: shapes.Titled | None = None
    auto_merge: dict[str, msgspec.Raw] | None = None
    labels: list[shapes.Named | int] = []
    requested_reviewers: list[User | int] = []
    """Some exports keep the numbers of labels and people only: those name nobody."""
    requested_teams: list[_Team] = []
    body: str | None = None


class _Review(_Shape, frozen=True):
    id: int
    state: str
    user: User | None = None
    submitted_at: datetime | None = None
    commit_id: str | None = None
    body: str | None = None


class _Comment(_Shape, frozen=True):
    id: int
    created_at: datetime
    updated_at: datetime
    user: User | None = None
    body: str | None = None
    path: str | None = None
    pull_request_review_id: int | None = None
    in_reply_to_id: int | None = None


class _Signature(_Shape, frozen=True):
    email: str | None = None
    date: str = ""


class _Recorded(_Shape, frozen=True):
    author: _Signature | None = None
    committer: _Signature | None = None


class _Commit(_Shape, frozen=True):
    sha: str
    commit: _Recorded
    author: User | None = None


class _Compared(_Shape, frozen=True):
    commits: list[_Commit]


class _Event(_Shape, frozen=True):
    event: str
    id: int
    created_at: datetime
    node_id: str = ""
    actor: User | None = None
    requested_reviewer: User | None = None
    requested_team: _Team | None = None


class Reader:
    """Gathers one pull request at a time."""

    def __init__(self, what: str, state: PullRequestsState) -> None:
        self._what, self._repository = what, state.repository
        self._open: Gathered | None = None
        self._pull: _Pull | None = None

    def read(self, page: Page, gone: list[tuple[int, datetime]]) -> list[Gathered]:
        """The pull request before, once another one begins. Pages of kinds that nobody needs are passed over."""
        what = f"{self._what}, pull request {page.about}" if page.about else self._what
        if page.kind == kinds.REST_PULL:
            whole = self.rest()
            self._pull = decode(page.answer, _Pull, what)
            self._open = Gathered(self._node(self._pull), page.fetched_at)
            self._open.add(self._open.pull)
            return whole
        if page.kind == kinds.REST_GONE:
            gone.append((int(page.about), page.fetched_at))
        elif self._open and self._pull and page.about == str(self._pull.number):
            self._add(page, what)
        return []

    def rest(self) -> list[Gathered]:
        """The one that is kept back."""
        whole, pull = self._open, self._pull
        self._open = self._pull = None
        if whole and pull and pull.auto_merge is not None:
            enabled = [one.created_at for one in whole.events if one and _MERGES.match(one.kind)]
            since = shapes.AutoMerge(max(enabled, default=None))
            whole.pull = msgspec.structs.replace(whole.pull, auto_merge_request=since)
        return [whole] if whole else []

    def _add(self, page: Page, what: str) -> None:
        whole = self._open
        assert whole is not None  # noqa: S101 - for the type checker: the only caller has looked
        match page.kind:
            case kinds.REST_REVIEWS:
                whole.reviews += map(_review, decode(page.answer, list[_Review], what))
            case kinds.REST_LINE_COMMENTS:
                whole.line_comments += map(_comment, decode(page.answer, list[_Comment], what))
            case kinds.REST_COMMENTS:
                whole.comments += map(_comment, decode(page.answer, list[_Comment], what))
            case kinds.REST_COMMITS:
                whole.commits += map(_commit, decode(page.answer, list[_Commit], what))
            case kinds.REST_COMPARED:
                whole.commits += map(_commit, decode(page.answer, _Compared, what).commits)
            case kinds.REST_EVENTS:
                whole.events += self._events(decode(page.answer, list[_Event], what))

    def _events(self, events: list[_Event]) -> Iterator[shapes.Event]:
        for event in events:
            if event.event in _EVENTS:
                yield shapes.Event(
                    kind=_EVENTS[event.event],
                    id=event.node_id or str(event.id),
                    created_at=event.created_at,
                    actor=_actor(event.actor),
                    requested_reviewer=self._reviewer(event.requested_reviewer or event.requested_team),
                )

    def _reviewer(self, reviewer: User | _Team | None) -> shapes.Reviewer | None:
        if isinstance(reviewer, _Team):
            owner = self._repository.partition("/")[0]  # only teams of the owner can be asked
            return shapes.Reviewer("Team", combined_slug=f"{owner}/{reviewer.slug}")
        actor = _actor(reviewer)
        return shapes.Reviewer(actor.kind, actor.login, actor.number) if actor else None

    def _node(self, pull: _Pull) -> shapes.PullRequestNode:
        people = (one for one in pull.requested_reviewers if isinstance(one, User))
        asked: list[User | _Team] = [*people, *pull.requested_teams]
        return shapes.PullRequestNode(
            number=pull.number,
            full_database_id=str(pull.id),
            title=pull.title,
            state="merged" if pull.merged_at else pull.state,
            is_draft=pull.draft,
            created_at=pull.created_at,
            updated_at=pull.updated_at,
            merged_at=pull.merged_at,
            closed_at=pull.closed_at,
            author=_actor(pull.user),
            merged_by=_actor(pull.merged_by),
            base_ref_name=pull.base.ref,
            base_ref_oid=pull.base.sha,
            head_ref_name=pull.head.ref,
            head_ref_oid=pull.head.sha,
            head_repository=shapes.RepositoryName(pull.head.repo.full_name) if pull.head.repo else None,
            merge_commit=shapes.Oid(pull.merge_commit_sha) if pull.merged_at and pull.merge_commit_sha else None,
            additions=pull.additions,
            deletions=pull.deletions,
            changed_files=pull.changed_files,
            milestone=pull.milestone,
            labels=shapes.Connection([one for one in pull.labels if isinstance(one, shapes.Named)]),
            review_requests=shapes.Connection([shapes.ReviewRequest(self._reviewer(one)) for one in asked]),
            closing_issues_references=shapes.Connection([*self._closes(pull)]),
            reviews=shapes.Connection([]),
            review_threads=shapes.Connection([]),
            comments=shapes.Connection([]),
            commits=shapes.CommitConnection([], pull.commits),
            timeline_items=shapes.Connection([]),
        )

    def _closes(self, pull: _Pull) -> Iterator[shapes.LinkedIssue]:
        into = pull.base.repo
        if into is None or into.default_branch not in {None, pull.base.ref}:
            return  # the keywords count where it is merged into the default branch
        for match in _CLOSES.finditer(pull.body or ""):
            repository = shapes.RepositoryName(match["repository"] or into.full_name)
            yield shapes.LinkedIssue(int(match["number"]), repository)


_MERGES = re.compile("Auto(Merge|Squash|Rebase)EnabledEvent")


def _actor(user: User | None) -> Actor | None:
    return user.as_actor() if user else None


def _id(number: int | None) -> shapes.Id | None:
    return None if number is None else shapes.Id(str(number))


def _review(review: _Review) -> shapes.Review:
    return shapes.Review(
        full_database_id=str(review.id),
        state=review.state,
        author=_actor(review.user),
        submitted_at=review.submitted_at,
        commit=shapes.Oid(review.commit_id) if review.commit_id else None,
        body=review.body or "",
    )


def _comment(comment: _Comment) -> shapes.Comment:
    return shapes.Comment(
        full_database_id=str(comment.id),
        created_at=comment.created_at,
        updated_at=comment.updated_at,
        author=_actor(comment.user),
        body=comment.body or "",
        path=comment.path,
        pull_request_review=_id(comment.pull_request_review_id),
        reply_to=_id(comment.in_reply_to_id),
    )


def _commit(commit: _Commit) -> shapes.PullRequestCommit:
    author, committer = commit.commit.author or _Signature(), commit.commit.committer or _Signature()
    made_by = shapes.CommitAuthor(author.email, _actor(commit.author))
    return shapes.PullRequestCommit(shapes.Commit(commit.sha, author.date, committer.date or author.date, made_by))
