"""The unit of work that travels through Airflow: one source, one target, one window. Small, and free of secrets."""

import hashlib
from datetime import datetime

import msgspec

from devhealth.models.text import plain


class Window(msgspec.Struct, frozen=True):
    """`since` inclusive, `before` exclusive, both UTC."""

    since: datetime
    before: datetime


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One source, one target, one window of a run."""

    unit_id: str
    """Unique in its run, fit for a file name."""
    run_id: str
    org_id: str
    provider: str
    """Name of the provider's folder: local_git."""
    target: str
    """git, blame, prs, cicd, deployments, incidents, work-items."""
    repo_id: str
    source: str
    """Path or URL, credentials taken out."""
    name: str
    """What people call the source."""
    mode: str
    """incremental (from the cursor), full (ignore the cursor) or backfill (only the window; no watermark)."""
    window: Window | None
    """What a backfill, or a first sync with a depth, selects; None means everything."""
    planned_until: datetime
    """End of the window: where the watermark goes when the unit is stored."""
    staging: str
    """Folder or URI of this unit's hand-over."""
    options: dict[str, str | int | bool | list[str]] = {}
    """The source's options from its configuration."""
    configuration: str = ""
    """Name of the sync configuration it comes from."""
    credential: str = ""
    """What the source is read with: `stored:NAME`, `airflow:CONNECTION_ID` or `env:VARIABLE`; empty for nothing."""
    job_id: str = ""
    """The backfill job this is a chunk of; empty for a sync."""
    chunk: int = 0
    """Number of the chunk in its job."""
    shared: str = ""
    """Folder or URI that the units of one job and source share; empty for a unit that stands alone."""
    shown_as: str = ""
    """The name, or what tells the source from others of that name; for people, no record holds it."""

    @property
    def called(self) -> str:
        """What people are told."""
        return self.shown_as or self.name

    @property
    def label(self) -> str:
        """What a line of a log says of it: `shop (git), backfill 2026-03-01 to 2026-03-08`."""
        days = f" {self.window.since:%Y-%m-%d} to {self.window.before:%Y-%m-%d}" if self.window else ""
        return f"{plain(self.called)} ({self.target}), {self.mode}{days}"

    @property
    def writer(self) -> str:
        """By what name it announces the days that it is about to change."""
        return f"{self.run_id}/{self.unit_id}"


def source_digest(org_id: str, configuration: str, source: str, target: str) -> str:
    """Ten characters for a target of a source of a configuration; the id of its unit in a sync ends in them."""
    return hashlib.sha256(f"{org_id}\0{configuration}\0{source}\0{target}".encode()).hexdigest()[:10]


class DayRange(msgspec.Struct, frozen=True, order=True):
    """UTC days, ISO dates; `before` exclusive."""

    since: str
    before: str
