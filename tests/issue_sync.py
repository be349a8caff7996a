"""Syncs of targets `work-items` and `incidents` of GitHub, and what a store should hold after them, by the world."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from devhealth.models.github_pages import CURSOR
from devhealth.pipelines import providers
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from tests.git_sync import Tables
from tests.github.clock import moment
from tests.github.world import Item
from tests.pull_request_sync import login, unit_for

_KINDS = {"Outage": "incident", "Bug": "bug", "Feature": "story", "Epic": "epic", "Task": "task"}
_LABELS = {"incident": "incident", "bug": "bug", "chore": "chore", "feature": "story"}
_CATEGORIES = {"Todo": "todo", "In Progress": "in_progress", "In Review": "in_review", "Done": "done"}


def sync(
    tables: Tables,
    settings: Settings,
    folder: Path,
    cursor: bytes | None = None,
    *,
    target: str = "work-items",
    **changes: Any,
) -> bytes | None:
    """Fetch and store once, going on with what is staged in the folder; the cursor the run leaves behind."""
    if cursor:
        UnitStaging(str(folder)).write("cursor", cursor)
    unit = unit_for(folder, **({"mode": "incremental" if cursor else "full", "target": target} | changes))
    pages = list(providers.connector("github", target).fetch(unit, settings))
    for batch in providers.processor("github", target).to_records(_in_order(pages), unit):
        for record in batch:
            tables.store(record)
    return pages[-1].read() if pages[-1].name == CURSOR else None


def _in_order(pages: list[Page]) -> Iterator[Page]:
    names = [page.name for page in pages]
    assert names == sorted(set(names)), "a processor reads pages in the order of their names"
    yield from pages


def stored(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Items that are there, and the transitions of theirs that a timeline holds or that projects show now."""
    items = _live(tables, "work_items")
    there = {row["item_id"] for row in items}
    moves = [row for row in _live(tables, "work_item_transitions") if row["item_id"] in there]
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(moves, key=lambda row: row["at"]):
        if row["field"] in {"status", "iteration"}:
            newest[row["transition_id"].partition("@")[0]] = row
    kept = [row for row in moves if row["field"] not in {"status", "iteration"}] + list(newest.values())
    return {"work_items": items, "work_item_transitions": sorted(kept, key=_order)}


def _order(row: dict[str, Any]) -> tuple[str, str]:
    return row["item_id"], row["transition_id"]


def _live(tables: Tables, name: str) -> list[dict[str, Any]]:
    rows = (msgspec.structs.asdict(row) for _, row in sorted(tables.rows.get(name, {}).items()))
    dropped = {"fetched_at", "is_deleted", "org_id", "repo_id"}
    return [{k: v for k, v in row.items() if k not in dropped} for row in rows if not row["is_deleted"]]


def true(repository: Item, host: str, *, is_rest: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The same as `stored`, from the world."""
    issues = sorted(repository["_issues"].values(), key=lambda issue: str(issue["_id"]))
    moves = [row for issue in issues for row in _transitions(issue, is_rest=is_rest)]
    return {
        "work_items": [_item(issue, host, is_rest=is_rest) for issue in issues],
        "work_item_transitions": sorted(moves, key=_order),
    }


def _values(issue: Item) -> dict[str, Item]:
    """The value of each field that was set last."""
    values = [value for item in issue["_items"] for value in item["_values"].values()]
    ordered = sorted(values, key=lambda value: (value["updatedAt"], value["id"]))
    return {value["field"]["name"]: value for value in ordered}


def _item(issue: Item, host: str, *, is_rest: bool) -> dict[str, Any]:
    values = {} if is_rest else _values(issue)
    labels = sorted(label["name"] for label in issue["_labels"])
    status = values["Status"]["name"] if "Status" in values else None
    category = _CATEGORIES[status] if status else "todo"
    if issue["closedAt"]:
        category = "canceled" if issue["stateReason"] in {"NOT_PLANNED", "DUPLICATE"} else "done"
    named = [_LABELS[label] for label in ("incident", "bug", "feature", "chore") if label in labels]
    parent = issue["parent"]
    return {
        "item_id": str(issue["_id"]),
        "key": f"{issue['repository']['nameWithOwner']}#{issue['number']}",
        "provider": "github",
        "provider_host": host,
        "title": issue["title"],
        "kind": _KINDS.get(issue["_type"]) or (named or ["issue"])[0],
        "status": status or issue["state"].lower(),
        "status_category": category,
        "author": login(issue["author"]),
        "assignees": sorted(filter(None, map(login, issue["_assignees"]))),
        "labels": labels,
        "milestone": issue["milestone"]["title"] if issue["milestone"] else None,
        "iteration": values["Iteration"]["title"] if "Iteration" in values else None,
        "parent_key": f"{parent['repository']['nameWithOwner']}#{parent['number']}" if parent else None,
        "story_points": values["Estimate"]["number"] if "Estimate" in values else None,
        "created_at": moment(issue["createdAt"]),
        "updated_at": moment(issue["updatedAt"]),
        "closed_at": moment(issue["closedAt"]) if issue["closedAt"] else None,
        "comments_count": len(issue["_comments"]),
    }


def _transitions(issue: Item, *, is_rest: bool) -> Iterator[dict[str, Any]]:
    for event in issue["_timeline"]:
        if change := _change(event):
            yield _transition(issue, event["id"], change, login(event["actor"]), event["createdAt"])
        elif is_rest and event["__typename"] == "ProjectV2ItemStatusChangedEvent":
            yield _transition(issue, event["id"], ("status", None, None), login(event["actor"]), event["createdAt"])
    for item in () if is_rest else issue["_items"]:
        for name in {"Status", "Iteration"} & item["_values"].keys():
            value = item["_values"][name]
            change = (name.lower(), None, value.get("name") or value.get("title"))
            yield _transition(issue, f"{value['id']}@{value['updatedAt']}", change, None, value["updatedAt"])


def _transition(issue: Item, name: str, change: tuple[Any, Any, Any], actor: str | None, at: str) -> dict[str, Any]:
    return {
        "item_id": str(issue["_id"]),
        "transition_id": name,
        "field": change[0],
        "from_value": change[1],
        "to_value": change[2],
        "actor": actor,
        "at": moment(at),
    }


def _change(event: Item) -> tuple[str, str | None, str | None] | None:
    kind = event["__typename"]
    if kind in {"LabeledEvent", "UnlabeledEvent"}:
        change: tuple[str, str | None, str | None] = ("label", None, event["label"]["name"])
    elif kind in {"AssignedEvent", "UnassignedEvent"}:
        change = ("assignee", None, login(event["assignee"]))
    elif kind in {"MilestonedEvent", "DemilestonedEvent"}:
        change = ("milestone", None, event["milestoneTitle"])
    elif kind == "ClosedEvent":
        reason = (event["stateReason"] or "").lower()
        return "state", "open", reason if reason in {"not_planned", "duplicate"} else "closed"
    elif kind == "ReopenedEvent":
        return "state", "closed", "open"
    else:
        return None
    return (change[0], change[2], None) if kind.startswith(("Un", "De")) else change
