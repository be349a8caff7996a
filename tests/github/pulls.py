"""Pull requests: opening, pushing, reviewing, merging. Their conversation is in `conversations`."""

from collections.abc import Iterable
from typing import Any

from tests.github.accounts import Who, account, team
from tests.github.conversations import begin, happen, touch
from tests.github.repositories import When, commit
from tests.github.world import Item, World, change


@change
def create(
    world: World,
    repository: Item,
    *,
    author: Who = "ada",
    title: str = "Change something",
    body: str = "",
    branch: str = "",
    base: str = "",
    commits: int = 1,
    draft: bool = False,
    head_repository: Item | None = None,
    number: int = 0,
    numbers: tuple[int, int] | tuple[()] = (),
    at: When = None,
    **fields: Any,
) -> Item:
    """An open pull request with so many commits; `numbers`: its ids as a pull request and as an issue."""
    born = begin(world, repository, "PullRequest", author=author, title=title, body=body, number=number, at=at)
    base = base or repository["_branch"]
    source = head_repository or repository
    item = world.new(
        "PullRequest",
        {
            **born,
            "isDraft": draft,
            "merged": False,
            "mergedAt": None,
            "mergedBy": None,
            "mergeCommit": None,
            "mergeable": "MERGEABLE",
            "baseRefName": base,
            "baseRefOid": repository["_branches"].get(base) or world.sha(),
            "headRefName": branch or f"change-{born['number']}",
            "headRefOid": "",
            "headRepository": source,
            "headRepositoryOwner": source["owner"],
            "isCrossRepository": source is not repository,
            "maintainerCanModify": False,
            "additions": 0,
            "deletions": 0,
            "changedFiles": 1,
            "autoMergeRequest": None,
            "_issue_id": numbers[1] if numbers else world.number("Issue"),
            "_commits": [],
            "_reviews": [],
            "_threads": [],
            "_requests": [],
            "_closes": [],
            **fields,
        },
        number=numbers[0] if numbers else None,
    )
    repository["_pulls"][item["number"]] = item
    for _ in range(commits):
        push(world, item, author, at=at)
    for name in ("additions", "deletions", "changedFiles"):
        item[name] = fields.get(name, item[name])
    return item


@change
def push(world: World, pull: Item, author: Who = "ada", *, at: When = None, **fields: Any) -> Item:
    """One more commit on its branch; `fields` as of `repositories.commit`."""
    source = pull["headRepository"] or pull["repository"]
    before = [pull["headRefOid"]] if pull["headRefOid"] else [pull["baseRefOid"]]
    made = commit(
        world, source, author=author, branch=pull["headRefName"], parents=before, at=at, **{"message": "Work", **fields}
    )
    return add_commit(world, pull, made, at=at)


@change
def force_push(world: World, pull: Item, author: Who = "ada", *, keep: int = 0, at: When = None) -> Item:
    """The commits after the first `keep` are replaced by a new one."""
    before = pull["_commits"][-1]["commit"]
    for gone in pull["_commits"][keep:]:
        world.forget(gone)
        pull["additions"] -= gone["commit"]["additions"]
        pull["deletions"] -= gone["commit"]["deletions"]
    del pull["_commits"][keep:]
    pull["headRefOid"] = pull["_commits"][-1]["commit"]["oid"] if keep else pull["baseRefOid"]
    made = push(world, pull, author, at=at)
    happen(
        world, pull, "HeadRefForcePushedEvent", by=author, at=at,
        beforeCommit=before, afterCommit=made["commit"], ref=None,
    )  # fmt: skip
    return made


@change
def review(
    world: World,
    pull: Item,
    author: Who,
    state: str = "APPROVED",
    *,
    body: str = "",
    comments: Iterable[str] = (),
    at: When = None,
    number: int | None = None,
    commit_sha: str = "",
) -> Item:
    """A review, each of `comments` the text of a comment on a line; while it is PENDING it has no time."""
    now = world.stamp(at)
    submitted = None if state == "PENDING" else now
    item = world.new(
        "PullRequestReview",
        {
            "author": account(world, author),
            "authorAssociation": "MEMBER",
            "body": body,
            "state": state,
            "createdAt": now,
            "publishedAt": submitted,
            "submittedAt": submitted,
            "updatedAt": now,
            "lastEditedAt": None,
            "pullRequest": pull,
            "repository": pull["repository"],
            "_sha": commit_sha or pull["headRefOid"],
            "_comments": [],
        },
        number=number,
    )
    pull["_reviews"].append(item)
    pull["_requests"] = [r for r in pull["_requests"] if r["requestedReviewer"] is not item["author"]]
    for text in comments:
        line_comment(world, pull, author, text, review_item=item, at=at)
    if submitted:
        touch(pull, now)
    return item


@change
def submit(world: World, item: Item, state: str = "COMMENTED", *, at: When = None) -> None:
    """A pending review becomes visible."""
    now = world.stamp(at)
    item.update(state=state, submittedAt=now, publishedAt=now, updatedAt=now)
    for comment in item["_comments"]:
        comment.update(state="SUBMITTED", publishedAt=now)
    touch(item["pullRequest"], now)


@change
def dismiss(world: World, item: Item, *, by: Who = "ada", at: When = None) -> None:
    before, item["state"] = item["state"], "DISMISSED"
    item["updatedAt"] = world.stamp(at)
    happen(
        world, item["pullRequest"], "ReviewDismissedEvent", by=by, at=at,
        previousReviewState=before, review=item, dismissalMessage="No longer true.",
    )  # fmt: skip


@change
def line_comment(
    world: World,
    pull: Item,
    author: Who,
    body: str = "Why?",
    *,
    path: str = "readme.md",
    line: int = 1,
    reply_to: Item | None = None,
    review_item: Item | None = None,
    at: When = None,
    number: int | None = None,
    commit_sha: str = "",
) -> Item:
    """A comment on a line; like GitHub's, each stands in a review, in one of its own if none is given."""
    if review_item is None:
        review_item = review(world, pull, author, "COMMENTED", at=at)
    now = world.stamp(at)
    is_pending = review_item["state"] == "PENDING"
    item = world.new(
        "PullRequestReviewComment",
        {
            "author": account(world, author),
            "authorAssociation": "MEMBER",
            "body": body,
            "state": "PENDING" if is_pending else "SUBMITTED",
            "createdAt": now,
            "draftedAt": now,
            "publishedAt": None if is_pending else now,
            "updatedAt": now,
            "lastEditedAt": None,
            "isMinimized": False,
            "outdated": False,
            "path": path,
            "line": line,
            "originalLine": line,
            "diffHunk": "@@ -0,0 +1 @@",
            "subjectType": "LINE",
            "pullRequest": pull,
            "pullRequestReview": review_item,
            "repository": pull["repository"],
            "replyTo": None,
            "_sha": commit_sha or pull["headRefOid"],
        },
        number=number,
    )
    review_item["_comments"].append(item)
    _thread(world, pull, item, reply_to)
    if not is_pending:
        touch(pull, now)
    return item


@change
def delete_line_comment(world: World, item: Item, *, at: When = None) -> None:
    """Its thread goes with its last comment."""
    thread = item["_thread"]
    thread["_comments"].remove(item)
    item["pullRequestReview"]["_comments"].remove(item)
    world.forget(item)
    if not thread["_comments"]:
        item["pullRequest"]["_threads"].remove(thread)
        world.forget(thread)
    touch(item["pullRequest"], world.stamp(at))


@change
def resolve(world: World, thread: Item, *, by: Who = "ada") -> None:
    """Mark the conversation of a thread as resolved: GitHub does not count it as an update of the pull request."""
    thread.update(isResolved=True, resolvedBy=account(world, by))


@change
def request_review(world: World, pull: Item, who: Who, *, by: Who = "ada", at: When = None) -> None:
    """Of a login, or of a team written as `acme/platform`."""
    wanted = _reviewer(world, who)
    if all(request["requestedReviewer"] is not wanted for request in pull["_requests"]):
        fields = {"requestedReviewer": wanted, "pullRequest": pull, "asCodeOwner": False}
        pull["_requests"].append(world.new("ReviewRequest", fields))
    happen(world, pull, "ReviewRequestedEvent", by=by, at=at, requestedReviewer=wanted)


@change
def withdraw_request(world: World, pull: Item, who: Who, *, by: Who = "ada", at: When = None) -> None:
    wanted = _reviewer(world, who)
    pull["_requests"] = [r for r in pull["_requests"] if r["requestedReviewer"] is not wanted]
    happen(world, pull, "ReviewRequestRemovedEvent", by=by, at=at, requestedReviewer=wanted)


@change
def ready(world: World, pull: Item, *, by: Who = "ada", at: When = None) -> None:
    pull["isDraft"] = False
    happen(world, pull, "ReadyForReviewEvent", by=by, at=at)


@change
def to_draft(world: World, pull: Item, *, by: Who = "ada", at: When = None) -> None:
    pull["isDraft"] = True
    happen(world, pull, "ConvertToDraftEvent", by=by, at=at)


@change
def auto_merge(world: World, pull: Item, *, on: bool = True, by: Who = "ada", at: When = None) -> None:
    person = account(world, by)
    now = world.stamp(at)
    if on:
        pull["autoMergeRequest"] = {
            "__typename": "AutoMergeRequest",
            "enabledAt": now,
            "enabledBy": person,
            "mergeMethod": "SQUASH",
            "authorEmail": None,
            "commitHeadline": None,
            "pullRequest": pull,
        }
        happen(world, pull, "AutoMergeEnabledEvent", by=by, at=at, enabler=person)
    else:
        pull["autoMergeRequest"] = None
        happen(world, pull, "AutoMergeDisabledEvent", by=by, at=at, disabler=person, reason=None, reasonCode=None)


@change
def link(world: World, pull: Item, issue: Item) -> None:
    """Merging it will close the issue."""
    pull["_closes"].append(issue)
    issue.setdefault("_closed_by", []).append(pull)


@change
def merge(world: World, pull: Item, *, by: Who = "ada", method: str = "squash", sha: str = "", at: When = None) -> Item:
    """The commit it became: of a `merge`, a `squash`, or the last of a `rebase`. Linked issues are closed."""
    from tests.github.conversations import close

    now = world.stamp(at)
    repository = pull["repository"]
    tip = repository["_branches"].get(pull["baseRefName"]) or pull["baseRefOid"]
    parents = [tip, pull["headRefOid"]] if method == "merge" else [tip]
    made = commit(
        world, repository, author=by, branch=pull["baseRefName"], at=at, sha=sha, parents=parents,
        message=f"{pull['title']} (#{pull['number']})", additions=pull["additions"], deletions=pull["deletions"],
    )  # fmt: skip
    pull.update(
        state="MERGED", closed=True, closedAt=now, merged=True, mergedAt=now, mergedBy=account(world, by),
        mergeCommit=made, autoMergeRequest=None,
    )  # fmt: skip
    happen(world, pull, "MergedEvent", by=by, at=at, commit=made, mergeRefName=pull["baseRefName"])
    happen(world, pull, "ClosedEvent", by=by, at=at, closer=None, closable=pull, stateReason=None)
    for issue in pull["_closes"]:
        if issue["state"] == "OPEN":
            close(world, issue, by=by, at=at)
            issue["_timeline"][-1]["closer"] = pull
    return made


@change
def lose_head(world: World, pull: Item) -> None:
    """The fork it came from is deleted."""
    pull.update(headRepository=None, headRepositoryOwner=None)


@change
def add_commit(world: World, pull: Item, made: Item, *, at: When = None) -> Item:
    """A commit that exists becomes the head of the pull request."""
    url = f"/pull/{pull['number']}/commits/{made['oid']}"
    item = world.new("PullRequestCommit", {"commit": made, "pullRequest": pull, "_path": url})
    pull["_commits"].append(item)
    made.setdefault("_pulls", []).append(pull)
    pull["headRefOid"] = made["oid"]
    pull["additions"] += made["additions"]
    pull["deletions"] += made["deletions"]
    touch(pull, world.stamp(at))
    return item


def _thread(world: World, pull: Item, item: Item, reply_to: Item | None) -> None:
    if reply_to is not None:
        item["replyTo"] = reply_to["replyTo"] or reply_to
        item["_thread"] = reply_to["_thread"]
        item["_thread"]["_comments"].append(item)
        return
    thread = world.new(
        "PullRequestReviewThread",
        {
            "isCollapsed": False,
            "isOutdated": False,
            "isResolved": False,
            "resolvedBy": None,
            "path": item["path"],
            "line": item["line"],
            "originalLine": item["line"],
            "subjectType": "LINE",
            "pullRequest": pull,
            "repository": pull["repository"],
            "_comments": [item],
        },
    )
    item["_thread"] = thread
    pull["_threads"].append(thread)


def _reviewer(world: World, who: Who) -> Item | None:
    if isinstance(who, str) and "/" in who:
        owner, _, slug = who.partition("/")
        known = world.accounts.get(owner.lower(), {"_teams": []})["_teams"]
        return next((item for item in known if item["slug"] == slug), None) or team(world, who)
    return account(world, who)
