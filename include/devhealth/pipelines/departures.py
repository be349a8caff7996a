"""Repositories that have left their provider: noted once as a unit's failure, told by every later run, never dropped.

A provider that hides what a credential may not see says the same of it as of what was deleted. So nothing stored is
touched, and a repository that can be seen again is read on from where it was left.
"""

import logging
from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from devhealth.errors import SecretError, SourceError, SourceNotFound
from devhealth.models.source import Surveyed
from devhealth.pipelines import credentials, providers
from devhealth.semantic import departures, repositories
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings

_LOG = logging.getLogger(__name__)


def gone_before(settings: Settings, engine: Engine, configuration: SyncConfiguration, source: str) -> datetime | None:
    """Since when a source that is not found is known to be gone; None, and it is noted, for one that is missed first.

    None too for a source that was never seen.
    """
    identity = providers.sources(configuration.provider).identify(source, settings)
    repo_id = repositories.find(
        engine,
        configuration.org_id,
        host=identity.provider_host,
        provider_id=identity.provider_id,
        aliases=identity.aliases,
    )
    if repo_id is None:
        return None
    since = departures.of_organization(engine, configuration.org_id).get(repo_id)
    if since is None:
        departures.note(engine, configuration.org_id, [repo_id], datetime.now(UTC))
    return since


def no_longer_found(
    settings: Settings, engine: Engine, configuration: SyncConfiguration, found: Collection[str]
) -> list[str]:
    """Names of the repositories that rules found once, that are not among the ids found now, and that are gone.

    They are noted. What the rules leave out now, because it was archived say, is still there.
    """
    provider, org_id = configuration.provider, configuration.org_id
    read = departures.read_by(engine, org_id, provider, configuration.name)
    missing = {repo_id: name for repo_id, name in read.items() if repo_id not in found}
    if not missing:
        return []
    try:
        settings = credentials.of_configuration(settings, engine, configuration)
        seen = providers.sources(provider).survey(sorted(missing.values()), configuration.options, settings)
    except (SecretError, SourceError) as error:
        _LOG.warning("what became of %s cannot be looked up: %s", ", ".join(sorted(missing.values())), error)
        return []
    here = {name: one.identity for name, one in seen.items() if isinstance(one, Surveyed)}
    known = repositories.register_all(engine, org_id, provider, list(here.values()))
    gone = {
        repo_id: name
        for repo_id, name in missing.items()
        if isinstance(seen[name], SourceNotFound) or (name in here and known[here[name]] != repo_id)
    }
    departures.note(engine, org_id, gone, datetime.now(UTC))
    return sorted(gone.values())
