"""What a caller may ask of a backfill, and the job that comes of it."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from devhealth.errors import InputError
from devhealth.models.table import EARLIEST
from devhealth.pipelines.request import window_between
from devhealth.semantic.backfill_jobs import BackfillJob

OLDEST_FIRST, NEWEST_FIRST = "oldest_first", "newest_first"
ORDERS = (OLDEST_FIRST, NEWEST_FIRST)

_DAYS_AGO = re.compile(r"([1-9]\d{0,5})d")


class BackfillRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The days of one configuration to fill, or the job to go on with."""

    organisation: str
    """Slug."""
    configuration: str = ""
    """Name; PROVIDER/NAME where several providers have one of that name."""
    targets: tuple[str, ...] = ()
    """Empty means those the configuration names."""
    since: date | str | None = None
    """First UTC day, or `30d` for the last 30 days before `before`."""
    before: date | str | None = None
    """The UTC day after the last one; None means tomorrow, so that today is included."""
    order: str = OLDEST_FIRST
    job_id: str = ""
    """Given, this job is resumed; whatever else is given must not contradict it."""
    origin: str = "command_line"
    """command_line or dag."""
    dag_id: str = ""
    run_id: str = ""
    """The DAG run that works on it; empty for this process."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An opened job."""

    org_id: str
    job_id: str
    organisation: str
    provider: str
    configuration: str
    since: date
    before: date
    chunks: int
    """How many it has, completed ones included."""
    window_days: int
    warnings: list[str] = []
    estimate: str = ""
    """What it will cost at the provider, in a sentence; of a new job only."""

    @classmethod
    def of(
        cls, job: BackfillJob, organisation: str, chunks: int, warnings: Sequence[str] = (), estimate: str = ""
    ) -> "Job":
        """The job as it is stored."""
        return cls(
            org_id=job.org_id,
            job_id=job.job_id,
            organisation=organisation,
            provider=job.provider,
            configuration=job.configuration,
            since=job.since,
            before=job.before,
            chunks=chunks,
            window_days=job.window_days,
            warnings=list(warnings),
            estimate=estimate,
        )


def days_between(since: date | str | None, before: date | str | None, as_of: datetime) -> tuple[date, date]:
    """The days a backfill asks for, as `window_between` checks them.

    Raises InputError for a day that is missing, unreadable or in the future, and for a range without a day.
    """
    tomorrow = as_of.astimezone(UTC).date() + timedelta(days=1)
    if since is None or since == "":
        raise InputError("since is missing: expected the first day to fill, such as 2026-01-31, or 30d for 30 days.")
    relative = _DAYS_AGO.fullmatch(since) if isinstance(since, str) else None
    window = window_between(EARLIEST if relative else since, before or tomorrow, as_of)
    assert window is not None  # noqa: S101 - days were given
    first, last = window.since.date(), window.before.date()
    if relative:
        first = last - min(timedelta(days=int(relative[1])), last - date.min)
    if first < EARLIEST:
        raise InputError(f"since {since} reaches back before {EARLIEST}: no record is older. Choose a later day.")
    return first, last
