"""Reading an overview from the stores."""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from sqlalchemy.engine import Engine
from upath import UPath

from devhealth.errors import UnknownName
from devhealth.pipelines.metrics import METRICS_REPORT
from devhealth.pipelines.overview.delivery import deliveries
from devhealth.pipelines.overview.model import Hotspot, Overview, RepositoryOverview, StageTotals, Totals, Week
from devhealth.pipelines.overview.queries import Rows, by_repository, rows_of
from devhealth.pipelines.overview.stored import stored_repositories
from devhealth.pipelines.reports import MetricsReport
from devhealth.semantic import database, organizations, sync_runs
from devhealth.settings import Settings
from devhealth.warehouse import connection

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
            for one in _repositories(client, engine, slug, org_id, repository, weeks, hotspots)
        ]
    if repository and not found:
        raise UnknownName(f"repository {repository!r} is not stored. `devhealth show` without --repo lists what is.")
    is_everybody = len(known) == len(every)
    last_run = _last_run(settings, engine, list(known.values()), is_everybody=is_everybody)
    return Overview(repositories=found, last_run=last_run)


def _repositories(
    client: Any, engine: Engine, slug: str, org_id: str, repository: str | None, weeks: int, hotspots: int
) -> Iterator[RepositoryOverview]:
    chosen = stored_repositories(client, engine, org_id, repository)
    if not chosen:
        return
    parameters = {"org_id": org_id, "repo_ids": list(chosen), "weeks": weeks}
    totals, files, by_week, bus, merged = (
        by_repository(client, query, parameters) for query in ("totals", "files", "weeks", "bus_factor", "merged")
    )
    spots = _hotspots(client, parameters, hotspots)
    delivered = deliveries(client, org_id, {repo_id: one.read for repo_id, one in chosen.items() if one.has_delivery})
    for repo_id, one in chosen.items():
        none_merged = {"pull_requests_merged": 0 if "prs" in one.read else None}
        risk = bus.get(repo_id, [{}])[0]
        hot = spots.get(repo_id, [])
        yield RepositoryOverview(
            organisation=slug,
            repo_id=repo_id,
            name=one.name,
            default_branch=one.git.get("default_branch"),
            is_shallow=one.git.get("is_shallow", False),
            totals=_totals(totals.get(repo_id), files.get(repo_id)) if one.git else None,
            weeks=[_week(week) for week in reversed(by_week.get(repo_id, []))],
            hotspots=[_convert(spot, Hotspot) for spot in hot],
            hotspots_as_of=hot[0]["as_of"] if hot else None,
            bus_factor_30d=risk.get("bus_factor_30d"),
            bus_factor_day=risk.get("day"),
            pull_requests_merged=merged.get(repo_id, [none_merged])[0]["pull_requests_merged"],
            delivery=delivered.get(repo_id),
        )


def _hotspots(client: Any, parameters: dict[str, Any], most: int) -> Rows:
    newest = rows_of(client, "newest_hotspots", parameters)
    if not newest:
        return {}
    snapshots = [(row["repo_id"], row["as_of"]) for row in newest]
    days = sorted({day for _, day in snapshots})  # a column of the partition: only those parts are read
    return by_repository(client, "hotspots", parameters | {"snapshots": snapshots, "days": days, "most": most})


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
    except (OSError, msgspec.DecodeError):  # dropped meanwhile, or written by another version
        return None
