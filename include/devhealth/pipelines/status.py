"""How everything stands, from the semantic database alone."""

from datetime import datetime, timedelta

import msgspec

from devhealth.pipelines import backfill
from devhealth.pipelines.backfill import Ask, JobStatus
from devhealth.semantic import database, organizations, sync_state, tiers
from devhealth.semantic.organizations import Organization
from devhealth.semantic.sync_state import ConfigurationState, DirtyDays, TargetState
from devhealth.settings import Settings

RECENT = timedelta(days=30)
"""How long an ended backfill is worth a line."""


class OrganisationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All there is to say of one organisation."""

    organisation: str
    tier: str
    backfill_days: int | None
    """How many days one backfill may cover; None for any number."""
    configurations: list[ConfigurationState]
    targets: list[TargetState]
    dirty: DirtyDays
    backfills: list[JobStatus]
    """Those at work, then those that ended lately, the newest first."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Every organisation, by slug, as of an instant."""

    as_of: datetime
    organisations: list[OrganisationStatus]


def read_status(
    settings: Settings,
    as_of: datetime,
    organisation: str | None = None,
    *,
    ask: Ask | None = None,
    quiet: timedelta = timedelta(0),
) -> Status:
    """How one organisation stands, or all. Backfills whose runner is gone are reconciled first, as `list_jobs` does.

    Raises UnknownName for an organisation that does not exist.
    """
    engine = database.open_semantic(settings)
    database.check(engine)
    found = organizations.list_organizations(engine)
    if organisation:
        org_id = organizations.organization_id(engine, organisation)
        found = [one for one in found if one.org_id == org_id]
    jobs = backfill.list_jobs(settings, organisation, ask=ask, quiet=quiet) if found else []
    limits = tiers.limits(engine)

    def of(one: Organization) -> OrganisationStatus:
        return OrganisationStatus(
            organisation=one.slug,
            tier=one.tier,
            backfill_days=limits[one.tier],
            configurations=sync_state.configurations(engine, one.org_id),
            targets=sync_state.targets(engine, one.org_id, as_of),
            dirty=sync_state.dirty_days(engine, one.org_id, as_of),
            backfills=_recent([job for job in jobs if job.org_id == one.org_id], as_of),
        )

    return Status(as_of=as_of, organisations=[of(one) for one in found])


def _recent(jobs: list[JobStatus], as_of: datetime) -> list[JobStatus]:
    at_work = [job for job in jobs if job.status in {"pending", "running"}]
    ended = [job for job in jobs if job not in at_work and as_of - (job.finished_at or job.requested_at) < RECENT]
    return [*at_work, *ended]
