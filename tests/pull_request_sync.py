"""Syncs of target `prs` of GitHub, and what a store should hold after them, worked out from the played world itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devhealth.connectors.github import prs as connector
from devhealth.models.credential import Credential
from devhealth.models.github_pages import CURSOR
from devhealth.models.unit import Unit
from devhealth.processors.github import prs as processor
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from tests.git_sync import Tables
from tests.github.clock import moment
from tests.github.world import Item

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
CHILDREN = {
    "pull_request_reviews": "review_id",
    "pull_request_comments": "comment_id",
    "pull_request_commits": "sha",
    "pull_request_events": "event_id",
}
_EVENTS = {
    "ReadyForReviewEvent": "ready_for_review",
    "ConvertToDraftEvent": "converted_to_draft",
    "ReviewRequestedEvent": "review_requested",
    "ReviewRequestRemovedEvent": "review_request_removed",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "MergedEvent": "merged",
    "AutoMergeEnabledEvent": "auto_merge_enabled",
    "AutoMergeDisabledEvent": "auto_merge_disabled",
    "HeadRefForcePushedEvent": "head_ref_force_pushed",
}


def settings_for(server: Any, home: Path, **changes: Any) -> Settings:
    """Settings that ask this server, and wait for nothing longer than a minute."""
    credential = Credential("env:TOKEN", {"token": TOKEN, "url": server.api_url}, "acme")
    return replace(Settings(home=home), credential=credential, **changes)


def unit_for(folder: Path, **changes: Any) -> Unit:
    """A unit of acme/shop; anything can be changed."""
    fields: dict[str, Any] = {
        "unit_id": "unit",
        "run_id": "run",
        "org_id": "acme",
        "provider": "github",
        "target": "prs",
        "repo_id": "shop",
        "source": "acme/shop",
        "name": "acme/shop",
        "mode": "full",
        "window": None,
        "planned_until": datetime.now(UTC),
        "staging": str(folder),
    }
    return Unit(**(fields | changes))


def sync(tables: Tables, settings: Settings, folder: Path, cursor: bytes | None = None, **changes: Any) -> bytes | None:
    """Fetch and store once, going on with what is staged in the folder; the cursor the run leaves behind."""
    if cursor:
        UnitStaging(str(folder)).write("cursor", cursor)
    unit = unit_for(folder, **({"mode": "incremental" if cursor else "full"} | changes))
    pages = list(connector.fetch(unit, settings))
    for batch in processor.to_records(_in_order(pages), unit):
        for record in batch:
            tables.store(record)
    return pages[-1].read() if pages[-1].name == CURSOR else None


def _in_order(pages: list[Page]) -> Iterator[Page]:
    names = [page.name for page in pages]
    assert names == sorted(set(names)), "a processor reads pages in the order of their names"
    yield from pages


def stored(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """What is there by what is stored: nothing deleted, nothing older than the pull request it belongs to."""
    pulls = {row["number"]: row for row in _live(tables, "pull_requests")}
    found = {"pull_requests": list(pulls.values())}
    for name in CHILDREN:
        rows = [row for row in _live(tables, name) if row["number"] in pulls]
        found[name] = [row for row in rows if row["fetched_at"] >= pulls[row["number"]]["fetched_at"]]
    return {name: [_without_time(row) for row in rows] for name, rows in found.items()}


def _live(tables: Tables, name: str) -> list[dict[str, Any]]:
    import msgspec

    rows = (msgspec.structs.asdict(row) for _, row in sorted(tables.rows.get(name, {}).items()))
    return [row for row in rows if not row["is_deleted"]]


def _without_time(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"fetched_at", "is_deleted", "org_id", "repo_id"}}


def true(repository: Item, host: str, *, is_rest: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The same as `stored`, from the world. Only REST says which bot made a commit."""
    pulls = [pull for _, pull in sorted(repository["_pulls"].items())]
    found: dict[str, list[dict[str, Any]]] = {
        "pull_requests": [_pull(pull, host) for pull in pulls],
        "pull_request_reviews": [_review(pull, one) for pull in pulls for one in pull["_reviews"]],
        "pull_request_comments": [
            *(_comment(pull, one, "conversation") for pull in pulls for one in pull["_comments"]),
            *(_comment(pull, one, "line") for pull in pulls for one in _line_comments(pull)),
        ],
        "pull_request_commits": [
            _commit(pull, one["commit"], "_account" if is_rest else "user")
            for pull in pulls
            for one in pull["_commits"]
        ],
        "pull_request_events": [
            _event(pull, one) for pull in pulls for one in pull["_timeline"] if one["__typename"] in _EVENTS
        ],
    }
    for name, key in CHILDREN.items():
        found[name].sort(key=lambda row: (row["number"], row[key]))
    return found


def _line_comments(pull: Item) -> list[Item]:
    return [comment for thread in pull["_threads"] for comment in thread["_comments"]]


def login(account: Item | None) -> str | None:
    """As it is stored."""
    if account is None or account.get("_deleted"):
        return None
    return f"{account['login']}[bot]".lower() if account["__typename"] == "Bot" else account["login"].lower()


def _at(text: str | None) -> datetime | None:
    return moment(text) if text else None


def _reviewer(item: Item | None) -> str | None:
    return item["combinedSlug"].lower() if item and item["__typename"] == "Team" else login(item)


def _pull(pull: Item, host: str) -> dict[str, Any]:
    return {
        "number": pull["number"],
        "provider": "github",
        "provider_host": host,
        "provider_id": str(pull["_id"]),
        "title": pull["title"],
        "state": pull["state"].lower(),
        "is_draft": pull["isDraft"],
        "author": login(pull["author"]),
        "created_at": _at(pull["createdAt"]),
        "updated_at": _at(pull["updatedAt"]),
        "merged_at": _at(pull["mergedAt"]),
        "closed_at": _at(pull["closedAt"]),
        "merged_by": login(pull["mergedBy"]),
        "base_branch": pull["baseRefName"],
        "base_sha": pull["baseRefOid"],
        "head_branch": pull["headRefName"],
        "head_sha": pull["headRefOid"],
        "head_repository": _name(pull["headRepository"]),
        "merge_commit_sha": pull["mergeCommit"]["oid"] if pull["mergeCommit"] else None,
        "additions": pull["additions"],
        "deletions": pull["deletions"],
        "changed_files": pull["changedFiles"],
        "labels": sorted(label["name"] for label in pull["_labels"]),
        "milestone": pull["milestone"]["title"] if pull["milestone"] else None,
        "requested_reviewers": sorted(filter(None, (_reviewer(r["requestedReviewer"]) for r in pull["_requests"]))),
        "linked_issues": sorted(f"{_name(issue['repository'])}#{issue['number']}" for issue in pull["_closes"]),
        "auto_merge_enabled_at": _at((pull["autoMergeRequest"] or {}).get("enabledAt")),
        "reviews_count": sum(review["state"] != "PENDING" for review in pull["_reviews"]),
        "comments_count": len(pull["_comments"]) + len(_line_comments(pull)),
        "commits_count": len(pull["_commits"]),
    }


def _name(repository: Item | None) -> str | None:
    return f"{repository['owner']['login']}/{repository['name']}" if repository else None


def _review(pull: Item, review: Item) -> dict[str, Any]:
    return {
        "number": pull["number"],
        "review_id": str(review["_id"]),
        "author": login(review["author"]),
        "state": review["state"].lower(),
        "submitted_at": _at(review["submittedAt"]),
        "commit_sha": review["_sha"],
        "body_length": len(review["body"]),
    }


def _comment(pull: Item, comment: Item, kind: str) -> dict[str, Any]:
    review, before = comment.get("pullRequestReview"), comment.get("replyTo")
    return {
        "number": pull["number"],
        "comment_id": str(comment["_id"]),
        "kind": kind,
        "author": login(comment["author"]),
        "created_at": _at(comment["createdAt"]),
        "updated_at": _at(comment["updatedAt"]),
        "review_id": str(review["_id"]) if review else None,
        "reply_to": str(before["_id"]) if before else None,
        "path": comment.get("path"),
        "body_length": len(comment["body"]),
        "body": None,
    }


def _commit(pull: Item, commit: Item, author: str) -> dict[str, Any]:
    return {
        "number": pull["number"],
        "sha": commit["oid"],
        "authored_at": _at(commit["authoredDate"]),
        "committed_at": _at(commit["committedDate"]),
        "author": login(commit["author"].get(author)),
        "author_email": commit["author"]["email"],
    }


def _event(pull: Item, event: Item) -> dict[str, Any]:
    return {
        "number": pull["number"],
        "event_id": event["id"],
        "kind": _EVENTS[event["__typename"]],
        "actor": login(event["actor"]),
        "subject": _reviewer(event.get("requestedReviewer")),
        "at": _at(event["createdAt"]),
    }
