"""Syncs of target `cicd` of GitHub, and what a store should hold after them, worked out from the played world."""

from pathlib import Path
from typing import Any

import msgspec

from devhealth.connectors.github import cicd as connector
from devhealth.models.github_pages import CURSOR
from devhealth.processors.github import cicd as processor
from devhealth.settings import Settings
from devhealth.staging import UnitStaging
from tests.git_sync import Tables
from tests.github.clock import moment
from tests.github.world import Item
from tests.pull_request_sync import login, unit_for

KEYS = {"pipeline_runs": ("run_id", "attempt"), "pipeline_jobs": ("run_id", "attempt", "job_id")}
_OF_A_STORE = {"fetched_at", "is_deleted", "org_id", "repo_id"}
_STATUSES = {"requested": "queued", "pending": "waiting"}
_CONCLUSIONS = {"cancelled": "canceled"}


def sync(tables: Tables, settings: Settings, folder: Path, cursor: bytes | None = None, **changes: Any) -> bytes | None:
    """Fetch and store once, going on with what is staged in the folder; the cursor the run leaves behind."""
    if cursor:
        UnitStaging(str(folder)).write("cursor", cursor)
    unit = unit_for(folder, **({"target": "cicd", "mode": "incremental" if cursor else "full"} | changes))
    pages = list(connector.fetch(unit, settings))
    names = [page.name for page in pages]
    assert names == sorted(set(names)), "a processor reads pages in the order of their names"
    for batch in processor.to_records(pages, unit):
        for record in batch:
            tables.store(record)
    return pages[-1].read() if pages[-1].name == CURSOR else None


def stored(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """What is there and not deleted."""
    found = {}
    for name in KEYS:
        rows = (msgspec.structs.asdict(row) for _, row in sorted(tables.rows.get(name, {}).items()))
        found[name] = [_facts(row) for row in rows if not row["is_deleted"]]
    return found


def true(repository: Item) -> dict[str, list[dict[str, Any]]]:
    """The same as `stored`, from the world."""
    runs = repository["_runs"].values()
    found = {
        "pipeline_runs": [_run(run, attempt) for run in runs for attempt in run["_attempts"]],
        "pipeline_jobs": [
            _job(run, attempt, job) for run in runs for attempt in run["_attempts"] for job in attempt["jobs"]
        ],
    }
    return {name: sorted(rows, key=lambda row: [row[key] for key in KEYS[name]]) for name, rows in found.items()}


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _OF_A_STORE}


def _at(text: str | None) -> Any:
    return moment(text) if text else None


def _spelled(word: str | None, words: dict[str, str]) -> str | None:
    return words.get(word.lower(), word.lower()) if word else None


def _run(run: Item, attempt: Item) -> dict[str, Any]:
    ran = [job for job in attempt["jobs"] if job["startedAt"] and job["conclusion"] != "SKIPPED"]
    ends = [job["completedAt"] for job in ran if job["completedAt"]] or [attempt["updated"]]
    return {
        "run_id": str(run["_id"]),
        "attempt": attempt["number"],
        "number": run["runNumber"],
        "pipeline_id": str(run["workflow"]["_id"]),
        "pipeline_name": run["workflow"]["name"],
        "event": run["event"],
        "branch": run["_branch"],
        "sha": run["_sha"],
        "actor": login(run["_actor"]),
        "status": _spelled(attempt["status"], _STATUSES),
        "conclusion": _spelled(attempt["conclusion"], _CONCLUSIONS),
        "created_at": _at(run["createdAt"]),
        "queued_at": _at(attempt["started"]),
        "started_at": _at(min((job["startedAt"] for job in ran), default=None)),
        "finished_at": _at(max(ends)) if attempt["status"] == "COMPLETED" else None,
        "updated_at": _at(attempt["updated"]),
    }


def _job(run: Item, attempt: Item, job: Item) -> dict[str, Any]:
    return {
        "run_id": str(run["_id"]),
        "attempt": attempt["number"],
        "job_id": str(job["_id"]),
        "name": job["name"],
        "status": _spelled(job["status"], _STATUSES),
        "conclusion": _spelled(job["conclusion"], _CONCLUSIONS),
        "queued_at": _at(job["_created"]),
        "started_at": _at(job["startedAt"]) if job["conclusion"] != "SKIPPED" else None,
        "finished_at": _at(job["completedAt"]),
    }
