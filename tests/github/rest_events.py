"""Events as REST shows them, in lists of events and in timelines."""

from collections.abc import Callable

from tests.github import shapes
from tests.github import shapes_conversation as said
from tests.github.fields import snake
from tests.github.world import Item

_NAMES = {
    "ConvertToDraftEvent": "convert_to_draft",
    "AutoMergeEnabledEvent": "auto_merge_enabled",
    "AutoMergeDisabledEvent": "auto_merge_disabled",
    "HeadRefForcePushedEvent": "head_ref_force_pushed",
    "RenamedTitleEvent": "renamed",
    "ReviewDismissedEvent": "review_dismissed",
    "CrossReferencedEvent": "cross-referenced",
    "AddedToProjectV2Event": "added_to_project_v2",
    "RemovedFromProjectV2Event": "removed_from_project_v2",
    "ProjectV2ItemStatusChangedEvent": "project_v2_item_status_changed",
}


def name_of(kind: str) -> str:
    """`LabeledEvent` as `labeled`."""
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
    return {**shown, **_DETAILS.get(item["__typename"], _nothing)(item, api)}


def _nothing(_item: Item, _api: str) -> Item:
    return {}


def _label(item: Item, _api: str) -> Item:
    return {"label": {"name": item["label"]["name"], "color": item["label"]["color"]}}


def _assignee(item: Item, api: str) -> Item:
    return {"assignee": shapes.account(item["assignee"], api), "assigner": shapes.account(item["actor"], api)}


def _milestone(item: Item, _api: str) -> Item:
    return {"milestone": {"title": item["milestoneTitle"]}}


def _reviewer(item: Item, api: str) -> Item:
    wanted = item["requestedReviewer"]
    who = {"review_requester": shapes.account(item["actor"], api)}
    if wanted is not None and wanted["__typename"] == "Team":
        return {**who, "requested_team": shapes.team(wanted, api)}
    return {**who, "requested_reviewer": shapes.account(wanted, api)}


def _dismissal(item: Item, _api: str) -> Item:
    return {"dismissed_review": {"state": item["previousReviewState"].lower(), "review_id": item["review"]["_id"]}}


def _source(item: Item, api: str) -> Item:
    return {"source": {"type": "issue", "issue": said.issue(item["source"], api)}}


_DETAILS: dict[str, Callable[[Item, str], Item]] = {
    "LabeledEvent": _label,
    "UnlabeledEvent": _label,
    "AssignedEvent": _assignee,
    "UnassignedEvent": _assignee,
    "MilestonedEvent": _milestone,
    "DemilestonedEvent": _milestone,
    "ReviewRequestedEvent": _reviewer,
    "ReviewRequestRemovedEvent": _reviewer,
    "RenamedTitleEvent": lambda item, _api: {"rename": {"from": item["previousTitle"], "to": item["currentTitle"]}},
    "ReviewDismissedEvent": _dismissal,
    "CrossReferencedEvent": _source,
    "MergedEvent": lambda item, _api: {"commit_id": item["commit"]["oid"]},
    "HeadRefForcePushedEvent": lambda item, _api: {"commit_id": item["afterCommit"]["oid"]},
    "ClosedEvent": lambda item, _api: {"state_reason": shapes.plain(item["stateReason"])},
}


def timeline_entry(item: Item, api: str) -> Item:
    """An entry of /timeline, where comments, reviews and commits stand among the events."""
    kind = item["__typename"]
    if kind == "IssueComment":
        who = shapes.account(item["author"], api)
        return {**said.comment(item, api), "event": "commented", "actor": who}
    if kind == "PullRequestReview":
        shown = said.review(item, api)
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
