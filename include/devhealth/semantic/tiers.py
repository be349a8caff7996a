"""Tiers: how many days of the past one backfill of an organisation may cover. Every way of asking passes `check`."""

from datetime import date

from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, TierExceeded, UnknownName
from devhealth.relational import reading, writing
from devhealth.semantic.tables import organizations, tiers


def check(engine: Engine, org_id: str, since: date, before: date) -> None:
    """Raise TierExceeded when `since` (inclusive) to `before` (exclusive) is more days than the organisation may ask.

    Raises UnknownName for an organisation that does not exist.
    """
    query = (
        select(organizations.c.slug, tiers.c.tier, tiers.c.backfill_days)
        .join(tiers, organizations.c.tier == tiers.c.tier)
        .where(organizations.c.org_id == org_id)
    )
    with reading(engine) as connection:
        found = connection.execute(query).one_or_none()
    if found is None:
        raise UnknownName(f"no organisation has the id {org_id!r}. `devhealth admin list-orgs` shows all.")
    asked = (before - since).days
    if found.backfill_days is None or asked <= found.backfill_days:
        return
    raise TierExceeded(
        f'organisation "{found.slug}" is on the {found.tier} tier: a backfill covers at most '
        f"{_counted(found.backfill_days)}, {asked:,} asked ({since} to {before}). "
        "Shorten the range or raise the tier with `devhealth admin set-tier`."
    )


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


def _counted(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"
