"""An organisation with a configuration to fill, and what a test asks of it."""

from datetime import date

import pytest
from sqlalchemy import select

from devhealth.pipelines import setup
from devhealth.pipelines.backfill import BackfillRequest
from devhealth.relational import reading
from devhealth.semantic import configurations, database, organizations, tiers
from devhealth.semantic.tables import metadata
from devhealth.warehouse.connection import connected

SINCE, BEFORE = date(2026, 3, 1), date(2026, 3, 29)
"""Four windows; the shop has a commit on each of the first five days."""


@pytest.fixture
def acme(settings, shop):
    """The id of an organisation without limits, whose configuration `shop` reads the shop."""
    setup.register_source(settings, "acme", str(shop.path), targets=["git"])
    return unlimited(settings, "acme")


def unlimited(settings, slug):
    engine = database.open_semantic(settings)
    org_id = organizations.ensure_organization(engine, slug)
    tiers.set_tier(engine, org_id, "enterprise")
    return org_id


def configure(settings, org_id, name, sources, **changes):
    fields = {"provider": "local_git", "targets": ["git"], "options": {}}
    engine = database.open_semantic(settings)
    return configurations.save(
        engine, **(fields | {"org_id": org_id, "name": name, "sources": list(map(str, sources))} | changes)
    )


def asked(**changes):
    fields = {"organisation": "acme", "configuration": "shop", "since": SINCE, "before": BEFORE}
    return BackfillRequest(**(fields | changes))


def rows_of(settings, name):
    """All rows of a semantic table."""
    table = metadata.tables[name]
    with reading(database.open_semantic(settings)) as connection:
        return connection.execute(select(table).order_by(*table.primary_key.columns)).all()


def query(settings, sql):
    with connected(settings) as client:
        return client.execute(sql)
