"""Which repositories there is anything to show of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.engine import Engine

from devhealth.pipelines import providers
from devhealth.pipelines.overview.delivery import PARTS, read_targets
from devhealth.pipelines.overview.queries import rows_of
from devhealth.semantic import repositories


@dataclass(frozen=True, slots=True)
class Stored:
    """A repository of which anything is stored."""

    name: str
    git: Mapping[str, Any]
    """Its row among the records; empty where target `git` was never read."""
    read: Mapping[str, date | None]
    """As `read_targets` says."""
    has_delivery: bool
    """Whether its provider offers a part of a Delivery, or one was read."""


def stored_repositories(client: Any, engine: Engine, org_id: str, wanted: str | None) -> dict[str, Stored]:
    """The repositories of an organisation by id, in the order of their names; `wanted` is a name or id, None for all.

    One that only a provider's API was read of has the name it is registered with.
    """
    registered = repositories.registered(engine, org_id)
    records = {row["repo_id"]: row for row in rows_of(client, "repositories", {"org_id": org_id})}
    read = read_targets(client, org_id)
    found = {}
    for repo_id in records.keys() | read.keys():
        git, entry = records.get(repo_id, {}), registered.get(repo_id)
        name = git.get("name") or (entry.name if entry else repo_id)
        offered = providers.targets(entry.provider) if entry else ()
        targets = read.get(repo_id, {})
        if wanted in (None, name, repo_id):
            found[repo_id] = Stored(name, git, targets, not PARTS.keys().isdisjoint({*offered, *targets}))
    return dict(sorted(found.items(), key=lambda item: (item[1].name, item[0])))
