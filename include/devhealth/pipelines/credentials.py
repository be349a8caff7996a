"""From a reference to the credential it stands for, in the settings that the stages hand on.

    stored:NAME            a credential of the organisation, decrypted with DEVHEALTH_SECRET_KEY
    airflow:CONNECTION_ID  a connection of the Airflow whose task this is: its password is the token, or its extra
                           holds what a GitHub App needs
    env:VARIABLE           an environment variable of this process: a token, or user:token

Every secret is told to the host's log filter before anything else sees it.
"""

import base64
import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy.engine import Engine

from devhealth.errors import InputError, SecretError, UnknownName
from devhealth.models.credential import AIRFLOW, STORED, Credential, spellings, taken_apart
from devhealth.models.unit import Unit
from devhealth.pipelines import providers
from devhealth.semantic import credentials, database, organizations
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings

_SHOWN = frozenset({"username", "email", "host", "url", "app_id", "installation_id"})
"""Fields that are no secrets."""

_OF_LINES = frozenset({"private_key"})
"""Fields whose value may have several lines."""

_LOG = logging.getLogger(__name__)


def of_configuration(settings: Settings, engine: Engine, configuration: SyncConfiguration) -> Settings:
    """The settings to read a configuration's sources with; see `applied`."""
    return applied(
        settings,
        engine,
        org_id=configuration.org_id,
        reference=configuration.credential,
        configuration=configuration.name,
    )


def of_unit(settings: Settings, unit: Unit) -> Settings:
    """The settings to fetch a unit with; says in the log what it is read with. See `applied`."""
    engine = database.open_semantic(settings)
    found = applied(settings, engine, org_id=unit.org_id, reference=unit.credential, configuration=unit.configuration)
    if found.credential:
        _LOG.info("%s is read with %s", _told(engine, unit.org_id, unit.called), found.credential)
    engine.dispose()
    return found


def applied(settings: Settings, engine: Engine, *, org_id: str, reference: str, configuration: str = "") -> Settings:
    """The settings with the credential a reference stands for.

    Without a reference, a credential the settings carry already stays where it is the organisation's own. Raises
    SecretError, naming the configuration, the reference and the remedy; InputError for what is no reference.
    """
    if not reference:
        own = settings.credential
        return settings if own is None or own.org_id == org_id else replace(settings, credential=None)
    kind, name = taken_apart(reference)
    try:
        credential = _resolved(settings, engine, org_id, kind, name)
    except (SecretError, UnknownName) as error:
        raise SecretError(f"{_reader(engine, org_id, configuration)} is read with {reference}: {error}") from None
    return replace(settings, credential=credential)


def of_location(settings: Settings, *, org_id: str, provider: str, location: str) -> Settings:
    """The settings with the credential that a location carries itself, as a clone URL may; for this process only."""
    found = providers.sources(provider).credential_in(location)
    if found is None:
        return settings
    _mask(settings, found.fields)
    return replace(settings, credential=replace(found, org_id=org_id))


def usual_fields(provider: str) -> tuple[str, ...]:
    """The fields that most credentials of the provider consist of. Raises UnknownName."""
    return providers.sources(provider).SUFFICIENT_FIELDS[0]


def lacking(provider: str, names: Collection[str]) -> str:
    """The fields that a credential of the provider needs, when these are not enough; empty otherwise."""
    ways = providers.sources(provider).SUFFICIENT_FIELDS
    return (
        ""
        if any(set(way) <= set(names) for way in ways)
        else ", or ".join(" and ".join(map(repr, way)) for way in ways)
    )


def check_fields(provider: str, names: Collection[str]) -> None:
    """Raise InputError unless a credential of the provider can consist of these fields."""
    known = providers.sources(provider).CREDENTIAL_FIELDS
    if unknown := [name for name in names if name not in known]:
        raise InputError(
            f"a credential of {provider} has no field {', '.join(map(repr, unknown))}. It has: {', '.join(known)}."
        )
    if needed := lacking(provider, names):
        raise InputError(f"a credential of {provider} needs {needed}.")


def check_values(provider: str, fields: Mapping[str, str]) -> None:
    """Raise InputError, never repeating a value, for one that the provider's protocol could not carry."""
    plain = providers.sources(provider).PLAIN_FIELDS
    for name, value in fields.items():
        lines = value.splitlines() if name in _OF_LINES else [value]
        if not value.strip() or not all(line.isprintable() for line in lines):
            raise InputError(f"the field {name!r} is empty, or holds a line break or another control character.")
        if name in plain and not value.isascii():
            raise InputError(
                f"the field {name!r} has characters that no token or key has, such as a typographic dash. "
                "Copy it again, as plain text."
            )


def _reader(engine: Engine, org_id: str, configuration: str) -> str:
    return _told(engine, org_id, f"configuration {configuration!r}" if configuration else "this source")


def _told(engine: Engine, org_id: str, what: str) -> str:
    """What it is, and of which organisation."""
    slugs = {one.org_id: one.slug for one in organizations.list_organizations(engine)}
    return f"{what} of organisation {slugs[org_id]!r}" if org_id in slugs else what


def _resolved(settings: Settings, engine: Engine, org_id: str, kind: str, name: str) -> Credential:
    if kind == STORED:
        found = credentials.load(engine, settings.secret_key, org_id, name)
    else:
        fields = _of_airflow(settings, name) if kind == AIRFLOW else _of_environment(name)
        found = Credential(f"{kind}:{name}", fields, org_id)
    _mask(settings, found.fields)
    return found


def _of_airflow(settings: Settings, conn_id: str) -> Mapping[str, str]:
    if settings.host is None:
        raise SecretError(
            "only Airflow knows its connections, and this runs outside Airflow. Run it as a DAG, or refer to "
            "stored:NAME or env:VARIABLE."
        )
    fields = settings.host.connection(conn_id)
    if fields is None:
        raise SecretError(f"Airflow has no connection {conn_id!r}. Make it there, under Admin, Connections.")
    if not fields.get("token") and not fields.get("private_key"):
        raise SecretError(f"the connection {conn_id!r} has no password. Put the token there.")
    return fields


def _of_environment(variable: str) -> dict[str, str]:
    user, colon, token = os.environ.get(variable, "").strip().partition(":")
    if not colon:
        user, token = "", user
    if not token:
        raise SecretError(f"the environment variable {variable} is not set here. Set it to the token, or user:token.")
    return {"username": user, "token": token} if user else {"token": token}


def _mask(settings: Settings, fields: Mapping[str, str]) -> None:
    if settings.host is None:
        return
    secrets = [value for name, value in fields.items() if name not in _SHOWN and value]
    basic = [f"{fields.get('username', '')}:{secret}".encode() for secret in secrets]
    for text in {*secrets, *(base64.b64encode(pair).decode() for pair in basic)}:
        for spelling in spellings(text):
            settings.host.mask(spelling)
