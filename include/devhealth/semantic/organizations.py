"""Organisations: the tenants. The id of one leads every key of everything stored."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine

from devhealth.errors import InputError, UnknownName
from devhealth.relational import insert_into, reading, writing
from devhealth.semantic import tiers
from devhealth.semantic.tables import organizations

_NAMESPACE = uuid.UUID("5f0c3f1e-3c0c-5e0e-9f51-0c8f6d1f7a10")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Organization:
    """One tenant; people type its slug."""

    org_id: str
    slug: str
    tier: str
    created_at: datetime


def ensure_organization(engine: Engine, slug: str) -> str:
    """The id of the organisation, made when it is new: always the same id for the same slug.

    Raises InputError for a slug that is not lower-case letters, digits, dots, dashes and underscores.
    """
    check_slug(slug)
    with reading(engine) as connection:
        known = find(connection, slug)
    if known:
        return known
    with writing(engine) as connection:
        return ensure(connection, slug)


def ensure(connection: Connection, slug: str) -> str:
    """As `ensure_organization`, in the caller's transaction."""
    row = {"org_id": _new_id(slug), "slug": slug, "created_at": datetime.now(UTC)}
    connection.execute(insert_into(connection, organizations).values(row).on_conflict_do_nothing())
    return str(connection.execute(select(organizations.c.org_id).where(organizations.c.slug == slug)).scalar_one())


def create_organization(engine: Engine, slug: str, tier: str = tiers.FIRST_TIER) -> Organization:
    """A new organisation. Raises InputError for one that exists or a slug that is none, UnknownName for a tier."""
    made = Organization(_new_id(slug), slug, tier, datetime.now(UTC))
    tiers.require(engine, tier)
    with writing(engine) as connection:
        row = {"org_id": made.org_id, "slug": slug, "tier": tier, "created_at": made.created_at}
        added = connection.execute(insert_into(connection, organizations).values(row).on_conflict_do_nothing())
    if not added.rowcount:
        raise InputError(f"organisation {slug} exists already. `devhealth admin set-tier` changes its tier.")
    return made


def organization_id(engine: Engine, slug: str) -> str:
    """The id of an organisation that exists; raises UnknownName, listing those that do."""
    known = {one.slug: one.org_id for one in list_organizations(engine)}
    if slug not in known:
        there = f"There are: {', '.join(known)}" if known else "There is none yet"
        raise UnknownName(
            f"organisation {slug!r} does not exist. {there}. "
            f"`devhealth sync git --org {slug} --repo-path PATH` makes it with its first repository."
        )
    return known[slug]


def find(connection: Connection, slug: str) -> str | None:
    """The id of an organisation in the caller's transaction; None when there is none of that slug."""
    return connection.execute(select(organizations.c.org_id).where(organizations.c.slug == slug)).scalar()


def lock(connection: Connection, org_id: str) -> None:
    """Hold an organisation until the transaction ends: what it owns is changed by one process at a time.

    Raises UnknownName for an organisation that does not exist.
    """
    row = select(organizations.c.org_id).where(organizations.c.org_id == org_id).with_for_update()
    if connection.execute(row).scalar() is None:
        raise UnknownName(f"organisation id {org_id!r} does not exist. `devhealth admin create-org ORG` makes one.")


def list_organizations(engine: Engine) -> list[Organization]:
    """All organisations, by slug."""
    query = select(organizations).order_by(organizations.c.slug)
    with reading(engine) as connection:
        return [Organization(row.org_id, row.slug, row.tier, row.created_at) for row in connection.execute(query)]


def check_slug(slug: str) -> None:
    """Raise InputError for a text that is no slug."""
    if not _SLUG.fullmatch(slug):
        raise InputError(
            f"organisation {slug!r} is no valid slug: expected 1 to 64 lower-case letters, digits, dots, dashes or "
            "underscores, with a letter or digit at both ends, such as acme or data-platform."
        )


def _new_id(slug: str) -> str:
    check_slug(slug)
    return str(uuid.uuid5(_NAMESPACE, slug))
