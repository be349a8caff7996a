"""The version of what a unit reads, taken from the semantic database when the unit first looks at its source."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from devhealth.models.unit import Unit
from devhealth.semantic import database, record_versions, watermarks
from devhealth.settings import Settings
from devhealth.sinks import open_sink
from devhealth.staging import UnitStaging

OBSERVED = "observed"
OVERLAPS = "overlaps"


def begin(settings: Settings, unit: Unit) -> datetime:
    """A version greater than all that were given; noted in the unit's staging.

    A unit of a sync goes on from a cursor. Where another one has looked since that one was left, it may store what the
    cursor knows nothing of: that is noted too, and the unit tells of everything instead of what has changed.
    """
    engine = database.open_semantic(settings)
    staging = UnitStaging(unit.staging)
    try:
        above = None if record_versions.newest(engine, unit.org_id) else _newest_stored(settings, unit.org_id)
        now = datetime.now(UTC)
        if unit.mode == "backfill":
            return record_versions.take(engine, unit.org_id, now=now, above=above).version
        taken = record_versions.take(
            engine, unit.org_id, now=now, above=above, repo_id=unit.repo_id, target=unit.target
        )
        if taken.before and taken.before != _of_cursor(engine, unit):
            staging.write(OVERLAPS, b"")
    finally:
        engine.dispose()
    staging.write(OBSERVED, taken.version.isoformat().encode())
    return taken.version


def taken_by(staging: UnitStaging) -> datetime | None:
    """The version a unit took; None when it has not looked at its source."""
    noted = staging.read(OBSERVED)
    return datetime.fromisoformat(noted.decode()) if noted else None


def _of_cursor(engine: Engine, unit: Unit) -> datetime | None:
    stood = watermarks.read(engine, unit.org_id, unit.repo_id, unit.target)
    return stood.version if stood else None


def _newest_stored(settings: Settings, org_id: str) -> datetime | None:
    """What a store holds that was filled before versions were kept, maybe by a clock that ran ahead."""
    with open_sink(settings) as sink:
        return asyncio.run(sink.newest(org_id, sink.session))
