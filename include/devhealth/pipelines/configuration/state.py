"""What an organisation is, in the one form in which documents and the semantic database are compared."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs
from sqlalchemy import select
from sqlalchemy.engine import Connection

from devhealth.errors import InputError
from devhealth.pipelines import providers
from devhealth.pipelines.configuration.document import SECTIONS
from devhealth.semantic import configurations, credentials, identities, teams
from devhealth.semantic.configurations import Option, SyncConfiguration
from devhealth.semantic.identities import Identity
from devhealth.semantic.tables import organizations
from devhealth.semantic.team_members import EVER
from devhealth.semantic.teams import Team, TeamMapping


@dataclass(frozen=True, slots=True)
class Secrets:
    """A stored credential with its fields in the clear."""

    provider: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Configured:
    """A sync configuration without what the organisation and the database add to it."""

    provider: str
    sources: tuple[str, ...] = ()
    discover: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """Sorted."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """By the names units carry them under; those that say nothing are left out."""
    credential: str = ""
    schedule: str = ""
    paused: bool | None = False
    """None in a document that leaves it as it is."""


@dataclass(frozen=True, slots=True)
class State:
    """One organisation; a section that is None is not spoken of."""

    tier: str | None = None
    credentials: Mapping[str, Secrets] | None = field(default=None, repr=False)
    configurations: Mapping[str, Configured] | None = None
    identities: Mapping[str, Identity] | None = None
    teams: Mapping[str, Team] | None = None


def stored(connection: Connection, org_id: str, secret_key: str, sections: Collection[str]) -> State:
    """What the semantic database holds of these sections; an organisation that does not exist has none of it.

    Raises SecretError when credentials are among them and cannot be decrypted.
    """
    tier = connection.execute(select(organizations.c.tier).where(organizations.c.org_id == org_id)).scalar()
    readers: dict[str, Callable[[], Mapping[str, Any]]] = {
        "credentials": lambda: _secrets(connection, org_id, secret_key),
        "configurations": lambda: _configured(configurations.of_organisation(connection, org_id)),
        "identities": lambda: {one.identity_id: one for one in identities.list_all(connection, org_id)},
        "teams": lambda: {one.team_id: one for one in teams.list_all(connection, org_id)},
    }
    return State(tier=tier, **{name: readers[name]() for name in SECTIONS if name in sections})


def said(provider: str, options: Mapping[str, Any]) -> dict[str, Option]:
    """The options that differ from what the provider does by itself, lists as lists."""
    known = {one.name: one.default for one in structs.fields(providers.options(provider))}
    return {name: value for name, value in options.items() if name in known and value and value != known[name]}


def facts(item: Secrets | Configured | Identity | Team) -> dict[str, Any]:
    """The fields of one item by the names of the document, those that say nothing left out; secrets are `Secret`s."""
    if isinstance(item, Secrets):
        found = {"provider": item.provider, **{f"fields.{name}": Secret(one) for name, one in item.fields.items()}}
    elif isinstance(item, Configured):
        listed = {name: list(getattr(item, name)) for name in ("sources", "discover", "targets")}
        options = {f"options.{name}": value for name, value in written_options(item).items()}
        hints = {"credential": item.credential, "schedule": item.schedule, "paused": item.paused}
        found = {"provider": item.provider, **listed, **options, **hints}
    elif isinstance(item, Identity):
        found = {"name": item.name, "aliases": list(item.aliases), "bot": item.is_bot}
    else:
        kinds = ("repositories", "projects", "members")
        found = {"name": item.name, **{kind: list(map(_dated, getattr(item, kind))) for kind in kinds}}
    return {name: value for name, value in found.items() if value is not None and value not in ("", [])}


def written_options(item: Configured) -> dict[str, Option]:
    """The options of a configuration by the names of the document."""
    known = {one.name: one.encode_name for one in structs.fields(providers.options(item.provider))}
    return {known[name]: value for name, value in item.options.items()}


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that may be compared and never shown."""

    value: str = field(repr=False)


def _configured(found: list[SyncConfiguration]) -> dict[str, Configured]:
    names = [one.name for one in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(
            f"configuration {', '.join(sorted(twice))} is there for two providers: a document names each once. "
            "Register one of them under another name."
        )
    return {
        one.name: Configured(
            provider=one.provider,
            sources=tuple(one.sources),
            discover=tuple(one.discovery),
            targets=tuple(sorted(one.targets)),
            options=said(one.provider, one.options),
            credential=one.credential,
            schedule=one.schedule,
            paused=one.is_paused,
        )
        for one in found
    }


def _secrets(connection: Connection, org_id: str, secret_key: str) -> dict[str, Secrets]:
    found = {}
    for one in credentials.of_organisation(connection, org_id):
        found[one.name] = Secrets(one.provider, credentials.read(connection, secret_key, org_id, one.name).fields)
    return found


def _dated(mapping: TeamMapping) -> str:
    """`acme/*`, with the days it counts where they are limited."""
    since = f"from {mapping.valid_from}" if mapping.valid_from != EVER else ""
    until = f"to {mapping.valid_to}" if mapping.valid_to else ""
    days = " ".join(text for text in (since, until) if text)
    return f"{mapping.pattern} ({days})" if days else mapping.pattern
