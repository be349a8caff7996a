"""The rows of one pull request, all with the time at which it was fetched."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from devhealth.models.github_prs_pages import PullRequestsState
from devhealth.models.pull_requests import (
    PullRequest,
    PullRequestComment,
    PullRequestCommit,
    PullRequestEvent,
    PullRequestReview,
)
from devhealth.models.table import Record
from devhealth.models.unit import Unit
from devhealth.processors.github import pull_request_shapes as shapes
from devhealth.processors.github.people import Actor, People
from devhealth.processors.github.times import commit_time

CHILDREN = ("pull_request_reviews", "pull_request_comments", "pull_request_commits", "pull_request_events")
"""Tables with rows of a pull request beside its own."""

EVENTS = {
    "ReadyForReviewEvent": "ready_for_review",
    "ConvertToDraftEvent": "converted_to_draft",
    "ReviewRequestedEvent": "review_requested",
    "ReviewRequestRemovedEvent": "review_request_removed",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "MergedEvent": "merged",
    "AutoMergeEnabledEvent": "auto_merge_enabled",
    "AutoSquashEnabledEvent": "auto_merge_enabled",
    "AutoRebaseEnabledEvent": "auto_merge_enabled",
    "AutoMergeDisabledEvent": "auto_merge_disabled",
    "HeadRefForcePushedEvent": "head_ref_force_pushed",
}


@dataclass(slots=True)
class Gathered:
    """A pull request with all of its lists."""

    pull: shapes.PullRequestNode
    fetched_at: datetime
    labels: list[shapes.Named | None] = field(default_factory=list)
    review_requests: list[shapes.ReviewRequest | None] = field(default_factory=list)
    closing_issues_references: list[shapes.LinkedIssue | None] = field(default_factory=list)
    reviews: list[shapes.Review | None] = field(default_factory=list)
    line_comments: list[shapes.Comment | None] = field(default_factory=list)
    comments: list[shapes.Comment | None] = field(default_factory=list)
    commits: list[shapes.PullRequestCommit | None] = field(default_factory=list)
    events: list[shapes.Event | None] = field(default_factory=list)

    def add(self, part: "shapes.PullRequestNode | shapes.Rest") -> None:
        """A page of each list that the part has."""
        for name in ("labels", "review_requests", "closing_issues_references", "reviews", "comments", "commits"):
            page = getattr(part, name)
            if page is not None:
                getattr(self, name).extend(page.nodes)
        for thread in part.review_threads.nodes if part.review_threads else ():
            self.line_comments += thread.comments.nodes if thread else []
        if part.timeline_items:
            self.events += part.timeline_items.nodes

    def add_rest(self, rest: shapes.Rest) -> None:
        """What was left out of one list."""
        if rest.pull_request is None:
            self.add(rest)
        elif rest.comments:
            self.line_comments += rest.comments.nodes


class PullRequestRecords:
    """Turns gathered pull requests of one unit into rows."""

    def __init__(self, unit: Unit, state: PullRequestsState, people: People) -> None:
        self._org_id, self._repo_id, self._provider = unit.org_id, unit.repo_id, unit.provider
        self._host = state.host
        self._keeps_bodies = bool(unit.options.get("bodies", False))
        self._people = people

    def of(self, gathered: Gathered) -> Iterator[Record]:
        """The rows below the pull request by table, each thing once, and then its own."""
        reviews = list(self._reviews(gathered, _distinct(gathered.reviews)))
        yield from reviews
        comments = [
            *self._comments(gathered, "conversation", _distinct(gathered.comments)),
            *self._comments(gathered, "line", _distinct(gathered.line_comments)),
        ]
        yield from comments
        yield from self._commits(gathered)
        yield from self._events(gathered)
        given = sum(review.state != "pending" for review in reviews)
        yield self._pull_request(gathered, reviews_count=given, comments_count=len(comments))

    def _pull_request(self, gathered: Gathered, *, reviews_count: int, comments_count: int) -> PullRequest:
        pull, fetched_at, login = gathered.pull, gathered.fetched_at, self._people.login
        asked = (request.requested_reviewer for request in gathered.review_requests if request)
        return PullRequest(
            org_id=self._org_id,
            repo_id=self._repo_id,
            number=pull.number,
            provider=self._provider,
            provider_host=self._host,
            provider_id=pull.full_database_id,
            title=pull.title,
            state=pull.state.lower(),
            is_draft=pull.is_draft,
            author=login(pull.author, fetched_at),
            created_at=pull.created_at,
            updated_at=pull.updated_at,
            merged_at=pull.merged_at,
            closed_at=pull.closed_at,
            merged_by=login(pull.merged_by, fetched_at),
            base_branch=pull.base_ref_name,
            base_sha=pull.base_ref_oid,
            head_branch=pull.head_ref_name,
            head_sha=pull.head_ref_oid,
            head_repository=pull.head_repository.name_with_owner if pull.head_repository else None,
            merge_commit_sha=pull.merge_commit.oid if pull.merge_commit else None,
            additions=pull.additions,
            deletions=pull.deletions,
            changed_files=pull.changed_files,
            labels=sorted({label.name for label in gathered.labels if label}),
            milestone=pull.milestone.title if pull.milestone else None,
            requested_reviewers=sorted({name for one in asked if (name := self._reviewer(one, fetched_at))}),
            linked_issues=sorted(
                {f"{one.repository.name_with_owner}#{one.number}" for one in gathered.closing_issues_references if one}
            ),
            auto_merge_enabled_at=pull.auto_merge_request.enabled_at if pull.auto_merge_request else None,
            reviews_count=reviews_count,
            comments_count=comments_count,
            commits_count=pull.commits.total_count,
            is_deleted=False,
            fetched_at=fetched_at,
        )

    def _reviews(self, gathered: Gathered, reviews: Iterable[shapes.Review]) -> Iterator[PullRequestReview]:
        number, fetched_at = gathered.pull.number, gathered.fetched_at
        for review in reviews:
            yield PullRequestReview(
                org_id=self._org_id,
                repo_id=self._repo_id,
                number=number,
                review_id=review.full_database_id,
                author=self._people.login(review.author, fetched_at),
                state=review.state.lower(),
                submitted_at=review.submitted_at,
                commit_sha=review.commit.oid if review.commit else None,
                body_length=len(review.body),
                is_deleted=False,
                fetched_at=fetched_at,
            )

    def _comments(
        self, gathered: Gathered, kind: str, comments: Iterable[shapes.Comment]
    ) -> Iterator[PullRequestComment]:
        number, fetched_at = gathered.pull.number, gathered.fetched_at
        for comment in comments:
            yield PullRequestComment(
                org_id=self._org_id,
                repo_id=self._repo_id,
                number=number,
                comment_id=comment.full_database_id,
                kind=kind,
                author=self._people.login(comment.author, fetched_at),
                created_at=comment.created_at,
                updated_at=comment.updated_at,
                review_id=comment.pull_request_review.full_database_id if comment.pull_request_review else None,
                reply_to=comment.reply_to.full_database_id if comment.reply_to else None,
                path=comment.path,
                body_length=len(comment.body),
                body=comment.body if self._keeps_bodies else None,
                is_deleted=False,
                fetched_at=fetched_at,
            )

    def _commits(self, gathered: Gathered) -> Iterator[PullRequestCommit]:
        number, fetched_at = gathered.pull.number, gathered.fetched_at
        for one in {one.commit.oid: one for one in gathered.commits if one}.values():
            commit, authored_at = one.commit, commit_time(one.commit.authored_date)
            author, email = commit.author, (commit.author and commit.author.email) or ""
            user: Actor | None = author.user if author else None
            yield PullRequestCommit(
                org_id=self._org_id,
                repo_id=self._repo_id,
                number=number,
                sha=commit.oid,
                authored_at=authored_at,
                committed_at=commit_time(commit.committed_date),
                author=self._people.committer(user, email, authored_at, fetched_at),
                author_email=email,
                is_deleted=False,
                fetched_at=fetched_at,
            )

    def _events(self, gathered: Gathered) -> Iterator[PullRequestEvent]:
        number, fetched_at = gathered.pull.number, gathered.fetched_at
        for event in gathered.events:
            kind = EVENTS.get(event.kind) if event else None
            if event and kind:
                yield PullRequestEvent(
                    org_id=self._org_id,
                    repo_id=self._repo_id,
                    number=number,
                    event_id=event.id,
                    kind=kind,
                    actor=self._people.login(event.actor, fetched_at),
                    subject=self._reviewer(event.requested_reviewer, fetched_at),
                    at=event.created_at,
                    is_deleted=False,
                    fetched_at=fetched_at,
                )

    def _reviewer(self, reviewer: shapes.Reviewer | None, fetched_at: datetime) -> str | None:
        if reviewer is None:
            return None
        if reviewer.combined_slug:
            return reviewer.combined_slug.lower()
        actor = Actor(reviewer.login, reviewer.kind, reviewer.database_id) if reviewer.login else None
        return self._people.login(actor, fetched_at)


def _distinct(things: "list[shapes.Review | None] | list[shapes.Comment | None]") -> Iterable:  # type: ignore[type-arg]
    """Each once: a list that changed while it was paged may show one twice."""
    return {thing.full_database_id: thing for thing in things if thing}.values()
