"""Sync configurations: which sources and targets of a provider an organisation syncs."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection, Engine, Row

from devhealth.errors import UnknownName
from devhealth.models.credential import STORED, taken_apart
from devhealth.relational import insert_into, reading, writing
from devhealth.semantic import credentials, organizations
from devhealth.semantic.tables import sync_configurations

Option = str | int | bool | list[str]

TURN = "configuration"
"""Held by whoever writes configurations according to what they are, so that none of it changes in between."""

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
    discovery: list[str] = field(default_factory=list)
    """What finds further sources at each plan: globs, for local_git."""
    schedule: str = ""
    """How often its operator means it to run: a cron expression or a preset; empty for no hint."""
    credential: str = ""
    """What its sources are read with: `stored:NAME`, `airflow:CONNECTION_ID` or `env:VARIABLE`; empty for nothing."""


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
    discovery: Sequence[str] | None = None,
    schedule: str | None = None,
    credential: str | None = None,
) -> SyncConfiguration:
    """Make the configuration of that name, or replace it; what is None stays as it is (at first: off and empty).

    Raises InputError for a credential that is no reference, UnknownName for a stored one the organisation has not.
    """
    with writing(engine) as connection:
        return write(
            connection,
            org_id=org_id,
            name=name,
            provider=provider,
            sources=sources,
            targets=targets,
            options=options,
            is_paused=is_paused,
            discovery=discovery,
            schedule=schedule,
            credential=credential,
        )


def write(
    connection: Connection,
    *,
    org_id: str,
    name: str,
    provider: str,
    sources: Sequence[str],
    targets: Sequence[str],
    options: Mapping[str, Option],
    is_paused: bool | None = None,
    discovery: Sequence[str] | None = None,
    schedule: str | None = None,
    credential: str | None = None,
) -> SyncConfiguration:
    """As `save`, in the caller's transaction."""
    if credential:
        _check_credential(connection, org_id, credential)
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
        "discovery": list(discovery or ()) or None,
        "schedule": schedule or None,
        **_credential_columns(credential or ""),
        "created_at": now,
        "updated_at": now,
    }
    kept = {*_KEY, "created_at"}
    kept |= {"is_paused"} if is_paused is None else set()
    kept |= {"discovery"} if discovery is None else set()
    kept |= {"schedule"} if schedule is None else set()
    kept |= {"credential_name", "credential_reference"} if credential is None else set()
    statement = insert_into(connection, sync_configurations).values(row)
    changed = {column: statement.excluded[column] for column in row if column not in kept}
    connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=changed))
    table = sync_configurations.c
    saved = select(sync_configurations).where(table.org_id == org_id, table.configuration_id == row["configuration_id"])
    return _configuration(connection.execute(saved).one())


def remove(connection: Connection, org_id: str, configuration_id: str) -> None:
    """Forget a configuration. What its sources brought, and how far they were read, stays."""
    table = sync_configurations.c
    connection.execute(
        delete(sync_configurations).where(table.org_id == org_id, table.configuration_id == configuration_id)
    )


def of_organisation(connection: Connection, org_id: str) -> list[SyncConfiguration]:
    """All configurations of an organisation, whatever their provider, by name."""
    table = sync_configurations.c
    query = select(sync_configurations).where(table.org_id == org_id).order_by(table.name, table.provider)
    return [_configuration(row) for row in connection.execute(query)]


def set_paused(engine: Engine, org_id: str, name: str, *, is_paused: bool) -> bool:
    """Pause or resume the configurations of that name; False when they stood so before. Raises UnknownName."""
    table = sync_configurations.c
    with writing(engine) as connection:
        organizations.lock(connection, org_id)
        all_of_it = of_organisation(connection, org_id)
        found = [one for one in all_of_it if one.name == name]
        if not found:
            raise UnknownName(f"there is no configuration {name!r}. {_there_are([one.name for one in all_of_it])}.")
        turned = [one.configuration_id for one in found if one.is_paused != is_paused]
        if turned:
            connection.execute(
                sync_configurations.update()
                .where(table.org_id == org_id, table.configuration_id.in_(turned))
                .values(is_paused=is_paused, updated_at=datetime.now(UTC))
            )
    return bool(turned)


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
        raise UnknownName(
            f"{provider} has no configuration {', '.join(map(repr, missing))}. {_there_are(list(known))}. "
            "`devhealth sync git --repo-path PATH` makes one."
        )
    return [configuration for configuration in found if not names or configuration.name in names]


def _there_are(names: Sequence[str]) -> str:
    return f"There are: {', '.join(names)}" if names else "There is none yet"


def _check_credential(connection: Connection, org_id: str, reference: str) -> None:
    kind, name = taken_apart(reference)
    if kind == STORED:
        credentials.require(connection, org_id, name)


def _credential_columns(reference: str) -> dict[str, str | None]:
    kind, _, name = reference.partition(":")
    is_stored = kind == STORED
    return {
        "credential_name": name if is_stored else None,
        "credential_reference": None if is_stored else reference or None,
    }


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
        discovery=list(row.discovery or ()),
        schedule=row.schedule or "",
        credential=f"{STORED}:{row.credential_name}" if row.credential_name else row.credential_reference or "",
    )
