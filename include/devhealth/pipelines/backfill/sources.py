"""Where a job reads from: each repository of a configuration once."""

import logging
from dataclasses import dataclass

from sqlalchemy.engine import Engine

from devhealth.pipelines import credentials
from devhealth.pipelines.discovery import Found, looked_at
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResolvedSource:
    """A source and the repository it is; `repo_id` is empty for one that cannot be reached."""

    source: str
    name: str
    repo_id: str


def resolved(
    settings: Settings, engine: Engine, configuration: SyncConfiguration, found: Found
) -> list[ResolvedSource]:
    """The sources in their order; of several copies of a repository the first.

    Raises SecretError when what they are read with cannot be had.
    """
    credentials.of_configuration(settings, engine, configuration)
    once: dict[str, ResolvedSource] = {}
    for look in looked_at(settings, engine, configuration, found):
        one = ResolvedSource(look.source, look.name, look.repo_id)
        first = once.setdefault(one.repo_id or one.source, one)
        if first.source != one.source:
            _LOG.warning("%s is left out: it is the repository that is read from %s", one.source, first.source)
    return list(once.values())
