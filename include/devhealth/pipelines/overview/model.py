"""The shape of an overview; JSON-able."""

from datetime import date, datetime

import msgspec


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a repository, all branches and tags."""

    commits: int
    """Reachable from any branch or tag."""
    default_branch_commits: int
    merges: int
    people: int
    """Authors of reachable commits after identity resolution, bots left out."""
    bots: int
    files: int
    """Distinct paths ever touched."""
    additions: int
    deletions: int
    first_commit_at: datetime | None
    last_commit_at: datetime | None


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """Seven days from a Monday, summed from repo_metrics_daily."""

    monday: date
    daily_commits: list[int]
    """Monday to Sunday; 0 for days without a row."""
    commits: int
    additions: int
    deletions: int
    reverts: int
    people: int
    """Distinct authors of the week, bots left out."""


class Hotspot(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the newest file_hotspots snapshot."""

    path: str
    score: float
    churn_30d: int
    commits_30d: int
    contributors_30d: int
    top_owner_ratio: float | None


class RepositoryOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One repository."""

    organisation: str
    repo_id: str
    name: str
    default_branch: str | None
    is_shallow: bool
    totals: Totals
    weeks: list[Week]
    """Newest last; ends with the last week that has a row."""
    hotspots: list[Hotspot]
    hotspots_as_of: date | None
    bus_factor_30d: int | None
    bus_factor_day: date | None


class StageTotals(msgspec.Struct, frozen=True, kw_only=True):
    """One stage over all units of a run."""

    stage: str
    """fetch, process, store or metrics."""
    seconds: float
    rows: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `devhealth show` prints."""

    repositories: list[RepositoryOverview]
    last_run: list[StageTotals]
    """The newest run of these organisations that stored anything; empty without one."""
