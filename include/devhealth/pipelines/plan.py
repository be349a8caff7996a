"""From sync configurations and watermarks to the units of a run."""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy.engine import Engine
from upath import UPath

from devhealth.errors import InputError, SecretError, SourceError
from devhealth.models.unit import Unit, Window, source_digest
from devhealth.pipelines import credentials, outcomes, providers
from devhealth.pipelines.discovery import sources_of
from devhealth.pipelines.request import SyncRequest, days_of, fit_for_a_path, is_run_id
from devhealth.semantic import configurations, database, organizations, repositories, sync_runs, tiers, watermarks
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.semantic.watermarks import Watermark
from devhealth.settings import Settings
from devhealth.staging import UnitStaging
from devhealth.warehouse import connection

MOST_UNITS = 1_000
"""Airflow maps at most 1,024 tasks."""
KEEP_STAGING_SECONDS = 7 * 86_400
SNAPSHOT_TARGETS = frozenset({"blame"})
"""Targets that describe the present: a backfill of the past leaves them out."""

CURSOR_AT_PLAN = "cursor-at-plan"
"""In a unit's staging: the cursor that stood when it was planned, used or not; empty when there was none."""

PLAN_WARNINGS = "plan-warnings.json"
"""In the staging of a run: what its report says beside the trouble of the units."""

Admit = Callable[[Engine, list[SyncConfiguration], Window], list[SyncConfiguration]]
"""Which of the configurations may be filled with the days of a window; may raise TierExceeded."""

_LOG = logging.getLogger(__name__)


def within_tier(engine: Engine, chosen: list[SyncConfiguration], window: Window) -> list[SyncConfiguration]:
    """All of them, when no organisation asks for more days than its tier allows. Raises TierExceeded."""
    since, before = days_of(window)
    for org_id in dict.fromkeys(one.org_id for one in chosen):
        tiers.check(engine, org_id, since, before)
    return chosen


def plan_sync(settings: Settings, request: SyncRequest, admit: Admit = within_tier) -> list[Unit]:
    """The units of a run: one a source, target and window, of what the probes say has changed.

    A source that cannot be reached becomes a unit all the same, so that its trouble is recorded as its own failure. A
    source without news is stored up to the run's time: its watermark moves there, and its configuration says that it
    has been looked at.
    Raises InputError, UnknownName or TierExceeded before anything is fetched.
    """
    engine = database.open_semantic(settings)
    database.check(engine)
    _drop_stale_staging(settings)
    chosen = _configurations(engine, request)
    if request.window:
        chosen = admit(engine, chosen, request.window)
    found = [(configuration, sources_of(settings, configuration)) for configuration in chosen]
    _leave_warnings(settings, request, [warning for _, sources in found for warning in sources.warnings])
    read_from: dict[tuple[str, str, str], str] = {}
    units = [
        unit
        for configuration, sources in found
        for source in sources.sources
        for unit in _units_of_source(settings, engine, request, configuration, source, read_from)
    ]
    if len(units) > MOST_UNITS:
        raise InputError(
            f"{len(units)} units planned, at most {MOST_UNITS} fit one run: "
            "name fewer configurations or targets, or split the configuration."
        )
    if not request.window:
        busy = {(unit.org_id, unit.configuration) for unit in units}
        outcomes.note_quiet(engine, [one for one in chosen if (one.org_id, one.name) not in busy], request.run_id)
    return units


def _configurations(engine: Engine, request: SyncRequest) -> list[SyncConfiguration]:
    providers.require_targets(request.provider, request.targets)
    org_id = organizations.organization_id(engine, request.organisation) if request.organisation else None
    found = configurations.list_configurations(engine, org_id, request.provider, request.configurations)
    if not found:
        _LOG.warning("no repository is registered, so there is nothing to sync: `devhealth register PATH --org NAME`")
    paused = [configuration.name for configuration in found if configuration.is_paused]
    if request.configurations and paused:
        raise InputError(
            f"configuration {', '.join(paused)} is paused. `devhealth config resume {paused[0]} --org ORG` takes it "
            "up; or leave it out."
        )
    return [configuration for configuration in found if not configuration.is_paused]


def _units_of_source(
    settings: Settings,
    engine: Engine,
    request: SyncRequest,
    configuration: SyncConfiguration,
    source: str,
    read_from: dict[tuple[str, str, str], str],
) -> Iterator[Unit]:
    """Units of the targets that have news. `read_from` notes the copy a repository is read from: one is enough."""
    org_id, provider = configuration.org_id, request.provider
    name, repo_id = source, ""
    try:
        settings = credentials.of_configuration(settings, engine, configuration)
        identity = providers.sources(provider).resolve(source, settings)
        name = identity.name
        repo_id = repositories.register(
            engine,
            org_id,
            provider=provider,
            host=identity.provider_host,
            provider_id=identity.provider_id,
            name=identity.name,
            aliases=identity.aliases,
        )
        if configuration.credential:
            _LOG.info("%s is read with %s", name, configuration.credential)
    except (SourceError, SecretError) as error:
        _LOG.warning("%s cannot be reached: %s", source, error)
    for target in request.targets or configuration.targets:
        if request.window and target in SNAPSHOT_TARGETS:
            continue
        first = read_from.setdefault((org_id, repo_id or source, target), source)
        if first != source:
            _LOG.warning("%s (%s) is left out: it is the repository that is read from %s", source, target, first)
            continue
        stood = watermarks.read(engine, org_id, repo_id, target) if repo_id and request.window is None else None
        cursor = None if request.full_resync else _cursor(settings, stood, org_id, repo_id, provider, target)
        # A backfill may have seen a branch that is gone by now, and that the cursor knows nothing of.
        is_stock_due = (
            stood is not None
            and cursor is not None
            and sync_runs.is_backfilled_since(engine, org_id, repo_id, target, stood.at)
        )
        if cursor and not is_stock_due and not _has_news(settings, provider, target, source, configuration, cursor):
            at, now = request.as_of, datetime.now(UTC)
            watermarks.confirm(engine, org_id, repo_id, target, at=at, cursor=cursor.decode(), now=now)
            continue
        unit = _unit(settings, request, configuration, source, name, repo_id, target, is_first=cursor is None)
        staging = UnitStaging(unit.staging)
        staging.reset()
        if cursor:
            staging.write("cursor", cursor)
        if is_stock_due:
            staging.write("take-stock", b"")
        staging.write(CURSOR_AT_PLAN, ((stood and stood.cursor) or "").encode())  # fails here, not in each unit
        yield unit


def _cursor(
    settings: Settings, stood: Watermark | None, org_id: str, repo_id: str, provider: str, target: str
) -> bytes | None:
    """What the last run left behind, unless the warehouse no longer holds the facts it stands for."""
    if stood is None or not stood.cursor:
        return None
    table = providers.processor(provider, target).EVIDENCE
    if settings.sink != "sql" and not _holds(settings, table, org_id, repo_id):
        _LOG.warning("%s of repository %s is gone from the warehouse: it is fetched anew", table, repo_id)
        return None
    return stood.cursor.encode()


def _has_news(
    settings: Settings, provider: str, target: str, source: str, configuration: SyncConfiguration, cursor: bytes
) -> bool:
    try:
        return providers.connector(provider, target).probe(source, configuration.options, cursor, settings)
    except SourceError as error:
        _LOG.warning("%s cannot be probed: %s", source, error)
        return True


def _unit(
    settings: Settings,
    request: SyncRequest,
    configuration: SyncConfiguration,
    source: str,
    name: str,
    repo_id: str,
    target: str,
    *,
    is_first: bool,
) -> Unit:
    digest = source_digest(configuration.org_id, configuration.name, source, target)
    unit_id = f"{fit_for_a_path(name)[-60:]}-{target}-{digest}"
    mode = "backfill" if request.window else "full" if is_first else "incremental"
    return Unit(
        unit_id=unit_id,
        run_id=request.run_id,
        org_id=configuration.org_id,
        provider=request.provider,
        target=target,
        repo_id=repo_id,
        source=source,
        name=name,
        mode=mode,
        window=request.window,
        planned_until=min(request.as_of, request.window.before) if request.window else request.as_of,
        staging=f"{settings.staging_uri.rstrip('/')}/{fit_for_a_path(request.run_id)}/{unit_id}",
        options=dict(configuration.options),
        configuration=configuration.name,
        credential=configuration.credential,
    )


def _holds(settings: Settings, table: str, org_id: str, repo_id: str) -> bool:
    """Whether a record table has any row of the repository."""
    query = f"select 1 from {table} where org_id = %(org_id)s and repo_id = %(repo_id)s limit 1"  # noqa: S608 - our own name
    with connection.connected(settings) as client:
        if not client.execute(f"exists table {table}")[0][0]:
            return False
        return bool(client.execute(query, {"org_id": org_id, "repo_id": repo_id}))


def _leave_warnings(settings: Settings, request: SyncRequest, warnings: list[str]) -> None:
    """Stage what `finish_sync` reports beside its own warnings."""
    staging = UnitStaging(f"{settings.staging_uri.rstrip('/')}/{fit_for_a_path(request.run_id)}")
    staging.discard(PLAN_WARNINGS)
    if warnings:
        staging.write(PLAN_WARNINGS, msgspec.json.encode(warnings))


def _drop_stale_staging(settings: Settings) -> None:
    """Remove what runs older than a week left behind; the folder may hold what is not ours."""
    root = UPath(settings.staging_uri)
    if root.protocol not in {"", "file", "local"} or not Path(root.path).is_dir():
        return
    oldest = time.time() - KEEP_STAGING_SECONDS
    for run in Path(root.path).iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run may remove it at the same time
            if is_run_id(run.name) and run.stat().st_mtime < oldest:
                shutil.rmtree(run, ignore_errors=True)
