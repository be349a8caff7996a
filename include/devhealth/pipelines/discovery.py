"""What a configuration reads from: the sources it names, and those its rules find at this moment."""

import logging
import os
from dataclasses import dataclass

from devhealth.errors import InputError
from devhealth.pipelines import providers
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """Paths and URLs, each once, those that are named first; and what the operator should know."""

    sources: list[str]
    warnings: list[str]


def sources_of(settings: Settings, configuration: SyncConfiguration) -> Found:
    """Every source of a configuration. A rule that finds nothing, or cannot be used, is a warning and stops nothing."""
    found = {_same(source): source for source in configuration.sources}
    warnings = []
    for rule in configuration.discovery:
        try:
            matching = providers.discovery(configuration.provider).discover(rule, settings)
            trouble = "" if matching else f"the glob {rule!r} finds no repository"
        except InputError as error:
            matching, trouble = [], str(error)
        if trouble:
            warnings.append(f"configuration {configuration.name}: {trouble}")
            _LOG.warning(warnings[-1])
        for source in matching:
            found.setdefault(_same(source), source)
    return Found(list(found.values()), warnings)


def _same(source: str) -> str:
    """What two spellings of one place on this machine have in common."""
    return os.path.realpath(source) if os.path.isabs(source) else source  # noqa: PTH117 - it may be a URL
