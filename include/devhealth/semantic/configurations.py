"""Sync configurations: which sources and targets of a provider an organisation syncs."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.engine import Engine, Row

from devhealth.errors import UnknownName
from devhealth.relational import insert_into, reading, writing
from devhealth.semantic.tables import sync_configurations

Option = str | int | bool | list[str]

_NAMESPACE = uuid.UUID("1d7e5c36-0b3f-5a52-b7d5-9e4f8c2a6d31")
_KEY = ("org_id", "configuration_id")


@dataclass(frozen=True, slots=True)
class SyncConfiguration:
    """Sources of one provider that are synced together; its name is unique in its organisation and provider."""

    org_id: str
    configuration_id: str
    name: str
    provider: str
    sources: list[str]
    targets: list[str]
    options: dict[str, Option]
    is_paused: bool


def save(
    engine: Engine,
    *,
    org_id: str,
    name: str,
    provider: str,
    sources: Sequence[str],
    targets: Sequence[str],
    options: Mapping[str, Option],
    is_paused: bool | None = None,
) -> SyncConfiguration:
    """Make the configuration of that name, or replace it; None leaves `is_paused` as it is (at first: not paused)."""
    now = datetime.now(UTC)
    row = {
        "org_id": org_id,
        "configuration_id": str(uuid.uuid5(_NAMESPACE, f"{org_id}\n{provider}\n{name}")),
        "name": name,
        "provider": provider,
        "sources": list(sources),
        "targets": list(targets),
        "options": dict(options),
        "is_paused": bool(is_paused),
        "created_at": now,
        "updated_at": now,
    }
    kept = {*_KEY, "created_at"} | ({"is_paused"} if is_paused is None else set())
    with writing(engine) as connection:
        statement = insert_into(connection, sync_configurations).values(row)
        changed = {column: statement.excluded[column] for column in row if column not in kept}
        connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=changed))
        table = sync_configurations.c
        saved = select(sync_configurations).where(
            table.org_id == org_id, table.configuration_id == row["configuration_id"]
        )
        return _configuration(connection.execute(saved).one())


def list_configurations(
    engine: Engine, org_id: str | None, provider: str, names: Sequence[str] = ()
) -> list[SyncConfiguration]:
    """The configurations of one organisation, or of all, by organisation and name; paused ones too.

    Raises UnknownName when one of the names stands for none of them.
    """
    table = sync_configurations.c
    query = select(sync_configurations).where(table.provider == provider).order_by(table.org_id, table.name)
    if org_id is not None:
        query = query.where(table.org_id == org_id)
    with reading(engine) as connection:
        found = [_configuration(row) for row in connection.execute(query)]
    known = dict.fromkeys(configuration.name for configuration in found)
    missing = [name for name in names if name not in known]
    if missing:
        there = f"There are: {', '.join(known)}" if known else "There is none yet"
        raise UnknownName(
            f"{provider} has no configuration {', '.join(map(repr, missing))}. {there}. "
            "`devhealth sync git --repo-path PATH` makes one."
        )
    return [configuration for configuration in found if not names or configuration.name in names]


def _configuration(row: "Row[tuple[object, ...]]") -> SyncConfiguration:
    return SyncConfiguration(
        org_id=row.org_id,
        configuration_id=row.configuration_id,
        name=row.name,
        provider=row.provider,
        sources=list(row.sources),
        targets=list(row.targets),
        options=dict(row.options),
        is_paused=bool(row.is_paused),
    )
