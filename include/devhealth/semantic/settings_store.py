"""Settings of an organisation, by name; a secret one is kept encrypted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection, Engine

from devhealth.relational import insert_into, reading, writing
from devhealth.semantic import secret_box
from devhealth.semantic.tables import organizations, settings

_KEY = ("org_id", "name")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as a list may show it."""

    name: str
    value: str | None = field(repr=False)
    """None for an encrypted one."""
    is_encrypted: bool
    updated_at: datetime


def set_value(
    engine: Engine, secret_key: str, org_id: str, name: str, value: str, *, is_encrypted: bool = False
) -> None:
    """Store a value, encrypted or plain, in place of an earlier one; raises SecretError when there is no key for it."""
    with writing(engine) as connection:
        whose = _called(connection, org_id, name)
        row = {
            "org_id": org_id,
            "name": name,
            "value": secret_box.encrypt(secret_key, value, whose=whose) if is_encrypted else value,
            "is_encrypted": is_encrypted,
            "updated_at": datetime.now(UTC),
        }
        statement = insert_into(connection, settings).values(row)
        changed = {column: statement.excluded[column] for column in ("value", "is_encrypted", "updated_at")}
        connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=changed))


def get_value(engine: Engine, secret_key: str, org_id: str, name: str) -> str | None:
    """The value, decrypted; None when it was never set. Raises SecretError when it cannot be decrypted."""
    with reading(engine) as connection:
        query = select(settings.c.value, settings.c.is_encrypted)
        row = connection.execute(query.where(settings.c.org_id == org_id, settings.c.name == name)).one_or_none()
        if row is None or not row.is_encrypted:
            return row and str(row.value)
        return secret_box.decrypt(secret_key, row.value, whose=_called(connection, org_id, name))


def list_settings(engine: Engine, org_id: str) -> list[Setting]:
    """All settings of an organisation, by name; the values of encrypted ones are left out."""
    table = settings.c
    query = select(table.name, table.value, table.is_encrypted, table.updated_at).where(table.org_id == org_id)
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(table.name)).all()
    return [
        Setting(row.name, None if row.is_encrypted else row.value, bool(row.is_encrypted), row.updated_at)
        for row in rows
    ]


def forget(engine: Engine, org_id: str, name: str) -> None:
    """Remove a setting; harmless when there is none."""
    with writing(engine) as connection:
        connection.execute(delete(settings).where(settings.c.org_id == org_id, settings.c.name == name))


def _called(connection: Connection, org_id: str, name: str) -> str:
    slug = connection.execute(select(organizations.c.slug).where(organizations.c.org_id == org_id)).scalar()
    return f"setting {name!r} of organisation {slug or org_id!r}"
