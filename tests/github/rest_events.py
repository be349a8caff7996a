"""Events as REST shows them, in lists of events and in timelines."""

from typing import Any

from tests.github import shapes
from tests.github.world import Item

_NAMES = {
    "ConvertToDraftEvent": "convert_to_draft",
    "AutoMergeEnabledEvent": "auto_merge_enabled",
    "AutoMergeDisabledEvent": "auto_merge_disabled",
    "HeadRefForcePushedEvent": "head_ref_force_pushed",
    "RenamedTitleEvent": "renamed",
    "ReviewDismissedEvent": "review_dismissed",
    "CrossReferencedEvent": "cross-referenced",
}


def name_of(kind: str) -> str:
    """`LabeledEvent` as `labeled`."""
    from tests.github.fields import snake

    return _NAMES.get(kind) or snake(kind.removesuffix("Event")).lower()


def event(item: Item, api: str) -> Item:
    """An entry of /events."""
    here = f"{api}/repos/{item['_subject']['repository']['nameWithOwner']}"
    shown: Item = {
        "id": item["_id"],
        "node_id": item["id"],
        "url": f"{here}/issues/events/{item['_id']}",
        "actor": shapes.account(item["actor"], api),
        "event": name_of(item["__typename"]),
        "commit_id": None,
        "commit_url": None,
        "created_at": item["createdAt"],
        "performed_via_github_app": None,
    }
    return {**shown, **_details(item, api)}


def _details(item: Item, api: str) -> dict[str, Any]:
    kind = item["__typename"]
    if kind in {"LabeledEvent", "UnlabeledEvent"}:
        return {"label": {"name": item["label"]["name"], "color": item["label"]["color"]}}
    if kind in {"AssignedEvent", "UnassignedEvent"}:
        return {"assignee": shapes.account(item["assignee"], api), "assigner": shapes.account(item["actor"], api)}
    if kind in {"MilestonedEvent", "DemilestonedEvent"}:
        return {"milestone": {"title": item["milestoneTitle"]}}
    if kind in {"ReviewRequestedEvent", "ReviewRequestRemovedEvent"}:
        wanted = item["requestedReviewer"]
        who = {"review_requester": shapes.account(item["actor"], api)}
        if wanted is not None and wanted["__typename"] == "Team":
            return {**who, "requested_team": shapes.team(wanted, api)}
        return {**who, "requested_reviewer": shapes.account(wanted, api)}
    if kind == "RenamedTitleEvent":
        return {"rename": {"from": item["previousTitle"], "to": item["currentTitle"]}}
    if kind == "ReviewDismissedEvent":
        return {"dismissed_review": {"state": item["previousReviewState"].lower(), "review_id": item["review"]["_id"]}}
    if kind == "MergedEvent":
        return {"commit_id": item["commit"]["oid"]}
    if kind == "HeadRefForcePushedEvent":
        return {"commit_id": item["afterCommit"]["oid"]}
    if kind == "ClosedEvent":
        return {"state_reason": shapes.plain(item["stateReason"])}
    return {}


def timeline_entry(item: Item, api: str) -> Item:
    """An entry of /timeline, where comments, reviews and commits stand among the events."""
    kind = item["__typename"]
    if kind == "IssueComment":
        who = shapes.account(item["author"], api)
        return {**shapes.comment(item, api), "event": "commented", "actor": who}
    if kind == "PullRequestReview":
        shown = shapes.review(item, api)
        return {**shown, "state": item["state"].lower(), "event": "reviewed"}
    if kind == "PullRequestCommit":
        shown = shapes.commit(item["commit"], api)
        return {
            "event": "committed",
            "sha": shown["sha"],
            "node_id": shown["node_id"],
            **shown["commit"],
            "url": shown["url"],
        }
    return event(item, api)
