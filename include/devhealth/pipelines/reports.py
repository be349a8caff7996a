"""What the stages and runs report. JSON-able; free of records and secrets."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from devhealth.models.text import plain
from devhealth.models.unit import DayRange
from devhealth.models.usage import Usage


def failed_of(failed: int, of: int, what: str) -> str:
    """How many failed; what is stored, unless none is whole: of a damaged source parts may be."""
    count = f"{failed:,} of {of:,} {what} failed"
    return f"{count}, the others are stored" if failed < of else count


def listed(troubles: Iterable[tuple[str, str]]) -> str:
    """What is in trouble, each with its sentence, as one sentence."""
    return "; ".join(f"{plain(what)}: {plain(error.removesuffix('.'))}" for what, error in troubles) + "."


class StageReport(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of one unit."""

    stage: str
    """fetch, process or store."""
    seconds: float
    pages: int = 0
    bytes: int = 0
    rows: dict[str, int] = {}
    """Rows by table."""
    usage: Usage = Usage()
    """What the requests of all attempts cost; only fetching makes any."""

    @property
    def requests(self) -> int:
        """Requests of all attempts."""
        return self.usage.requests


class StoredUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit whose records are in the store. Staged as stored.json by the store stage."""

    unit_id: str
    repo_id: str = ""
    name: str = ""
    target: str = ""
    rows: dict[str, int]
    days: list[DayRange]
    """Days on which facts changed."""
    seconds: float
    """Time spent in the sink."""
    overtaken_by: datetime | None = None
    """The version of a snapshot in the store that is newer than what was stored."""


class UnitFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that did not make it, or not whole. Staged as error.json by the stage that failed."""

    unit_id: str
    repo_id: str = ""
    """Empty for a source that was never reached."""
    name: str
    target: str
    stage: str
    error: str


class SyncReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    run_id: str
    provider: str
    finished_at: datetime
    planned: int
    stored: list[StoredUnit]
    failed: list[UnitFailure]
    stages: list[StageReport]
    """Summed over units, one a stage."""
    warnings: list[str] = []
    usage: Usage = Usage()
    """What all requests of the run cost, those of its plan and of failed units too."""

    @property
    def rows(self) -> int:
        """Rows stored, all tables."""
        return sum(sum(unit.rows.values()) for unit in self.stored)

    def failure_text(self) -> str:
        """One sentence naming every failed unit and why."""
        each = listed((f"{one.name} ({one.target}, {one.stage})", one.error) for one in self.failed)
        return f"{failed_of(len(self.failed), self.planned, 'units')}: {each}"


class TableTiming(msgspec.Struct, frozen=True, kw_only=True):
    """One metric table of one computation."""

    table: str
    rows: int
    seconds: float


class MetricsReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a computation of metrics ended."""

    ranges: int
    """Dirty ranges taken."""
    repositories: int
    computed_at: datetime
    seconds: float
    tables: list[TableTiming]
