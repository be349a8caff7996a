"""Fields of issues, pull requests, and what people say and do there."""

from typing import Any

from tests.github.connections import page
from tests.github.fields import FIELDS, field, present, snake
from tests.github.fields_repository import branch_ref, in_states
from tests.github.world import Item, World

_LISTS = {
    ("PullRequest", "labels"): "_labels",
    ("PullRequest", "commits"): "_commits",
    ("PullRequest", "reviewThreads"): "_threads",
    ("PullRequest", "reviewRequests"): "_requests",
    ("PullRequest", "comments"): "_comments",
    ("PullRequest", "closingIssuesReferences"): "_closes",
    ("PullRequest", "projectItems"): "_items",
    ("PullRequestReview", "comments"): "_comments",
    ("PullRequestReviewThread", "comments"): "_comments",
    ("Issue", "labels"): "_labels",
    ("Issue", "comments"): "_comments",
    ("Issue", "subIssues"): "_children",
    ("Issue", "projectItems"): "_items",
}
"""Connections over lists as they are kept."""


def _listed(name: str) -> Any:
    return lambda _world, item, args: page(item[name], args)


FIELDS.update({key: _listed(name) for key, name in _LISTS.items()})


@field("PullRequest.url", "Issue.url", "PullRequest.resourcePath", "Issue.resourcePath")
def url(_world: World, item: Item, _args: Item) -> str:
    return page_url(item)


def page_url(item: Item) -> str:
    """Where people read the issue or pull request."""
    kind = "pull" if item["__typename"] == "PullRequest" else "issues"
    return f"{item['repository']['url']}/{kind}/{item['number']}"


@field("IssueComment.url", "IssueComment.resourcePath")
def comment_url(_world: World, item: Item, _args: Item) -> str:
    return f"{page_url(item['_subject'])}#issuecomment-{item['_id']}"


@field("PullRequestReview.url", "PullRequestReview.resourcePath")
def review_url(_world: World, item: Item, _args: Item) -> str:
    return f"{page_url(item['pullRequest'])}#pullrequestreview-{item['_id']}"


@field("PullRequestReviewComment.url", "PullRequestReviewComment.resourcePath")
def line_comment_url(_world: World, item: Item, _args: Item) -> str:
    return f"{page_url(item['pullRequest'])}#discussion_r{item['_id']}"


@field("PullRequestCommit.url", "PullRequestCommit.resourcePath")
def pull_commit_url(_world: World, item: Item, _args: Item) -> str:
    return f"{page_url(item['pullRequest'])}/commits/{item['commit']['oid']}"


@field("ClosedEvent.url", "MergedEvent.url", "ReadyForReviewEvent.url", "ConvertToDraftEvent.url")
@field("ReviewDismissedEvent.url", "CrossReferencedEvent.url")
def event_url(_world: World, item: Item, _args: Item) -> str:
    return f"{page_url(item['_subject'])}#event-{item['_id']}"


@field("PullRequest.bodyText", "Issue.bodyText", "IssueComment.bodyText", "PullRequestReview.bodyText")
@field("PullRequestReviewComment.bodyText")
def body_text(_world: World, item: Item, _args: Item) -> str:
    return str(item["body"])


@field("PullRequest.assignees", "Issue.assignees")
def assignees(_world: World, item: Item, args: Item) -> Item:
    return page(present(item["_assignees"]), args)


@field("PullRequest.participants", "Issue.participants")
def participants(_world: World, item: Item, args: Item) -> Item:
    people = [
        item["author"],
        *(c["author"] for c in item["_comments"]),
        *(r["author"] for r in item.get("_reviews", [])),
    ]
    return page(list({p["id"]: p for p in present(people) if p["__typename"] == "User"}.values()), args)


@field("IssueComment.issue")
def commented_issue(_world: World, item: Item, _args: Item) -> Item:
    return {**item["_subject"], "__typename": "Issue"}


@field("IssueComment.pullRequest")
def commented_pull(_world: World, item: Item, _args: Item) -> Item | None:
    subject: Item = item["_subject"]
    return subject if subject["__typename"] == "PullRequest" else None


# Pull requests.


@field("PullRequest.baseRepository")
def base_repository(_world: World, item: Item, _args: Item) -> Item:
    repository: Item = item["repository"]
    return repository


@field("PullRequest.baseRef")
def base_ref(_world: World, item: Item, _args: Item) -> Item | None:
    return branch_ref(item["repository"], item["baseRefName"])


@field("PullRequest.headRef")
def head_ref(_world: World, item: Item, _args: Item) -> Item | None:
    return branch_ref(item["headRepository"], item["headRefName"]) if item["headRepository"] else None


@field("PullRequest.totalCommentsCount")
def comments_count(_world: World, item: Item, _args: Item) -> int:
    return len(item["_comments"]) + line_comments_count(item)


def line_comments_count(item: Item) -> int:
    return sum(len(thread["_comments"]) for thread in item["_threads"])


@field("PullRequest.reviews")
def reviews(_world: World, item: Item, args: Item) -> Item:
    author = args.get("author")
    kept = [
        r
        for r in item["_reviews"]
        if in_states(r, args) and (author is None or (r["author"] or {}).get("login") == author)
    ]
    return page(kept, args)


@field("PullRequest.latestReviews", "PullRequest.latestOpinionatedReviews")
def latest_reviews(_world: World, item: Item, args: Item) -> Item:
    return page(list(_latest(item).values()), args)


@field("PullRequest.reviewDecision")
def decision(_world: World, item: Item, _args: Item) -> str | None:
    states = {review["state"] for review in _latest(item).values()}
    if "CHANGES_REQUESTED" in states:
        return "CHANGES_REQUESTED"
    return "APPROVED" if "APPROVED" in states else "REVIEW_REQUIRED" if item["_requests"] else None


def _latest(item: Item) -> dict[str, Item]:
    opinions = [r for r in item["_reviews"] if r["state"] in {"APPROVED", "CHANGES_REQUESTED"} and r["author"]]
    return {review["author"]["id"]: review for review in opinions}


@field("PullRequestReview.commit", "PullRequestReviewComment.commit", "PullRequestReviewComment.originalCommit")
def reviewed_commit(_world: World, item: Item, _args: Item) -> Item | None:
    head: Item | None = item["pullRequest"]["headRepository"] or item["repository"]
    assert head is not None
    found: Item | None = head["_commits"].get(item["_sha"]) or item["repository"]["_commits"].get(item["_sha"])
    return found


# Issues.


@field("Issue.subIssuesSummary")
def children_summary(_world: World, item: Item, _args: Item) -> Item:
    total, done = len(item["_children"]), sum(child["state"] == "CLOSED" for child in item["_children"])
    return {"total": total, "completed": done, "percentCompleted": 100 * done // total if total else 0}


@field("Issue.closedByPullRequestsReferences")
def closers(_world: World, item: Item, args: Item) -> Item:
    wanted = args.get("includeClosedPrs")
    return page([p for p in item["_closed_by"] if wanted or p["state"] != "CLOSED"], args)


# The timeline.

_REST_ONLY = ("ProjectV2", "IssueType")
"""Events of these are in no GraphQL timeline of the schema we serve."""


@field("PullRequest.timelineItems", "Issue.timelineItems")
def timeline(_world: World, item: Item, args: Item) -> Item:
    kinds, since = args.get("itemTypes"), args.get("since") or ""
    known = [e for e in happened(item) if not any(name in e["__typename"] for name in _REST_ONLY)]
    shown = [e for e in known if (not kinds or snake(e["__typename"]) in kinds) and at(e) >= since]
    return page(shown, args)


def happened(item: Item) -> list[Item]:
    """Events, comments, reviews and commits in the order of their times."""
    said = [*item["_comments"], *(r for r in item.get("_reviews", []) if r["submittedAt"])]
    return sorted(
        [*item.get("_commits", []), *item["_timeline"], *said], key=lambda event: (at(event), event["_order"])
    )


def at(event: Item) -> str:
    """When it happened."""
    if event["__typename"] == "PullRequestCommit":
        return str(event["commit"]["committedDate"])
    return str(event.get("submittedAt") or event["createdAt"])
