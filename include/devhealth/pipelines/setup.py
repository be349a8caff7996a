"""Getting ready: databases at their newest version, a source registered."""

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy.engine import Engine

from devhealth.models.credential import AIRFLOW
from devhealth.models.source import SourceIdentity
from devhealth.models.unit import Window
from devhealth.pipelines import credentials, providers
from devhealth.pipelines.request import days_of
from devhealth.relational import turn
from devhealth.semantic import configurations, database, organizations, repositories, tiers
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings
from devhealth.sinks import open_sink
from devhealth.warehouse import connection, schema


def prepare(settings: Settings) -> None:
    """Bring the semantic database, the warehouse and the secondary store to the schema of this code."""
    if settings.sink != "sql":
        connection.check(settings)
    database.upgrade(settings)
    if settings.sink != "sql":
        with connection.connected(settings) as client:
            schema.ensure_schema(client)
    if settings.sink != "clickhouse":
        with open_sink(settings):
            pass


def require_tier(settings: Settings, organisation: str, window: Window) -> None:
    """Raise TierExceeded for a window of more days than the organisation may ask, or may once it is made."""
    tiers.check_slug(database.open_semantic(settings), organisation, *days_of(window))


def register_source(
    settings: Settings,
    organisation: str,
    location: str,
    *,
    provider: str = "local_git",
    targets: Sequence[str] = (),
    targets_at_first: Sequence[str] = (),
    options: Mapping[str, str | int | bool | list[str]] | None = None,
    name: str | None = None,
    credential: str | None = None,
) -> SyncConfiguration:
    """A sync configuration of one source, made or updated; its organisation and repository are created as needed.

    Without a name it is called like the source; a second source of that name gets the digest of its location after it.
    Targets, options and a credential that are not given stay as they are; a new configuration gets `targets_at_first`,
    else every target of the provider. A credential is a reference; an empty one takes off what is there.

    Raises SourceError when the location is no repository, UnknownName for an unknown target, SecretError when what the
    credential refers to cannot be had.
    """
    providers.require_targets(provider, targets)
    engine = database.open_semantic(settings)
    identity = _identity(settings, engine, organisation, provider, location, name=name, credential=credential)
    org_id = organizations.ensure_organization(engine, organisation)
    _register(engine, org_id, provider, identity)
    with turn(engine, configurations.TURN):
        name = name or _name(engine, org_id, provider, identity)
        all_before = configurations.list_configurations(engine, org_id, provider)
        before = [one for one in all_before if one.name == name]
        return configurations.save(
            engine,
            org_id=org_id,
            name=name,
            provider=provider,
            sources=[identity.location],
            targets=list(targets or (before[0].targets if before else targets_at_first or providers.targets(provider))),
            options={**(before[0].options if before else {}), **(options or {})},
            credential=credential,
        )


def repository_id(settings: Settings, organisation: str, location: str, *, provider: str = "local_git") -> str:
    """The id of the repository at a location; registered when it is new to the organisation."""
    engine = database.open_semantic(settings)
    identity = _identity(settings, engine, organisation, provider, location)
    return _register(engine, organizations.organization_id(engine, organisation), provider, identity)


def find_repository(settings: Settings, organisation: str, location: str, *, provider: str = "local_git") -> str | None:
    """The id of the repository at a location; None when the organisation never registered it.

    Writes nothing and asks no remote.
    """
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, organisation)
    identity = providers.sources(provider).identify(location, settings)
    return repositories.find(
        engine, org_id, host=identity.provider_host, provider_id=identity.provider_id, aliases=identity.aliases
    )


def _identity(
    settings: Settings,
    engine: Engine,
    organisation: str,
    provider: str,
    location: str,
    *,
    name: str | None = None,
    credential: str | None = None,
) -> SourceIdentity:
    """Who a source is, looked at with the credential given, else with that of the configuration it stands in.

    Only Airflow has its connections, so outside it a source that is read with one is not looked at.
    """
    known = {one.slug: one.org_id for one in organizations.list_organizations(engine)}
    org_id = known.get(organisation, "")
    if credential is None:
        stands_in = configurations.list_configurations(engine, org_id, provider)
        references = [one.credential for one in stands_in if name == one.name or location in one.sources]
        credential = next(filter(None, references), "")
    sources = providers.sources(provider)
    if credential.startswith(f"{AIRFLOW}:") and settings.host is None:
        return sources.identify(location, settings)
    reading = credentials.applied(settings, engine, org_id=org_id, reference=credential, configuration=name or "")
    return sources.resolve(location, reading)


def _register(engine: Engine, org_id: str, provider: str, identity: SourceIdentity) -> str:
    return repositories.register(
        engine,
        org_id,
        provider=provider,
        host=identity.provider_host,
        provider_id=identity.provider_id,
        name=identity.name,
        aliases=identity.aliases,
    )


def _name(engine: Engine, org_id: str, provider: str, identity: SourceIdentity) -> str:
    taken = {one.name: one.sources for one in configurations.list_configurations(engine, org_id, provider)}
    for name, sources in taken.items():
        if sources == [identity.location]:
            return name
    if identity.name not in taken:
        return identity.name
    return f"{identity.name}-{hashlib.sha256(identity.location.encode()).hexdigest()[:8]}"
