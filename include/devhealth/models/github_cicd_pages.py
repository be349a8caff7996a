"""The pages of target `cicd` of GitHub.

000-state                     RunsState
100-runs-<n>                  a page of the list of runs
100-runs-<n>-more-<m>         all of a run in it, the m-th, where that is new or changed
200-runs-<n>                  a run that was known and is not in the list, asked for by its id
200-runs-<n>-more-00001       all of it
999-cursor                    RunsCursor
"""

from datetime import datetime, timedelta

import msgspec

RUNS = "runs"

OVERLAP = timedelta(minutes=10)
"""How far before the newest run that is known a short look begins; also how long runs may follow their push."""
LAG = timedelta(minutes=1)
"""What was updated so long before it was read has shown all that happened to it."""
LOOK_BACK = timedelta(days=31)
"""How old a run may be that is repeated: GitHub allows it for thirty days."""
KEPT = timedelta(days=90)
"""GitHub forgets no run before it is so old: a younger one that is gone was deleted by somebody."""
FEW = 1_000
"""So many runs that can still be repeated are all looked at by each sync, more of them once a day."""

LISTED = "rest:workflow_runs"
RUN = "rest:workflow_run"
WHOLE = "rest:workflow_run_whole"
"""Parts of the run whose id is in `about`, with an equals sign before it where it is stored already as it is there."""
GONE = "rest:workflow_run_gone"
"""Nothing: the run in `about` was deleted."""
FORGOTTEN = "rest:workflow_run_forgotten"
"""Nothing: the run in `about` is too old for GitHub to have it still."""


class Parts(msgspec.Struct, frozen=True):
    """What belongs to a run, each an answer of GitHub."""

    jobs: list[msgspec.Raw]
    """Pages of the list of its jobs, of all attempts."""
    attempts: list[msgspec.Raw]
    """The run as it was in its earlier attempts, those that GitHub still has."""


class RunsState(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when the unit began."""

    fetched_at: datetime
    at: datetime
    """The same moment on the provider's clock."""
    host: str
    """github.com, lower case."""
    repository: str
    """acme/shop, as it is called now."""
    pushed_at: datetime | None
    since: datetime
    """Runs created from then on are listed, to `before`."""
    before: datetime
    looks_back: bool
    """Whether the list holds all runs that the cursor knows, those that are gone left out."""


class RunsCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run of devhealth ended."""

    since: datetime
    """All runs created since then are known, or were deleted."""
    newest: datetime
    """When the newest of them was created."""
    looked_back_at: datetime
    """When all of them were listed last, on the provider's clock."""
    known: dict[int, str]
    """By id a digest of what the list said."""
    open: dict[int, str]
    """By id a digest of all there was, of runs at work or just ended: they change without the list telling."""
    totals: dict[str, tuple[int, None]]
    """Of pipeline_runs at least as many rows as there are runs that are stored and were not deleted."""
