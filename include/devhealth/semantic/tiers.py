"""Tiers: how many days of the past one backfill of an organisation may cover. Every way of asking passes `check`."""

from datetime import date

from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, TierExceeded, UnknownName
from devhealth.relational import reading, writing
from devhealth.semantic.tables import organizations, tiers

FIRST_TIER = "community"
"""Where an organisation begins."""


def check(engine: Engine, org_id: str, since: date, before: date) -> None:
    """Raise TierExceeded when `since` (inclusive) to `before` (exclusive) is more days than the organisation may ask.

    Raises UnknownName for an organisation that does not exist.
    """
    query = select(organizations.c.slug, organizations.c.tier).where(organizations.c.org_id == org_id)
    with reading(engine) as connection:
        found = connection.execute(query).one_or_none()
    if found is None:
        raise UnknownName(f"no organisation has the id {org_id!r}. `devhealth admin list-orgs` shows all.")
    _check(engine, found.slug, found.tier, since, before)


def check_slug(engine: Engine, slug: str, since: date, before: date) -> None:
    """As `check`, for an organisation that may have to be made first: then it would begin on FIRST_TIER."""
    with reading(engine) as connection:
        tier = connection.execute(select(organizations.c.tier).where(organizations.c.slug == slug)).scalar()
    _check(engine, slug, tier or FIRST_TIER, since, before)


def limits(engine: Engine) -> dict[str, int | None]:
    """Days a backfill may cover by tier, the fewest first; None is any number."""
    with reading(engine) as connection:
        found = {row.tier: row.backfill_days for row in connection.execute(select(tiers.c.tier, tiers.c.backfill_days))}
    return dict(sorted(found.items(), key=lambda one: (one[1] is None, one[1] or 0, one[0])))


def set_tier(engine: Engine, org_id: str, tier: str) -> None:
    """Put an organisation on a tier; raises UnknownName for a tier or an organisation that does not exist."""
    require(engine, tier)
    with writing(engine) as connection:
        changed = connection.execute(update(organizations).where(organizations.c.org_id == org_id).values(tier=tier))
    if not changed.rowcount:
        raise UnknownName(f"no organisation has the id {org_id!r}. `devhealth admin list-orgs` shows all.")


def set_limit(engine: Engine, tier: str, days: int | None) -> None:
    """Let backfills of a tier cover that many days, None for any number.

    Raises UnknownName for a tier that does not exist and InputError for less than a day.
    """
    require(engine, tier)
    if days is not None and days < 1:
        raise InputError(f"the limit of tier {tier} is {days} days: expected at least 1, or unlimited.")
    with writing(engine) as connection:
        connection.execute(update(tiers).where(tiers.c.tier == tier).values(backfill_days=days))


def require(engine: Engine, tier: str) -> None:
    """Raise UnknownName, listing the tiers, for one that does not exist."""
    known = limits(engine)
    if tier not in known:
        raise UnknownName(f"tier {tier!r} does not exist. There are: {', '.join(known)}.")


def _check(engine: Engine, slug: str, tier: str, since: date, before: date) -> None:
    limit, asked = limits(engine)[tier], (before - since).days
    if limit is None or asked <= limit:
        return
    raise TierExceeded(
        f'organisation "{slug}" is on the {tier} tier: a backfill covers at most {_counted(limit)}, {asked:,} asked '
        f"({since} to {before}). Shorten the range or raise the tier with `devhealth admin set-tier`."
    )


def _counted(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"
