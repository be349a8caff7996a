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


class PullRequests(msgspec.Struct, frozen=True, kw_only=True):
    """Pull requests of the days of a Delivery; how long they took, how large they were: of those merged then."""

    last_day: date | None = None
    """When anything happened last, at any time; None where no day with metrics has anything."""
    opened: int = 0
    merged: int = 0
    closed_unmerged: int = 0
    cycle_hours_p50: float | None = None
    cycle_hours_p90: float | None = None
    first_review_hours_p50: float | None = None
    """Of those that were reviewed by another person before the merge."""
    size_loc_p50: float | None = None
    unreviewed_ratio: float | None = None


class Pipelines(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of pipelines that finished on the days of a Delivery, each by its newest attempt."""

    last_day: date | None = None
    """As of PullRequests."""
    runs: int = 0
    success_ratio: float | None = None
    """Of those that succeeded or failed."""
    duration_minutes_p50: float | None = None


class Deployments(msgspec.Struct, frozen=True, kw_only=True):
    """Deployments to production that finished on the days of a Delivery."""

    last_day: date | None = None
    """As of PullRequests, in any environment."""
    deployments: int = 0
    failed: int = 0


class Incidents(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents opened or resolved on the days of a Delivery."""

    last_day: date | None = None
    """As of PullRequests."""
    opened: int = 0
    resolved: int = 0
    restore_hours_p50: float | None = None
    """Of those resolved, whenever they were opened."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The 30 days that end with the last day of a repository on which anything happened.

    Percentiles are exact, of everything that happened in those days. What was never read is None.
    """

    first_day: date | None = None
    last_day: date | None = None
    """None, as is `first_day`, where no day with metrics has anything."""
    pull_requests: PullRequests | None = None
    pipelines: Pipelines | None = None
    deployments: Deployments | None = None
    incidents: Incidents | None = None


class RepositoryOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One repository."""

    organisation: str
    repo_id: str
    name: str
    default_branch: str | None
    is_shallow: bool
    totals: Totals | None
    """None where target `git` was never read."""
    weeks: list[Week]
    """Newest last; ends with the last week that has a row."""
    hotspots: list[Hotspot]
    hotspots_as_of: date | None
    bus_factor_30d: int | None
    bus_factor_day: date | None
    pull_requests_merged: int | None
    """At any time; None where they were never read."""
    delivery: Delivery | None
    """None where its provider has nothing of the kind and nothing was read."""


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
