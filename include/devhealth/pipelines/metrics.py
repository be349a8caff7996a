"""Computing metrics: what is dirty, or a range by request."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, StagingError
from devhealth.metrics import engine as metrics_engine
from devhealth.metrics.engine import Scope
from devhealth.models.unit import DayRange
from devhealth.pipelines import people
from devhealth.pipelines.reports import MetricsReport, TableTiming
from devhealth.relational import turn
from devhealth.semantic import database, dirty_ranges, organizations, repositories
from devhealth.settings import Settings
from devhealth.staging import UnitStaging
from devhealth.warehouse import connection, schema

METRICS_REPORT = "metrics.json"
"""In the staging folder: how the last computation that did anything went."""

TURN = "metrics"

_PAST = timedelta(minutes=1)
"""A computation that speaks for a time longer ago than this may take back what a later one told."""

_LOG = logging.getLogger(__name__)

OnTable = Callable[[TableTiming], None]


def _silent(timing: TableTiming) -> None:
    """Nobody listens."""


def compute_dirty(
    settings: Settings, as_of: datetime, organisation: str | None = None, on_table: OnTable = _silent
) -> MetricsReport:
    """Compute every metric over the dirty ranges, then clear exactly those; ranges marked meanwhile stay.

    Days of quiet repositories that became due since the last computation are computed too. Days after `as_of` stay
    dirty until they come, and so does its own day where something happened later on it. Two computations take turns:
    the later one sees all that the earlier one wrote.
    """
    engine = database.open_semantic(settings)
    database.check(engine)
    org_id = organizations.organization_id(engine, organisation) if organisation else None
    org_ids = [org_id] if org_id else [one.org_id for one in organizations.list_organizations(engine)]
    tomorrow = as_of.astimezone(UTC).date() + timedelta(days=1)
    with turn(engine, TURN):
        people.settle(settings, engine, org_ids, as_of)
        taken = [one for one in dirty_ranges.take(engine, org_id) if one.since < tomorrow]
        with connection.connected(settings) as client:
            schema.ensure_schema(client)
            overdue = metrics_engine.overdue(client, org_ids, as_of)
        scopes = _merged([*(Scope(one.org_id, one.repo_id, one.since, one.before) for one in taken), *overdue])
        report = _compute(settings, engine, scopes, as_of, on_table, ranges=len(taken))
        for one in taken:
            if one.before > tomorrow:
                rest = DayRange(since=tomorrow.isoformat(), before=one.before.isoformat())
                dirty_ranges.mark(engine, one.org_id, one.repo_id, [rest], reason="still to come")
        dirty_ranges.clear(engine, [one.id for one in taken])
    return report


def compute_range(
    settings: Settings,
    organisation: str | None,
    since: date | None,
    before: date | None,
    as_of: datetime,
    on_table: OnTable = _silent,
) -> MetricsReport:
    """Compute every metric of all repositories from `since` (inclusive) to `before` (exclusive), dirty or not."""
    engine = database.open_semantic(settings)
    database.check(engine)
    org_id = organizations.organization_id(engine, organisation) if organisation else None
    org_ids = [org_id] if org_id else [one.org_id for one in organizations.list_organizations(engine)]
    first, last = since or date(1970, 1, 1), before or (as_of.date() + timedelta(days=1))
    if first >= last:
        raise InputError(
            f"since {first} must come before {last}: since is the first day, before the day after the last one."
        )
    with connection.connected(settings) as client:
        schema.ensure_schema(client)
        scopes = [Scope(*one, first, last) for one in metrics_engine.repositories(client, org_ids)]
    with turn(engine, TURN):
        people.settle(settings, engine, org_ids, as_of)
        return _compute(settings, engine, scopes, as_of, on_table, ranges=0)


def _compute(
    settings: Settings, engine: Engine, scopes: list[Scope], as_of: datetime, on_table: OnTable, *, ranges: int
) -> MetricsReport:
    started, computed_at = time.monotonic(), datetime.now(UTC)
    tables: list[TableTiming] = []

    def note(table: str, rows: int, seconds: float) -> None:
        tables.append(TableTiming(table=table, rows=rows, seconds=seconds))
        on_table(tables[-1])

    if scopes:
        with connection.connected(settings) as client:
            schema.ensure_schema(client)
            computed_at = metrics_engine.next_time(client, sorted({scope.org_id for scope in scopes}), computed_at)
            metrics_engine.compute(
                client, scopes, as_of, computed_at, on_table=note, business_hours=settings.business_hours
            )
            is_past = as_of < datetime.now(UTC) - _PAST
            _mark_untold(engine, metrics_engine.untold(client, scopes, as_of, of_all=is_past))
    report = MetricsReport(
        ranges=ranges,
        repositories=len({(scope.org_id, scope.repo_id) for scope in scopes}),
        computed_at=computed_at,
        seconds=time.monotonic() - started,
        tables=tables,
    )
    if scopes:
        try:
            UnitStaging(settings.staging_uri).write(METRICS_REPORT, msgspec.json.encode(report))
        except (
            StagingError,
            OSError,
        ) as error:  # the rows are stored: their report is not worth a failure
            _LOG.warning("the report of this computation is not kept: %s", error)
    return report


def _mark_untold(engine: Engine, untold: list[Scope]) -> None:
    known: dict[str, set[str]] = {}
    for one in untold:
        names = known.setdefault(one.org_id, set(repositories.names(engine, one.org_id)))
        if one.repo_id in names:
            days = [DayRange(since=one.since.isoformat(), before=one.before.isoformat())]
            dirty_ranges.mark(engine, one.org_id, one.repo_id, days, reason="later than the computation")


def _merged(scopes: list[Scope]) -> list[Scope]:
    """Overlapping and touching ranges of a repository as one."""
    merged: list[Scope] = []
    for scope in sorted(scopes, key=lambda one: (one.org_id, one.repo_id, one.since, one.before)):
        last = merged[-1] if merged else None
        if last and (last.org_id, last.repo_id) == (scope.org_id, scope.repo_id) and scope.since <= last.before:
            merged[-1] = Scope(last.org_id, last.repo_id, last.since, max(last.before, scope.before))
        else:
            merged.append(scope)
    return merged
