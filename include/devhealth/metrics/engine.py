"""Compute metric tables: one statement a table, over all repositories and days whose inputs changed.

A recompute covers whole keys. Whoever computed last wins (`computed_at`); keys the scope no longer yields are
withdrawn, so that an author gone after a force-push or a renamed file does not linger in `<table>_latest`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from devhealth.metrics import statements
from devhealth.metrics.definitions import FOLDER, Definition, all_definitions
from devhealth.metrics.ranges import OutputDays, Scope, of_organisations, output_days, passes, read_from

__all__ = ["Scope", "TableReport", "compute", "execute", "next_time", "overdue", "repositories", "untold"]

_SETTINGS = {
    "max_bytes_before_external_group_by": 1 << 30,
    "max_bytes_before_external_sort": 1 << 30,
    "server_side_params": True,
}

_OVERDUE = [path.read_text(encoding="utf-8") for path in sorted((FOLDER / "overdue").glob("*.sql"))]
_REPOSITORIES = (FOLDER / "repositories.sql").read_text(encoding="utf-8")
_LATER_FACTS = (FOLDER / "later_facts.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class TableReport:
    """What one table took."""

    table: str
    rows: int
    """Written, withdrawals included."""
    seconds: float


@dataclass(frozen=True, slots=True)
class _Run:
    """What all statements of one computation share."""

    as_of: datetime
    computed_at: datetime
    business_hours: tuple[int, int]


def compute(
    client: Any,
    scopes: Iterable[Scope],
    as_of: datetime,
    computed_at: datetime,
    on_table: Callable[[str, int, float], None] | None = None,
    *,
    business_hours: tuple[int, int] = (9, 17),
) -> list[TableReport]:
    """Compute every metric table where `scopes`, days whose inputs changed, make it necessary; a report a table.

    What happened after `as_of` is left out and no row is later than its day. `computed_at` must be taken before this
    call, so that a run which saw more inputs wins. The same inputs and `as_of` give the same rows, `computed_at` apart.
    """
    run = _Run(as_of.astimezone(UTC), computed_at.astimezone(UTC), business_hours)
    changed = list(scopes)
    reports = []
    for definition in all_definitions():
        started = time.monotonic()
        days = output_days(changed, definition.window_days, run.as_of.date())
        if definition.scope == "organisation":
            days = of_organisations(days)
        rows = sum(_compute_pass(client, definition, days_of_pass, run) for days_of_pass in passes(days))
        report = TableReport(definition.name, rows, time.monotonic() - started)
        reports.append(report)
        if on_table:
            on_table(report.table, report.rows, report.seconds)
    return reports


def overdue(client: Any, org_ids: list[str], as_of: datetime) -> list[Scope]:
    """Days of repositories that no longer read as reported although nothing of those days was stored.

    Quiet days become due by the passing of time, others because a record stands for another day now: each file of
    `overdue/` finds one kind, none of them after `as_of`.
    """
    parameters = {"org_ids": org_ids, "as_of_day": as_of.astimezone(UTC).date()}
    return [
        Scope(org_id, repo_id, first, last + timedelta(days=1))
        for statement in _OVERDUE
        for org_id, repo_id, first, last in execute(client, statement, parameters)
    ]


def untold(client: Any, scopes: Iterable[Scope], as_of: datetime, *, of_all: bool) -> list[Scope]:
    """Days of what was just computed that read differently once `as_of` has passed, and must stay dirty.

    These are facts later than `as_of` on its own day, later answers to pull requests, and days after it that look back
    over the scopes. With `of_all` facts of the other repositories count too: days of teams rest on them as well.
    """
    found = []
    by_organisation: dict[str, set[str]] = {}
    for scope in scopes:
        by_organisation.setdefault(scope.org_id, set()).add(scope.repo_id)
    for org_id, computed in sorted(by_organisation.items()):
        repo_ids = {repo_id for _, repo_id in repositories(client, [org_id])} if of_all else computed
        day, until = as_of.astimezone(UTC).date(), _until(as_of)
        parameters = {
            "org_id": org_id,
            "repo_ids": sorted(repo_ids),
            "until": until.strftime("%Y-%m-%d %H:%M:%S"),
            "day_after": f"{day + timedelta(days=1)} 00:00:00",
            "as_of_day": day,
        }
        for repo_id, first, last in execute(client, _LATER_FACTS, parameters):
            if first <= day or repo_id in computed:
                found.append(Scope(org_id, repo_id, first, last + timedelta(days=1)))
    return found


def next_time(client: Any, org_ids: list[str], now: datetime) -> datetime:
    """The `computed_at` of a computation that begins now: `now`, or later than all that is stored.

    A clock that steps back, or two machines whose clocks differ, must not let older rows win.
    """
    newest = " union all ".join(
        f"select max(computed_at) as newest_at from {definition.name} where org_id in {{org_ids:Array(String)}}"  # noqa: S608 - declared
        for definition in all_definitions()
    )
    [(newest_at,)] = execute(client, f"select max(newest_at) from ({newest})", {"org_ids": org_ids})  # noqa: S608 - declared
    after: datetime = newest_at.replace(tzinfo=UTC) + timedelta(microseconds=1)
    return max(now, after)


def repositories(client: Any, org_ids: list[str]) -> list[tuple[str, str]]:
    """Organisation and id of all repositories and other scopes that have records."""
    rows: list[tuple[str, str]] = execute(client, _REPOSITORIES, {"org_ids": org_ids})
    return rows


def execute(client: Any, statement: str, parameters: dict[str, Any]) -> Any:
    """What a statement with `{name:Type}` parameters returns; ClickHouse itself puts them in place."""
    return client.execute(statement, parameters, settings=_SETTINGS)


def _compute_pass(client: Any, definition: Definition, days: list[OutputDays], run: _Run) -> int:
    parameters = _parameters(client, definition, days, run)
    execute(client, statements.changes(definition), parameters)
    return int(client.last_query.progress.written_rows)


def _parameters(client: Any, definition: Definition, days: list[OutputDays], run: _Run) -> dict[str, Any]:
    org_id = days[0].org_id
    last: date = max(one.last for one in days)
    repo_ids = sorted({one.repo_id for one in days})
    if definition.scope == "organisation":
        repo_ids = [repo_id for _, repo_id in repositories(client, [org_id])]
    until = _until(run.as_of)
    before = min(datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC), until)
    return {
        "table": definition.name,
        "definition_version": definition.version,
        "computed_at": run.computed_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "org_id": org_id,
        "repo_ids": repo_ids,
        "since": f"{read_from(days, definition.window_days)} 00:00:00",
        "before": before.strftime("%Y-%m-%d %H:%M:%S"),
        "until": until.strftime("%Y-%m-%d %H:%M:%S"),
        "first_day": min(one.first for one in days),
        "last_day": last,
        "scope_repo_ids": [one.repo_id for one in days],
        "scope_first_days": [one.first for one in days],
        "scope_last_days": [one.last for one in days],
        "as_of_day": run.as_of.date(),
        "repo_ids_at_the_end": sorted({one.repo_id for one in days if one.last == run.as_of.date()}),
        "business_hours_start": run.business_hours[0],
        "business_hours_end": run.business_hours[1],
    }


def _until(as_of: datetime) -> datetime:
    """The first second that a computation as of then leaves out."""
    return as_of.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
