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
    """What tells it from the others of its organisation."""
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
    names = {repo_id: one.name for repo_id, one in registered.items()}
    names |= {repo_id: row["name"] for repo_id, row in records.items()}
    labels = names
    if len(set(names.values())) < len(names):
        labels = repositories.told_apart(
            names, {repo_id: known[1:] for repo_id, known in repositories.names(engine, org_id).items()}
        )
    called = sorted(
        (label, repo_id) for repo_id, label in labels.items() if wanted in (None, label, names[repo_id], repo_id)
    )
    read = read_targets(client, org_id, [repo_id for _, repo_id in called]) if called else {}
    found = {}
    for name, repo_id in called:
        if repo_id in records or repo_id in read:
            targets = read.get(repo_id, {})
            offered = providers.targets(registered[repo_id].provider) if repo_id in registered else ()
            has_delivery = not PARTS.keys().isdisjoint({*offered, *targets})
            found[repo_id] = Stored(name, records.get(repo_id, {}), targets, has_delivery)
    return found
