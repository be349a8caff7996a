"""Pull requests, told in a few words, as the records the metrics read."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devhealth.models.accounts import Account, AccountEmail
from devhealth.models.pull_requests import PullRequest, PullRequestComment, PullRequestReview
from devhealth.models.repository_targets import RepositoryTarget

HOST = "github.com"


@dataclass(frozen=True)
class Answer:
    """A review in some state, or a comment (`state` "comment"); without a time the review is pending."""

    by: str | None
    at: datetime | None
    state: str = "commented"
    is_deleted: bool = False
    is_overtaken: bool = False
    """Only an older fetch of the pull request saw it."""

    @property
    def counts(self) -> bool:
        return self.at is not None and not self.is_deleted and not self.is_overtaken

    @property
    def is_review(self) -> bool:
        return self.state != "comment"


@dataclass(frozen=True)
class Pull:
    """A pull request; `closed` only when it was closed without a merge."""

    opened: datetime
    author: str | None = "ada"
    merged: datetime | None = None
    closed: datetime | None = None
    loc: tuple[int, int] = (1, 0)
    answers: list[Answer] = field(default_factory=list)
    is_deleted: bool = False


def records(where: dict, pulls: list[Pull], accounts: dict[str, tuple[str, bool]], *, asked_for: bool):
    """`accounts` maps a login to (its e-mail or "", is a bot)."""
    fetched_at = where["fetched_at"]
    for login, (email, is_bot) in accounts.items():
        of_account = {"org_id": where["org_id"], "provider_host": HOST, "login": login, "fetched_at": fetched_at}
        yield Account(**of_account, account_id=login, kind="bot" if is_bot else "user", is_bot=is_bot)
        if email:
            yield AccountEmail(**of_account, email=email, last_used_at=fetched_at)
    if asked_for:
        yield RepositoryTarget(**where, target="prs", items_count=None)
    for number, pull in enumerate(pulls, 1):
        yield _pull_request(where | {"number": number}, pull)
        for index, answer in enumerate(pull.answers):
            age = timedelta(seconds=2) if answer.is_overtaken else timedelta()
            yield _answer(where | {"number": number, "fetched_at": fetched_at - age}, f"{number}-{index}", answer)


def _pull_request(where, pull: Pull):
    return PullRequest(
        **where,
        provider="github",
        provider_host=HOST,
        provider_id=str(where["number"]),
        title="Change",
        state="merged" if pull.merged else "closed" if pull.closed else "open",
        is_draft=False,
        author=pull.author,
        created_at=pull.opened,
        updated_at=pull.merged or pull.closed or pull.opened,
        merged_at=pull.merged,
        closed_at=pull.merged or pull.closed,
        merged_by=None,
        base_branch="main",
        base_sha=None,
        head_branch="topic",
        head_sha=None,
        head_repository=None,
        merge_commit_sha=None,
        additions=pull.loc[0],
        deletions=pull.loc[1],
        changed_files=1,
        labels=[],
        milestone=None,
        requested_reviewers=[],
        linked_issues=[],
        auto_merge_enabled_at=None,
        reviews_count=0,
        comments_count=0,
        commits_count=1,
        is_deleted=pull.is_deleted,
    )


def _answer(where, identifier: str, answer: Answer):
    if answer.is_review:
        return PullRequestReview(
            **where,
            review_id=identifier,
            author=answer.by,
            state=answer.state,
            submitted_at=answer.at,
            commit_sha=None,
            body_length=0,
            is_deleted=answer.is_deleted,
        )
    return PullRequestComment(
        **where,
        comment_id=identifier,
        kind="line",
        author=answer.by,
        created_at=answer.at,
        updated_at=answer.at,
        review_id=None,
        reply_to=None,
        path=None,
        body_length=0,
        body=None,
        is_deleted=answer.is_deleted,
    )
