"""Reading an overview from the stores."""

from collections.abc import Iterator
from importlib import resources
from typing import Any, TypeVar

import msgspec
from sqlalchemy.engine import Engine
from upath import UPath

from devhealth.errors import UnknownName
from devhealth.pipelines.metrics import METRICS_REPORT
from devhealth.pipelines.overview.model import Hotspot, Overview, RepositoryOverview, StageTotals, Totals, Week
from devhealth.pipelines.reports import MetricsReport
from devhealth.semantic import database, organizations, sync_runs
from devhealth.settings import Settings
from devhealth.warehouse import connection

Rows = dict[str, list[dict[str, Any]]]
Report = TypeVar("Report")


def overview(
    settings: Settings,
    organisation: str | None = None,
    repository: str | None = None,
    *,
    weeks: int = 8,
    hotspots: int = 8,
) -> Overview:
    """What is known of the repositories, of one organisation or of all, by name.

    Raises UnknownName for an organisation or repository that is not there.
    """
    connection.check(settings)
    engine = database.open_semantic(settings)
    database.check(engine)
    every = {one.slug: one.org_id for one in organizations.list_organizations(engine)}
    known = every
    if organisation:
        known = {organisation: organizations.organization_id(engine, organisation)}
    with connection.connected(settings) as client:
        found = [
            one
            for slug, org_id in sorted(known.items())
            for one in _repositories(client, slug, org_id, repository, weeks, hotspots)
        ]
    if repository and not found:
        raise UnknownName(f"repository {repository!r} is not stored. `devhealth show` without --repo lists what is.")
    is_everybody = len(known) == len(every)
    last_run = _last_run(settings, engine, list(known.values()), is_everybody=is_everybody)
    return Overview(repositories=found, last_run=last_run)


def _repositories(
    client: Any, slug: str, org_id: str, repository: str | None, weeks: int, hotspots: int
) -> Iterator[RepositoryOverview]:
    chosen = [
        row
        for row in _rows(client, "repositories", {"org_id": org_id})
        if repository in (None, row["name"], row["repo_id"])
    ]
    if not chosen:
        return
    parameters = {"org_id": org_id, "repo_ids": [row["repo_id"] for row in chosen], "weeks": weeks}
    totals, files, by_week, bus = (
        _by_repository(client, query, parameters) for query in ("totals", "files", "weeks", "bus_factor")
    )
    spots = _hotspots(client, parameters, hotspots)
    for row in chosen:
        repo_id = row["repo_id"]
        risk = bus.get(repo_id, [{}])[0]
        hot = spots.get(repo_id, [])
        yield RepositoryOverview(
            organisation=slug,
            repo_id=repo_id,
            name=row["name"],
            default_branch=row["default_branch"],
            is_shallow=row["is_shallow"],
            totals=_totals(totals.get(repo_id), files.get(repo_id)),
            weeks=[_week(week) for week in reversed(by_week.get(repo_id, []))],
            hotspots=[_convert(spot, Hotspot) for spot in hot],
            hotspots_as_of=hot[0]["as_of"] if hot else None,
            bus_factor_30d=risk.get("bus_factor_30d"),
            bus_factor_day=risk.get("day"),
        )


def _hotspots(client: Any, parameters: dict[str, Any], most: int) -> Rows:
    newest = _rows(client, "newest_hotspots", parameters)
    if not newest:
        return {}
    snapshots = [(row["repo_id"], row["as_of"]) for row in newest]
    days = sorted({day for _, day in snapshots})  # a column of the partition: only those parts are read
    return _by_repository(client, "hotspots", parameters | {"snapshots": snapshots, "days": days, "most": most})


def _totals(commits: list[dict[str, Any]] | None, files: list[dict[str, Any]] | None) -> Totals:
    nothing = dict.fromkeys(Totals.__struct_fields__, 0) | {"first_commit_at": None, "last_commit_at": None}
    return _convert(nothing | (commits or [{}])[0] | (files or [{}])[0], Totals)


def _week(row: dict[str, Any]) -> Week:
    daily = [0] * 7
    for weekday, commits in row["daily_commits"]:
        daily[weekday - 1] = commits
    return _convert(row | {"daily_commits": daily, "people": row["people"] or 0}, Week)


def _convert(row: dict[str, Any], kind: type[Report]) -> Report:
    return msgspec.convert(row, kind)


def _by_repository(client: Any, query: str, parameters: dict[str, Any]) -> Rows:
    grouped: Rows = {}
    for row in _rows(client, query, parameters):
        grouped.setdefault(row["repo_id"], []).append(row)
    return grouped


def _rows(client: Any, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    text = resources.files("devhealth.pipelines.overview").joinpath(f"{query}.sql").read_text()
    rows, columns = client.execute(text, parameters, with_column_types=True)
    return [dict(zip((name for name, _ in columns), row, strict=True)) for row in rows]


def _last_run(settings: Settings, engine: Engine, org_ids: list[str], *, is_everybody: bool) -> list[StageTotals]:
    units = sync_runs.newest(engine, org_ids)
    rows = sum(unit.rows for unit in units)
    stages = [
        StageTotals(stage="fetch", seconds=sum(unit.fetch_seconds for unit in units), rows=0),
        StageTotals(stage="process", seconds=sum(unit.process_seconds for unit in units), rows=rows),
        StageTotals(stage="store", seconds=sum(unit.store_seconds for unit in units), rows=rows),
    ]
    metrics = _last_computation(settings) if is_everybody else None  # it counts the rows of all organisations
    if metrics:
        total = sum(table.rows for table in metrics.tables)
        stages.append(StageTotals(stage="metrics", seconds=metrics.seconds, rows=total))
    return stages if units or metrics else []


def _last_computation(settings: Settings) -> MetricsReport | None:
    try:
        return msgspec.json.decode((UPath(settings.staging_uri) / METRICS_REPORT).read_bytes(), type=MetricsReport)
    except (FileNotFoundError, msgspec.DecodeError):  # dropped meanwhile, or written by another version
        return None
