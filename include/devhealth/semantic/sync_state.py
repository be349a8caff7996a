"""How far everything an organisation syncs has come, read in a few queries: configurations, targets, dirty days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Engine

from devhealth.models.unit import source_digest
from devhealth.relational import reading
from devhealth.semantic import repositories as named_repositories
from devhealth.semantic.tables import metric_dirty_ranges, repositories, sync_configurations, sync_runs, sync_watermarks


@dataclass(frozen=True, slots=True)
class ConfigurationState:
    """One sync configuration and its last run."""

    name: str
    provider: str
    targets: list[str]
    sources_count: int
    is_discovering: bool
    """Whether each plan looks for more sources than those counted."""
    is_paused: bool
    schedule: str | None
    last_run_at: datetime | None
    last_outcome: str | None
    """succeeded, partly_failed or failed; None before its first run."""
    last_error: str | None


@dataclass(frozen=True, slots=True)
class TargetState:
    """One target of a repository, or of a source that was never reached: then there is no `repo_id`."""

    repository: str
    repo_id: str | None
    target: str
    configuration: str | None
    watermark: datetime | None
    """Up to when it is stored; None before its first success."""
    lag_seconds: float | None
    last_outcome: str | None
    """How its newest unit of a sync ended: stored, damaged or failed; None when that was before units were kept."""
    last_error: str | None
    gone_since: datetime | None = None
    """Since when the repository is not at its provider any more."""


@dataclass(frozen=True, slots=True)
class DirtyDays:
    """Days whose metrics must be computed again; a day of two repositories counts twice."""

    ranges_count: int = 0
    days_count: int = 0
    repositories_count: int = 0
    oldest: date | None = None
    waiting_since: datetime | None = None


def configurations(engine: Engine, org_id: str) -> list[ConfigurationState]:
    """The configurations of an organisation, by name."""
    with reading(engine) as connection:
        return [
            ConfigurationState(
                name=row.name,
                provider=row.provider,
                targets=list(row.targets),
                sources_count=len(row.sources),
                is_discovering=bool(row.discovery),
                is_paused=bool(row.is_paused),
                schedule=row.schedule,
                last_run_at=row.last_run_at,
                last_outcome=row.last_outcome,
                last_error=row.last_error,
            )
            for row in _configurations(connection, org_id)
        ]


def targets(engine: Engine, org_id: str, as_of: datetime) -> list[TargetState]:
    """What is stored of each target of each repository, by name. What no configuration reads any more is left out."""
    with reading(engine) as connection:
        marks = _watermarks(connection, org_id)
        called = named_repositories.called(connection, org_id)
        newest = _newest_units(connection, org_id)
        is_read = _Reading(org_id, _configurations(connection, org_id))
    found: dict[tuple[str, str], TargetState] = {}
    for unit in newest:
        key = unit["repo_id"] or unit["name"], unit["target"]
        if key not in found and is_read(unit):
            found[key] = _state(unit, marks.get(key), called, as_of)
    for key in marks.keys() - {(unit["repo_id"], unit["target"]) for unit in newest}:  # from before units were kept
        found[key] = _state({"repo_id": key[0], "target": key[1]}, marks[key], called, as_of)
    return sorted(found.values(), key=lambda one: (one.repository, one.repo_id or "", one.target))


def dirty_days(engine: Engine, org_id: str, as_of: datetime) -> DirtyDays:
    """How much of an organisation waits for its metrics. Overlapping ranges of a repository count once.

    Days after `as_of`, of commits dated ahead, do not wait: nobody can compute them before they come.
    """
    table = metric_dirty_ranges.c
    tomorrow = as_of.astimezone(UTC).date() + timedelta(days=1)
    query = select(table.repo_id, table.since, table.before, table.created_at)
    with reading(engine) as connection:
        rows = connection.execute(query.where(table.org_id == org_id, table.since < tomorrow)).all()
    if not rows:
        return DirtyDays()
    days: dict[str, set[int]] = {}
    for row in rows:
        before = min(row.before, tomorrow)
        days.setdefault(row.repo_id, set()).update(range(row.since.toordinal(), before.toordinal()))
    return DirtyDays(
        ranges_count=len(rows),
        days_count=sum(map(len, days.values())),
        repositories_count=len(days),
        oldest=min(row.since for row in rows),
        waiting_since=min(row.created_at for row in rows),
    )


class _Reading:
    """Tells the units that a sync of today would have from those of sources taken out since."""

    def __init__(self, org_id: str, rows: Sequence[Any]) -> None:
        self._org_id = org_id
        self._rows = {(row.provider, row.name): row for row in rows}

    def __call__(self, unit: dict[str, Any]) -> bool:
        row = self._rows.get((unit["provider"], unit["configuration"]))
        if row is None or row.discovery:
            return row is not None
        digests = (source_digest(self._org_id, row.name, source, unit["target"]) for source in row.sources)
        return str(unit["unit_id"]).endswith(tuple(digests))


def _state(unit: dict[str, Any], mark: Any, called: Mapping[str, str], as_of: datetime) -> TargetState:
    # A sync that finds nothing new has no unit, but it moves the watermark: what failed before it is over.
    is_over = bool(mark and unit.get("outcome") == "failed" and mark.at > unit["before"])
    return TargetState(
        repository=called.get(unit["repo_id"] or "") or unit["name"],
        repo_id=unit["repo_id"],
        target=unit["target"],
        configuration=unit.get("configuration"),
        watermark=mark.at if mark else None,
        lag_seconds=max(0.0, (as_of - mark.at).total_seconds()) if mark else None,
        last_outcome="stored" if is_over else unit.get("outcome"),
        last_error=None if is_over or (mark and mark.gone_since) else unit.get("error"),
        gone_since=mark.gone_since if mark else None,
    )


def _configurations(connection: Connection, org_id: str) -> Sequence[Any]:
    table = sync_configurations.c
    query = select(sync_configurations).where(table.org_id == org_id).order_by(table.name, table.provider)
    return connection.execute(query).all()


def _watermarks(connection: Connection, org_id: str) -> dict[tuple[str, str], Any]:
    marks, named = sync_watermarks.c, repositories.c
    query = (
        select(marks.repo_id, named.gone_since, marks.target, marks.at)
        .join(repositories, (named.org_id == marks.org_id) & (named.repo_id == marks.repo_id))
        .where(marks.org_id == org_id)
    )
    return {(row.repo_id, row.target): row for row in connection.execute(query)}


def _newest_units(connection: Connection, org_id: str) -> list[dict[str, Any]]:
    """The newest unit of each source and target, the newest first; backfills do not count.

    A source that was once reached and now is not keeps its `repo_id`: the digest in the id of its units is the same.
    """
    table = sync_runs.c
    newest_first = (table.finished_at.desc(), table.run_id.desc())
    rank = func.row_number().over(partition_by=(table.unit_id, table.repo_id), order_by=newest_first)
    ranked = select(sync_runs, rank.label("place")).where(table.org_id == org_id, table.mode != "backfill").subquery()
    query = select(ranked).where(ranked.c.place == 1).order_by(ranked.c.finished_at.desc(), ranked.c.run_id.desc())
    by_digest: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query).mappings():
        newest = by_digest.setdefault(row["unit_id"].rpartition("-")[2], dict(row))
        newest["repo_id"] = newest["repo_id"] or row["repo_id"]
    return list(by_digest.values())
