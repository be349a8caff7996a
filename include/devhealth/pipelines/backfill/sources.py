"""Where a job reads from: each repository of a configuration once."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy.engine import Engine

from devhealth.errors import SourceError
from devhealth.pipelines import credentials, providers
from devhealth.pipelines.providers import SourceIdentity
from devhealth.semantic import repositories
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings

_AT_ONCE = 8

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResolvedSource:
    """A source and the repository it is; `repo_id` is empty for one that cannot be reached."""

    source: str
    name: str
    repo_id: str


def resolved(
    settings: Settings, engine: Engine, configuration: SyncConfiguration, sources: Sequence[str]
) -> list[ResolvedSource]:
    """The sources in their order; of several copies of a repository the first. Each is asked once, some at a time.

    Raises SecretError when what they are read with cannot be had.
    """
    settings = credentials.of_configuration(settings, engine, configuration)

    def identity(source: str) -> SourceIdentity | SourceError:
        try:
            return providers.sources(configuration.provider).resolve(source, settings)
        except SourceError as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="source") as threads:
        identities = list(threads.map(identity, sources))
    found: dict[str, ResolvedSource] = {}
    for source, one in zip(sources, identities, strict=True):
        if isinstance(one, SourceError):
            _LOG.warning("%s cannot be reached: %s", source, one)
            found.setdefault(source, ResolvedSource(source, source, ""))
            continue
        repo_id = repositories.register(
            engine,
            configuration.org_id,
            provider=configuration.provider,
            host=one.provider_host,
            provider_id=one.provider_id,
            name=one.name,
            aliases=one.aliases,
        )
        first = found.setdefault(repo_id, ResolvedSource(source, one.name, repo_id))
        if first.source != source:
            _LOG.warning("%s is left out: it is the repository that is read from %s", source, first.source)
    return list(found.values())
