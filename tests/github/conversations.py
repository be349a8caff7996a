"""What issues and pull requests have in common: comments, labels, assignees, milestones, closing."""

from typing import Any

from tests.github.accounts import Who, account
from tests.github.repositories import When, next_number
from tests.github.repositories import label as known_label
from tests.github.world import Item, World, change


def begin(
    world: World, repository: Item, kind: str, *, author: Who, title: str, body: str, number: int, at: When
) -> Item:
    """The fields every issue and pull request is born with."""
    now = world.stamp(at)
    repository["_numbers"] = max(repository["_numbers"], number)
    return {
        "number": number or next_number(repository),
        "title": title,
        "body": body,
        "author": account(world, author),
        "authorAssociation": "MEMBER",
        "state": "OPEN",
        "closed": False,
        "closedAt": None,
        "createdAt": now,
        "publishedAt": now,
        "updatedAt": now,
        "lastEditedAt": None,
        "locked": False,
        "milestone": None,
        "repository": repository,
        "_labels": [],
        "_assignees": [],
        "_comments": [],
        "_timeline": [],
        "_items": [],
    }


def touch(item: Item, now: str) -> None:
    """`updatedAt` never goes back."""
    item["updatedAt"] = max(item["updatedAt"], now)


def happen(world: World, subject: Item, kind: str, *, by: Who, at: When, **fields: Any) -> Item:
    """An event in the timeline of an issue or pull request, which is thereby updated."""
    now = world.stamp(at)
    event = world.new(kind, {"createdAt": now, "actor": account(world, by), "_subject": subject, **fields})
    if subject["__typename"] == "PullRequest":
        event.setdefault("pullRequest", subject)
    subject["_timeline"].append(event)
    touch(subject, now)
    return event


@change
def comment(
    world: World, subject: Item, author: Who, body: str = "Looks good.", *, at: When = None, number: int | None = None
) -> Item:
    """A comment in the conversation."""
    now = world.stamp(at)
    item = world.new(
        "IssueComment",
        {
            "author": account(world, author),
            "authorAssociation": "MEMBER",
            "body": body,
            "createdAt": now,
            "publishedAt": now,
            "updatedAt": now,
            "lastEditedAt": None,
            "isMinimized": False,
            "repository": subject["repository"],
            "_subject": subject,
        },
        number=number,
    )
    subject["_comments"].append(item)
    touch(subject, now)
    return item


@change
def edit_comment(world: World, item: Item, body: str, *, at: When = None) -> None:
    """Of a comment in the conversation or on lines; the issue or pull request is updated too."""
    now = world.stamp(at)
    item.update(body=body, lastEditedAt=now, updatedAt=now)
    touch(item.get("_subject") or item["pullRequest"], now)


@change
def delete_comment(world: World, item: Item, *, by: Who = None, at: When = None) -> None:
    subject = item["_subject"]
    subject["_comments"].remove(item)
    world.forget(item)
    happen(world, subject, "CommentDeletedEvent", by=by, at=at, deletedCommentAuthor=item["author"])


@change
def add_label(world: World, subject: Item, name: str, *, by: Who = "ada", at: When = None) -> None:
    label = known_label(world, subject["repository"], name)
    if label not in subject["_labels"]:
        subject["_labels"].append(label)
        happen(world, subject, "LabeledEvent", by=by, at=at, label=label, labelable=subject)


@change
def remove_label(world: World, subject: Item, name: str, *, by: Who = "ada", at: When = None) -> None:
    label = known_label(world, subject["repository"], name)
    subject["_labels"].remove(label)
    happen(world, subject, "UnlabeledEvent", by=by, at=at, label=label, labelable=subject)


@change
def assign(world: World, subject: Item, who: Who, *, by: Who = "ada", at: When = None) -> None:
    person = account(world, who)
    subject["_assignees"].append(person)
    happen(world, subject, "AssignedEvent", by=by, at=at, assignee=person, user=person, assignable=subject)


@change
def unassign(world: World, subject: Item, who: Who, *, by: Who = "ada", at: When = None) -> None:
    person = account(world, who)
    subject["_assignees"].remove(person)
    happen(world, subject, "UnassignedEvent", by=by, at=at, assignee=person, user=person, assignable=subject)


@change
def set_milestone(world: World, subject: Item, milestone: Item | None, *, by: Who = "ada", at: When = None) -> None:
    """Put it into a milestone, or out of the one it is in."""
    before, subject["milestone"] = subject["milestone"], milestone
    if before is not None:
        happen(world, subject, "DemilestonedEvent", by=by, at=at, milestoneTitle=before["title"], milestone=before)
    if milestone is not None:
        happen(world, subject, "MilestonedEvent", by=by, at=at, milestoneTitle=milestone["title"], milestone=milestone)


@change
def edit(
    world: World, subject: Item, *, title: str = "", body: str | None = None, by: Who = "ada", at: When = None
) -> None:
    now = world.stamp(at)
    if title:
        before, subject["title"] = subject["title"], title
        happen(world, subject, "RenamedTitleEvent", by=by, at=at, previousTitle=before, currentTitle=title)
    if body is not None:
        subject.update(body=body, lastEditedAt=now)
        touch(subject, now)


@change
def refer(
    world: World, target: Item, source: Item, *, by: Who = "ada", will_close: bool = False, at: When = None
) -> None:
    """An issue or pull request is mentioned in another one."""
    now = world.stamp(at)
    elsewhere = source["repository"] is not target["repository"]
    happen(
        world, target, "CrossReferencedEvent", by=by, at=at, source=source, target=target, referencedAt=now,
        isCrossRepository=elsewhere, willCloseTarget=will_close,
    )  # fmt: skip


@change
def close(world: World, subject: Item, *, by: Who = "ada", reason: str = "COMPLETED", at: When = None) -> None:
    """Close an issue for a reason, or a pull request without merging it."""
    now = world.stamp(at)
    is_issue = subject["__typename"] == "Issue"
    subject.update(state="CLOSED", closed=True, closedAt=now, **({"stateReason": reason} if is_issue else {}))
    why = {"stateReason": reason if is_issue else None}
    happen(world, subject, "ClosedEvent", by=by, at=at, closer=None, closable=subject, **why)


@change
def reopen(world: World, subject: Item, *, by: Who = "ada", at: When = None) -> None:
    is_issue = subject["__typename"] == "Issue"
    subject.update(state="OPEN", closed=False, closedAt=None, **({"stateReason": "REOPENED"} if is_issue else {}))
    happen(world, subject, "ReopenedEvent", by=by, at=at, closable=subject, stateReason=None)
