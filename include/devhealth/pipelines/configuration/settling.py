"""Bringing people and teams that were just applied to ClickHouse, as far as it is there."""

from collections.abc import Collection

from devhealth.errors import DevhealthError
from devhealth.pipelines import metrics, people
from devhealth.pipelines.configuration.apply import Plan
from devhealth.relational import reading, turn_if_free
from devhealth.semantic import database, organizations
from devhealth.settings import Settings
from devhealth.warehouse import embedded

_LATER = "the next `devhealth metrics daily`, or run of the DAG that computes them, brings them there"


def settle(settings: Settings, plan: Plan) -> str | None:
    """What to say of identities and teams that changed; None when none did.

    The semantic database holds them already, so nothing that happens here is a failure; an embedded ClickHouse is not
    started for it. While metrics are computed they stay where they are: a computation that has begun would take the
    days of the change without the change.
    """
    slugs = {one.organisation for one in plan.changes if one.section in {"identities", "teams"}}
    if not slugs:
        return None
    try:
        if settings.clickhouse_uri is None and settings.sink != "sql" and embedded.status(settings.home) is None:
            return f"ClickHouse does not run now: {_LATER}"
        settled = _settle(settings, slugs)
        if settled is None:
            return f"metrics are being computed now: {_LATER}"
    except DevhealthError as error:
        return f"people and teams are not in ClickHouse yet: {_LATER} ({str(error).removesuffix('.')})"
    days = "1 range of days" if settled.ranges == 1 else f"{settled.ranges:,} ranges of days"
    return f"people and teams are in ClickHouse; {days} to compute" if settled.ranges else None


def _settle(settings: Settings, slugs: Collection[str]) -> people.Settled | None:
    engine = database.open_semantic(settings)
    try:
        with reading(engine) as connection:
            found = [organizations.find(connection, slug) for slug in sorted(slugs)]
        with turn_if_free(engine, metrics.TURN) as is_free:
            return people.settle(settings, engine, [org_id for org_id in found if org_id]) if is_free else None
    finally:
        engine.dispose()
