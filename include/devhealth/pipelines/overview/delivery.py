"""Pull requests, pipelines, deployments and incidents of each repository around its last activity."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from devhealth.pipelines.overview.model import Delivery
from devhealth.pipelines.overview.queries import Rows, by_repository, rows_of

PARTS = {"prs": "pull_requests", "cicd": "pipelines", "deployments": "deployments", "incidents": "incidents"}
"""By target, the field of a Delivery; its query has the same name."""

_DAYS = 30

Read = dict[str, dict[str, date | None]]
"""By repository, the targets that were read and the last day on which there was anything of them."""


def read_targets(client: Any, org_id: str, repo_ids: list[str]) -> Read:
    """What was read of each of these repositories, if anything was; of `git` only the days are told."""
    found: Read = {}
    for query in ("targets", "activity"):
        for row in rows_of(client, query, {"org_id": org_id, "repo_ids": repo_ids}):
            found.setdefault(row["repo_id"], {})[row["target"]] = row.get("last_day")
    return found


def deliveries(client: Any, org_id: str, read: Mapping[str, Mapping[str, date | None]]) -> dict[str, Delivery]:
    """The Delivery of each of these repositories.

    Nothing daily is averaged: percentiles, and the counts beside them, come from the records, through the views that
    the daily tables are computed from. Deployments are only counted: sums of the daily rows.
    """
    last_days = {
        repo_id: max(days) for repo_id, targets in read.items() if (days := [day for day in targets.values() if day])
    }
    first_days = {repo_id: last - timedelta(days=_DAYS - 1) for repo_id, last in last_days.items()}
    happened: dict[str, Rows] = {}
    if last_days:
        parameters = {
            "org_id": org_id,
            "scope_repo_ids": list(last_days),
            "scope_first_days": list(first_days.values()),
            "scope_last_days": list(last_days.values()),
            "since": f"{min(first_days.values())} 00:00:00",
            "before": f"{max(last_days.values()) + timedelta(days=1)} 00:00:00",
        }
        happened = {field: by_repository(client, field, parameters) for field in PARTS.values()}
    found = {}
    for repo_id, targets in read.items():
        parts: dict[str, Any] = {
            field: {"last_day": targets[target], **happened.get(field, {}).get(repo_id, [{}])[0]}
            for target, field in PARTS.items()
            if target in targets
        }
        parts |= {"first_day": first_days.get(repo_id), "last_day": last_days.get(repo_id)}
        found[repo_id] = msgspec.convert(parts, Delivery)
    return found
