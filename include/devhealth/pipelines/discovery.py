"""What a configuration reads from: the sources it names and those its rules find at this moment, and who each is."""

import logging
import os
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Engine

from devhealth.errors import InputError, RateLimited, SecretError, SourceError, SourceNotFound
from devhealth.models.source import Surveyed
from devhealth.pipelines import credentials, departures, providers
from devhealth.semantic import repositories
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """Paths and URLs, each once, those that are named first; and what the operator should know."""

    sources: list[str]
    warnings: list[str]
    surveyed: dict[str, Surveyed | SourceError | SecretError] = field(default_factory=dict)
    """What is known of some of the sources already. A rule that could not be looked up stands among them, too."""


@dataclass(frozen=True, slots=True)
class Look:
    """One source of a configuration: the repository it is, or why it cannot be read."""

    configuration: SyncConfiguration
    source: str
    repo_id: str = ""
    """Empty for one that cannot be read."""
    surveyed: Surveyed | None = None
    trouble: str = ""
    is_out_of_reach: bool = False
    """Whether the trouble may pass: its host gave no answer, or none that says what is wrong."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.surveyed.identity.name if self.surveyed else self.source


def sources_of(settings: Settings, engine: Engine, configuration: SyncConfiguration) -> Found:
    """Every source of a configuration. A rule that finds nothing, or cannot be used, is a warning and stops nothing.

    A rule whose provider cannot be asked is a source in trouble: what it stands for must not go missing in silence.
    """
    found = {_same(source): source for source in configuration.sources}
    warnings: list[str] = []
    surveyed: dict[str, Surveyed | SourceError | SecretError] = {}
    for rule in configuration.discovery:
        matching, trouble = _matching(settings, engine, configuration, rule)
        if isinstance(trouble, (SourceError, SecretError)):
            found[rule] = rule
            surveyed[rule] = trouble
        elif trouble or not matching:
            warnings.append(
                f"configuration {configuration.name}: {trouble or f'the glob {rule!r} finds no repository'}"
            )
            _LOG.warning(warnings[-1])
        new = {source: seen for source, seen in matching.items() if found.setdefault(_same(source), source) == source}
        surveyed |= {source: seen for source, seen in new.items() if seen}
    return Found(list(found.values()), warnings, surveyed)


def looked_at(settings: Settings, engine: Engine, configuration: SyncConfiguration, found: Found) -> list[Look]:
    """The sources in their order, each resolved and registered; one that cannot be read says why.

    One that is known to be gone is a warning of `found`. Raises RateLimited when the provider asks to wait for long.
    """
    seen = dict(found.surveyed)
    unseen = [source for source in found.sources if source not in seen]
    try:
        settings = credentials.of_configuration(settings, engine, configuration)
        if unseen:
            seen |= providers.sources(configuration.provider).survey(unseen, configuration.options, settings)
    except SecretError as error:
        seen |= dict.fromkeys(unseen, error)
    known = [one.identity for one in seen.values() if isinstance(one, Surveyed)]
    repo_ids = repositories.register_all(engine, configuration.org_id, configuration.provider, known)
    looks = []
    for source in found.sources:
        one = seen[source]
        if isinstance(one, Surveyed):
            looks.append(Look(configuration, source, repo_ids[one.identity], one))
        elif since := _gone_since(settings, engine, configuration, source, one):
            found.warnings.append(
                f"configuration {configuration.name}: {source} is gone since {since:%Y-%m-%d}, or the credential may "
                "not see it any more. What is stored of it stays; take it out of the configuration."
            )
            _LOG.warning(found.warnings[-1])
        else:
            _LOG.warning("%s cannot be reached: %s", source, one)
            looks.append(
                Look(
                    configuration,
                    source,
                    trouble=str(one),
                    is_out_of_reach=isinstance(one, SourceError) and one.may_pass,
                )
            )
    return looks


def _gone_since(
    settings: Settings, engine: Engine, configuration: SyncConfiguration, source: str, error: Exception
) -> datetime | None:
    """Of a repository of a host; a folder that is not there may be a disk that is not mounted."""
    is_rule = source in configuration.discovery
    is_local = providers.discovery(configuration.provider).IS_LOCAL
    if is_rule or is_local or not isinstance(error, SourceNotFound):
        return None
    return departures.gone_before(settings, engine, configuration, source)


def _matching(
    settings: Settings, engine: Engine, configuration: SyncConfiguration, rule: str
) -> tuple[dict[str, Surveyed | None], Exception | None]:
    try:
        settings = credentials.of_configuration(settings, engine, configuration)
        discover = providers.discovery(configuration.provider).discover
        return dict(discover(rule, configuration.options, settings)), None
    except RateLimited:
        raise
    except (InputError, SourceError, SecretError) as error:
        return {}, error


def _same(source: str) -> str:
    """What two spellings of one place on this machine have in common."""
    return os.path.realpath(source) if os.path.isabs(source) else source  # noqa: PTH117 - it may be a URL
