"""Encrypting every stored secret anew with the first key, so that the others can be thrown away."""

from dataclasses import dataclass

from sqlalchemy import Table, select, update
from sqlalchemy.engine import Connection, Engine

from devhealth.relational import writing
from devhealth.semantic import secret_box
from devhealth.semantic.tables import integration_credentials, organizations, settings


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many secrets were encrypted anew."""

    credentials: int
    settings: int


def rotate(engine: Engine, secret_key: str) -> Rotation:
    """Encrypt all credentials and encrypted settings of all organisations with the first key, in one transaction.

    Raises SecretError, naming the first secret that no key decrypts, and then nothing is changed.
    """
    with writing(engine) as connection:
        return Rotation(
            credentials=_rotate(connection, secret_key, integration_credentials, "ciphertext", "credential"),
            settings=_rotate(connection, secret_key, settings, "value", "setting"),
        )


def _rotate(connection: Connection, secret_key: str, table: Table, column: str, called: str) -> int:
    columns = table.c
    query = (
        select(columns.org_id, columns.name, columns[column].label("ciphertext"), organizations.c.slug)
        .join(organizations, organizations.c.org_id == columns.org_id)
        .order_by(organizations.c.slug, columns.name)
        .with_for_update(of=table)
    )
    if "is_encrypted" in columns:
        query = query.where(columns.is_encrypted)
    rows = connection.execute(query).all()
    for row in rows:
        whose = f"{called} {row.name!r} of organisation {row.slug!r}"
        value = secret_box.reencrypt(secret_key, row.ciphertext, whose=whose)
        key = (columns.org_id == row.org_id, columns.name == row.name)
        connection.execute(update(table).where(*key).values({column: value}))
    return len(rows)
