"""Syncs of target `deployments` of GitHub, and what a store should hold after them, by the played world."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from devhealth.connectors.github import deployments as connector
from devhealth.models.github_pages import CURSOR
from devhealth.models.unit import Unit
from devhealth.processors.github import deployments as processor
from devhealth.settings import Settings
from devhealth.staging import UnitStaging
from tests import pull_request_sync
from tests.git_sync import Tables
from tests.github.clock import moment
from tests.github.world import Item
from tests.pull_request_sync import login

TABLES = {
    "deployments": ["deployment_id"],
    "deployment_statuses": ["deployment_id", "status_id"],
    "tags": ["name"],
    "releases": ["release_id"],
}
_ENDS = {"SUCCESS": "success", "FAILURE": "failed", "ERROR": "failed"}
_OTHERS = {"IN_PROGRESS": "running", "INACTIVE": "canceled", "QUEUED": "pending", "PENDING": "pending"}


def unit_for(folder: Path, **changes: Any) -> Unit:
    """A unit of acme/shop; anything can be changed."""
    return pull_request_sync.unit_for(folder, **({"target": "deployments"} | changes))


def sync(tables: Tables, settings: Settings, folder: Path, cursor: bytes | None = None, **changes: Any) -> bytes | None:
    """Fetch and store once, going on with what is staged in the folder; the cursor the run leaves behind."""
    if cursor:
        UnitStaging(str(folder)).write("cursor", cursor)
    unit = unit_for(folder, **({"mode": "incremental" if cursor else "full"} | changes))
    pages = list(connector.fetch(unit, settings))
    names = [page.name for page in pages]
    assert names == sorted(set(names)), "a processor reads pages in the order of their names"
    for batch in processor.to_records(pages, unit):
        for record in batch:
            tables.store(record)
    return pages[-1].read() if names[-1] == CURSOR else None


def stored(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """What is there by what is stored: nothing deleted."""
    left_out = {"fetched_at", "is_deleted", "org_id", "repo_id"}
    found = {}
    for name in TABLES:
        rows = (msgspec.structs.asdict(row) for _, row in sorted(tables.rows.get(name, {}).items()))
        found[name] = [
            {column: value for column, value in row.items() if column not in left_out}
            for row in rows
            if not row["is_deleted"]
        ]
    return found


def true(repository: Item, *, is_rest: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The same as `stored`, from the world. Only REST names bots that have published a release."""
    deployments = repository["_deployments"]
    found = {
        "deployments": [_deployment(one, repository, is_rest=is_rest) for one in deployments],
        "deployment_statuses": [_status(one, status) for one in deployments for status in one["_statuses"]],
        "tags": [_tag(name, target) for name, target in repository["_tags"].items()],
        "releases": [_release(one, is_rest=is_rest) for one in repository["_releases"]],
    }
    for name, keys in TABLES.items():
        found[name].sort(key=lambda row: [row[key] for key in keys])
    return found


def _at(text: str | None) -> datetime | None:
    return moment(text) if text else None


def _deployment(item: Item, repository: Item, *, is_rest: bool) -> dict[str, Any]:
    history = [status["state"] for status in item["_statuses"]]
    ends = [state for state in history if state in _ENDS]
    finished = None
    for status in reversed([status for status in item["_statuses"] if status["state"] in _ENDS]):
        if _ENDS[status["state"]] != _ENDS[ends[-1]]:
            break
        finished = status["createdAt"]
    names = {"production": "production", "staging": "staging", "review/7": "preview"}
    has_ref = is_rest or item["_ref"] in {*repository["_branches"], *repository["_tags"]}
    return {
        "deployment_id": str(item["_id"]),
        "environment": names[item["environment"]],
        "environment_name": item["environment"],
        "ref": item["_ref"] if has_ref else None,
        "sha": item["commitOid"],
        "task": item["task"],
        "creator": login(item["creator"]),
        "state": _ENDS[ends[-1]] if ends else _OTHERS[history[-1]] if history else "pending",
        "created_at": _at(item["createdAt"]),
        "updated_at": _at(item["updatedAt"]),
        "finished_at": _at(finished),
    }


def _status(deployment: Item, item: Item) -> dict[str, Any]:
    return {
        "deployment_id": str(deployment["_id"]),
        "status_id": str(item["_id"]),
        "state": item["state"].lower(),
        "creator": login(item["creator"]),
        "created_at": _at(item["createdAt"]),
    }


def _tag(name: str, target: Item) -> dict[str, Any]:
    is_annotated = target["__typename"] == "Tag"
    commit = target["target"] if is_annotated else target
    tagged_at = target["tagger"]["date"] if is_annotated else commit["committedDate"]
    return {"name": name, "sha": commit["oid"], "tagged_at": _at(tagged_at)}


def _release(item: Item, *, is_rest: bool) -> dict[str, Any]:
    target = item["repository"]["_tags"].get(item["tagName"])
    commit = target and (target["target"] if target["__typename"] == "Tag" else target)
    is_bot = bool(item["author"]) and item["author"]["__typename"] == "Bot"
    return {
        "release_id": str(item["_id"]),
        "tag": item["tagName"],
        "sha": commit["oid"] if commit else None,
        "name": item["name"],
        "author": login(item["author"]) if is_rest or not is_bot else None,
        "is_draft": item["isDraft"],
        "is_prerelease": item["isPrerelease"],
        "created_at": _at(item["createdAt"]),
        "published_at": _at(item["publishedAt"]),
    }
