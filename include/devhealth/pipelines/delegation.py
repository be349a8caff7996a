"""Targets of a provider that another one reads: the history behind a clone URL is the same wherever it is hosted.

A module of such a target says `READ_BY`. That of the connector also says how to get there (`clone_of`) and adds pages
of its own (`with_more`), which begin with the `OWN_PAGES` of the processor's module and become its `more_records`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from devhealth.models.table import Record, Snapshot
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

    def with_more(self, pages: Iterable[Page], unit: Unit, settings: Settings) -> Iterator[Page]:
        """The reader's pages and its own; the reader's last one stays the last."""


class ProcessorDelegate(Protocol):
    """The module of its processor."""

    OWN_PAGES: str
    """What the names of the pages begin with that are not the reader's."""

    def more_records(self, pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
        """The records of those pages."""


class ProcessorOfReader(Protocol):
    """The processor that reads the others."""

    EVIDENCE: str

    def to_records(self, pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
        """As of any processor."""


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
        location, with_clone = self.delegate.clone_of(unit.source, unit.options, settings)
        if unit.mode != "backfill":
            self.looks.resolve(location, with_clone)
        pages = self.reader.fetch(replace(unit, source=location), with_clone)
        return self.delegate.with_more(pages, unit, settings)


@dataclass(frozen=True, slots=True)
class DelegatedProcessor:
    """A processor that hands all pages but its own to another provider's."""

    delegate: ProcessorDelegate
    reader: ProcessorOfReader

    @property
    def EVIDENCE(self) -> str:  # noqa: N802 - as of any processor
        """The table that the reader fills."""
        return self.reader.EVIDENCE

    def to_records(self, pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
        """The reader's records, then its own."""
        own: list[Page] = []
        yield from self.reader.to_records(self._others(pages, own), unit)
        yield from self.delegate.more_records(own, unit)

    def _others(self, pages: Iterable[Page], own: list[Page]) -> Iterator[Page]:
        for page in pages:
            if page.name.startswith(self.delegate.OWN_PAGES):
                own.append(page)
            else:
                yield page
