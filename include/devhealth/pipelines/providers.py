"""Finding the modules of a provider by its folder: nobody registers anything."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from msgspec import Struct

import devhealth.connectors
from devhealth.errors import SourceError, UnknownName
from devhealth.models.credential import Credential
from devhealth.models.source import SourceIdentity, Surveyed
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit, Window
from devhealth.pipelines.delegation import Delegate, Delegated, DelegatedProcessor, ProcessorDelegate
from devhealth.settings import Settings
from devhealth.staging import Page

BY_TARGET = "repository_targets"
"""The table that says of each target of a repository whether it was ever read to the end."""


class Connector(Protocol):
    """The module `devhealth.connectors.<provider>.<target>`."""

    def probe(self, source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
        """Whether there is anything new since the cursor; cheap."""

    def fetch(self, unit: Unit, settings: Settings) -> Iterator[Page]:
        """Each page of the unit once it is whole; pages staged by an earlier attempt are not fetched again."""


class Processor(Protocol):
    """The module `devhealth.processors.<provider>.<target>`."""

    EVIDENCE: str
    """A table that has rows of a repository once a unit of it is stored; BY_TARGET where it may well have no items."""

    def to_records(self, pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
        """The records of the pages, in batches; neither reads the network nor stores."""


class Sources(Protocol):
    """The module `devhealth.connectors.<provider>.source`."""

    CREDENTIAL_FIELDS: tuple[str, ...]
    """What a credential of the provider may hold."""

    PLAIN_FIELDS: tuple[str, ...]
    """Those that are ASCII."""

    SUFFICIENT_FIELDS: tuple[tuple[str, ...], ...]
    """The fields that make a credential together; where there are several ways, the usual one comes first."""

    def survey(
        self, locations: Sequence[str], options: Mapping[str, object], settings: Settings
    ) -> dict[str, Surveyed | SourceError]:
        """Who each source is and what tells of news in it, or why it cannot be read; in as few requests as can be."""

    def resolve(self, location: str, settings: Settings) -> SourceIdentity:
        """Who the source at a path or URL is; raises SourceError for one that cannot be read."""

    def identify(self, location: str, settings: Settings) -> SourceIdentity:
        """The same, without asking a remote."""

    def credential_in(self, location: str) -> Credential | None:
        """The credential a location carries itself, good for that location only."""


class Estimate(Protocol):
    """The function `requests_for` of `devhealth.connectors.<provider>.estimate`, where there is one."""

    def __call__(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        window: Window,
        windows: int,
        options: Mapping[str, object],
        settings: Settings,
    ) -> int:
        """About how many requests it takes to read the targets of these sources, cut into so many windows."""


class Discovery(Protocol):
    """The module `devhealth.connectors.<provider>.discovery`."""

    IS_LOCAL: bool
    """Whether rules are looked up on this machine, asking nobody else."""

    def location_of(self, text: str, folder: Path) -> str:
        """The source as configurations keep it; a relative one starts at the folder. Asks nobody, raises InputError."""

    def rule_of(self, text: str, folder: Path) -> str:
        """The rule as configurations keep it; a relative one starts at the folder. Raises InputError."""

    def discover(self, rule: str, options: Mapping[str, object], settings: Settings) -> Mapping[str, Surveyed | None]:
        """The sources that a rule finds now, in order, each with what was seen of it on the way, if anything was."""


def connector(provider: str, target: str) -> Connector:
    """The connector of a target; raises UnknownName."""
    require_targets(provider, [target])
    module = importlib.import_module(f"devhealth.connectors.{provider}.{target.replace('-', '_')}")
    if read_by := getattr(module, "READ_BY", ""):
        return Delegated(cast("Delegate", module), connector(read_by, target), sources(read_by))
    return cast("Connector", module)


def processor(provider: str, target: str) -> Processor:
    """The processor of a target; raises UnknownName."""
    require_targets(provider, [target])
    module = importlib.import_module(f"devhealth.processors.{provider}.{target.replace('-', '_')}")
    if read_by := getattr(module, "READ_BY", ""):
        return cast("Processor", DelegatedProcessor(cast("ProcessorDelegate", module), processor(read_by, target)))
    return cast("Processor", module)


def sources(provider: str) -> Sources:
    """The module that knows a provider's sources; raises UnknownName."""
    targets(provider)
    return cast("Sources", importlib.import_module(f"devhealth.connectors.{provider}.source"))


def discovery(provider: str) -> Discovery:
    """The module that finds a provider's sources by rules; raises UnknownName."""
    targets(provider)
    return cast("Discovery", importlib.import_module(f"devhealth.connectors.{provider}.discovery"))


def estimate(provider: str) -> Estimate | None:
    """What tells the cost of a backfill beforehand; None for a provider that is not asked. Raises UnknownName."""
    targets(provider)
    if "estimate" not in _modules(importlib.import_module(f"devhealth.connectors.{provider}").__path__):
        return None
    module = importlib.import_module(f"devhealth.connectors.{provider}.estimate")
    return cast("Estimate", module.requests_for)


def options(provider: str) -> type[Struct]:
    """The options a configuration of the provider may have, with their names in documents; raises UnknownName."""
    targets(provider)
    module = importlib.import_module(f"devhealth.connectors.{provider}.options")
    return cast("type[Struct]", module.Options)


@cache
def targets(provider: str) -> tuple[str, ...]:
    """Targets of a provider: what has both a connector and a processor. Raises UnknownName."""
    known = _modules(devhealth.connectors.__path__)
    if provider not in known:
        raise UnknownName(f"provider {provider!r} is not known. Known: {', '.join(sorted(known))}.")
    fetched, processed = (
        _modules(importlib.import_module(package).__path__)
        for package in (f"devhealth.connectors.{provider}", f"devhealth.processors.{provider}")
    )
    return tuple(sorted(name.replace("_", "-") for name in fetched & processed))


def require_targets(provider: str, names: Iterable[str]) -> None:
    """Raise UnknownName for the first name that is no target of the provider."""
    known = targets(provider)
    for name in names:
        if name not in known:
            raise UnknownName(f"{provider} has no target {name!r}. It has: {', '.join(known)}.")


def _modules(path: Iterable[str]) -> set[str]:
    return {module.name for module in pkgutil.iter_modules(list(path))}
