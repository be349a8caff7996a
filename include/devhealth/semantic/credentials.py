"""Stored credentials of an organisation: what its sources are read with, encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import ColumnElement

from devhealth.errors import InputError, UnknownName
from devhealth.models.credential import STORED, Credential, checked_name
from devhealth.relational import insert_into, reading, writing
from devhealth.semantic import secret_box
from devhealth.semantic.tables import integration_credentials, organizations, sync_configurations

_KEY = ("org_id", "name")


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """What may be told of one."""

    name: str
    provider: str
    created_at: datetime
    updated_at: datetime


def save(engine: Engine, secret_key: str, *, org_id: str, name: str, provider: str, fields: Mapping[str, str]) -> None:
    """Make the credential of that name, or replace it with all its fields; see `write`."""
    with writing(engine) as connection:
        write(connection, secret_key, org_id=org_id, name=name, provider=provider, fields=fields)


def write(
    connection: Connection, secret_key: str, *, org_id: str, name: str, provider: str, fields: Mapping[str, str]
) -> None:
    """As `save`, in the caller's transaction.

    Raises InputError for a name that cannot be one, SecretError when there is no key to encrypt with.
    """
    plain = msgspec.json.encode(dict(fields)).decode()
    now = datetime.now(UTC)
    row = {
        "org_id": org_id,
        "name": checked_name(name),
        "provider": provider,
        "ciphertext": secret_box.encrypt(secret_key, plain, whose=_called(connection, org_id, name)),
        "created_at": now,
        "updated_at": now,
    }
    statement = insert_into(connection, integration_credentials).values(row)
    changed = {column: statement.excluded[column] for column in ("provider", "ciphertext", "updated_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=changed))


def list_credentials(engine: Engine, org_id: str) -> list[StoredCredential]:
    """What an organisation has, by name; nothing is decrypted."""
    with reading(engine) as connection:
        return of_organisation(connection, org_id)


def of_organisation(connection: Connection, org_id: str) -> list[StoredCredential]:
    """As `list_credentials`, in the caller's transaction."""
    table = integration_credentials.c
    query = select(table.name, table.provider, table.created_at, table.updated_at).where(table.org_id == org_id)
    return [StoredCredential(*row) for row in connection.execute(query.order_by(table.name))]


def load(engine: Engine, secret_key: str, org_id: str, name: str) -> Credential:
    """The credential with its fields; see `read`."""
    with reading(engine) as connection:
        return read(connection, secret_key, org_id, name)


def read(connection: Connection, secret_key: str, org_id: str, name: str) -> Credential:
    """As `load`, in the caller's transaction.

    Raises UnknownName when the organisation has none of that name, SecretError when it cannot be decrypted.
    """
    require(connection, org_id, name)
    query = select(integration_credentials.c.ciphertext).where(*_is(org_id, name))
    ciphertext = str(connection.execute(query).scalar_one())
    plain = secret_box.decrypt(secret_key, ciphertext, whose=_called(connection, org_id, name))
    return Credential(f"{STORED}:{name}", msgspec.json.decode(plain, type=dict[str, str]), org_id)


def require(connection: Connection, org_id: str, name: str) -> None:
    """Raise UnknownName, listing those there are, unless the organisation has a credential of that name."""
    known = [one.name for one in of_organisation(connection, org_id)]
    if name not in known:
        there = f"There are: {', '.join(known)}" if known else "There is none yet"
        raise UnknownName(
            f"{_called(connection, org_id, name)} does not exist. {there}. "
            f"`devhealth admin set-credential {name} --org ORG` makes it."
        )


def delete_credential(engine: Engine, org_id: str, name: str) -> None:
    """Forget a credential; see `remove`."""
    with writing(engine) as connection:
        remove(connection, org_id, name)


def remove(connection: Connection, org_id: str, name: str) -> None:
    """As `delete_credential`, in the caller's transaction.

    Raises UnknownName when there is none of that name, InputError while a configuration refers to it.
    """
    require(connection, org_id, name)
    table = sync_configurations.c
    query = select(table.name).where(table.org_id == org_id, table.credential_name == name).order_by(table.name)
    if users := list(connection.execute(query).scalars()):
        raise InputError(
            f"{_called(connection, org_id, name)} is in use by {', '.join(users)}. "
            "Give these configurations another credential first."
        )
    connection.execute(delete(integration_credentials).where(*_is(org_id, name)))


def _is(org_id: str, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return integration_credentials.c.org_id == org_id, integration_credentials.c.name == name


def _called(connection: Connection, org_id: str, name: str) -> str:
    slug = connection.execute(select(organizations.c.slug).where(organizations.c.org_id == org_id)).scalar()
    return f"credential {name!r} of organisation {slug!r}" if slug else f"credential {name!r} of a new organisation"
