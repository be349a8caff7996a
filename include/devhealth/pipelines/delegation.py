"""Targets of a provider that another one reads: the history behind a clone URL is the same wherever it is hosted.

A module of such a target says `READ_BY`; that of the connector also says how to get there (`clone_of`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page


class Reader(Protocol):
    """The connector that reads."""

    def probe(self, source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
        """As of any connector."""

    def fetch(self, unit: Unit, settings: Settings) -> Iterator[Page]:
        """As of any connector."""


class Looks(Protocol):
    """The module that knows the reader's sources."""

    def resolve(self, location: str, settings: Settings) -> object:
        """Brings what is kept of a remote up to date."""


class Delegate(Protocol):
    """The module of a target that is read by another provider."""

    def clone_of(self, source: str, options: Mapping[str, object], settings: Settings) -> tuple[str, Settings]:
        """What the source is to the reader, and the settings to read it with."""


@dataclass(frozen=True, slots=True)
class Delegated:
    """A connector that hands its work to another provider's."""

    delegate: Delegate
    reader: Reader
    looks: Looks

    def probe(self, source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
        """Whether there is anything new since the cursor, once the remote was looked at."""
        location, settings = self.delegate.clone_of(source, options, settings)
        self.looks.resolve(location, settings)
        return self.reader.probe(location, options, cursor, settings)

    def fetch(self, unit: Unit, settings: Settings) -> Iterator[Page]:
        """The pages as the reader makes them, of what the remote has now: no plan has looked at it before."""
        location, settings = self.delegate.clone_of(unit.source, unit.options, settings)
        if unit.mode != "backfill":
            self.looks.resolve(location, settings)
        return self.reader.fetch(replace(unit, source=location), settings)
