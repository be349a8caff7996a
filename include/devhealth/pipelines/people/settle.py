"""Make the stores hold what the semantic database says of people and teams.

The days a change touches are marked dirty before the rows that change are written, and only a store that holds every
row has nothing left to do. So a run killed anywhere is made good by the next one, and a repeated run does nothing.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from devhealth.errors import StoreError
from devhealth.models.people import IdentityMapping, TeamAssignment
from devhealth.models.table import Record
from devhealth.pipelines.people import accounts, dirty_days, said
from devhealth.pipelines.people.changes import Difference, rows_to_write
from devhealth.pipelines.people.said import Said
from devhealth.relational import turn
from devhealth.settings import Settings
from devhealth.sinks import Sink, open_sink

TURN = "people"
"""Held while stores are settled: what is written was read within the same turn."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settlement did."""

    rows: int
    """Written to the first store, removals included."""
    ranges: int
    """Marked dirty."""
    warnings: tuple[str, ...]
    """Globs that match nothing, and repositories that two teams claim alike."""


def settle(settings: Settings, engine: Engine, org_ids: Sequence[str], as_of: datetime | None = None) -> Settled:
    """Bring identities and teams of these organisations to the stores, and mark the days they touch dirty.

    To be called with the turn of metrics held: a computation that took the days before the rows are written would read
    them as they were. `as_of` is the time the next computation speaks for, when it is not now. A secondary store that
    is out of reach is warned of and caught up with by a later call.
    """
    if not org_ids:
        return Settled(0, 0, ())
    with turn(engine, TURN):
        now = datetime.now(UTC)
        now_said = said.read(engine, org_ids, now)
        (first, *others) = _stores(settings)
        rows, ranges = _settle_store(first, engine, org_ids, now_said, now, as_of or now)
        for other in others:
            try:
                _settle_store(other, engine, org_ids, now_said, now, now)
            except StoreError as error:
                _LOG.warning("people and teams are not in the second store yet: %s", error)
    if rows:
        for warning in now_said.warnings:
            _LOG.warning(warning)
    return Settled(rows, ranges, now_said.warnings)


def _stores(settings: Settings) -> list[Settings]:
    """Settings of each store alone, the one metrics are computed in first."""
    kinds = [
        *(["clickhouse"] if settings.sink != "sql" or settings.clickhouse_uri else []),
        *(["sql"] if settings.sink != "clickhouse" else []),
    ]
    return [dataclasses.replace(settings, sink=kind) for kind in kinds]


def _settle_store(
    store: Settings, engine: Engine, org_ids: Sequence[str], now_said: Said, now: datetime, as_of: datetime
) -> tuple[int, int]:
    """Rows written and ranges marked; only the store of the metrics has days to mark."""
    with open_sink(store) as sink:
        difference = asyncio.run(_compare(sink, org_ids, now_said, now))
        rows: list[Record] = [*difference.identities, *difference.teams]
        is_of_metrics = store.sink == "clickhouse"
        ranges = 0
        if rows and is_of_metrics:
            ranges = dirty_days.mark(sink.session, engine, difference, now_said, as_of.date())
        if rows:
            asyncio.run(sink.write_batch(rows, sink.session))
        for org_id in org_ids if is_of_metrics else ():
            changed = accounts.changed(sink.session, org_id, now)
            if changed:
                ranges += dirty_days.mark_accounts(sink.session, engine, changed)
                asyncio.run(sink.write_batch([*changed], sink.session))
                rows += changed
    return len(rows), ranges


async def _compare(sink: Sink, org_ids: Sequence[str], now_said: Said, now: datetime) -> Difference:
    identities = await sink.read(IdentityMapping, org_ids, sink.session)
    teams = await sink.read(TeamAssignment, org_ids, sink.session)
    return Difference(
        identities=rows_to_write(now_said.identities, identities, now),
        teams=rows_to_write(now_said.teams, teams, now),
        held_identities=identities,
        held_teams=teams,
    )
