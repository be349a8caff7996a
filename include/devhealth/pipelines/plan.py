"""From sync configurations and watermarks to the units of a run."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from sqlalchemy.engine import Engine
from upath import UPath

from devhealth.errors import InputError, RateLimited, SecretError, SourceError, StagingError
from devhealth.models.text import plain
from devhealth.models.unit import Unit, Window, source_digest
from devhealth.pipelines import credentials, departures, outcomes, providers
from devhealth.pipelines.discovery import Look, looked_at, sources_of
from devhealth.pipelines.metering import metered
from devhealth.pipelines.request import SyncRequest, days_of, fit_for_a_path, is_run_id
from devhealth.pipelines.standing import Stand, Standing
from devhealth.relational import forget_turn, turn, turn_if_free
from devhealth.semantic import configurations, database, organizations, repositories, tiers, watermarks
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings
from devhealth.staging import UnitStaging

KEEP_STAGING_SECONDS = 7 * 86_400
ONE_PROCESS = "one-process"
"""In a run's staging: one process holds it, and the turn of the run as long as it lives."""
SNAPSHOT_TARGETS = frozenset({"blame"})
"""Targets that describe the present: a backfill of the past leaves them out."""

CURSOR_AT_PLAN = "cursor-at-plan"
"""In a unit's staging: the cursor that stood when it was planned, used or not; empty when there was none."""

TIME_AT_PLAN = "time-at-plan"
"""In a unit's staging: the time of the watermark that stood then; absent when there was none."""

MARK_AT_PLAN = "mark-at-plan"
"""In a unit's staging: what the provider's survey said of the target when it was planned."""

TROUBLE = "trouble"
"""In a unit's staging: why its source could not be read when it was planned."""

OUT_OF_REACH = "out-of-reach"
"""In a unit's staging: there when its trouble may pass."""

NOWHERE = Stand(None, None, is_stock_due=False)

PLAN_WARNINGS = "plan-warnings.json"
"""In the staging of a run: what its report says beside the trouble of the units."""

_MOST_NAMED = 5

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
    """The units of a run: one a source, target and window, of what the surveys and probes say has changed.

    A source that cannot be reached becomes a unit all the same, so that its trouble is recorded as its own failure. A
    source without news is stored up to the run's time: its watermark moves there, and its configuration says that it
    has been looked at. What the requests cost is staged for the run's report.
    Raises InputError, UnknownName or TierExceeded before anything is fetched.
    """
    engine = database.open_semantic(settings)
    database.check(engine)
    _drop_stale_staging(settings, engine)
    chosen = _configurations(engine, request)
    if request.window:
        chosen = admit(engine, chosen, request.window)
    left_out = list(_left_out(request, chosen))
    chosen = [one for one in chosen if _targets(request, one)]
    with metered(settings, _run_staging(settings, request)) as counted:
        _tell_names(engine, chosen)
        found = [(configuration, sources_of(counted, engine, configuration)) for configuration in chosen]
        looks = [look for one, sources in found for look in looked_at(counted, engine, one, sources)]
        warnings = [warning for _, sources in found for warning in sources.warnings]
        warnings += left_out
        if not request.window:
            warnings += _of_departures(counted, engine, chosen, looks)
        _leave_warnings(settings, request, warnings)
        units = [
            unit
            for org_id in dict.fromkeys(look.configuration.org_id for look in looks)
            for unit in _units_of(counted, engine, request, org_id, looks)
        ]
    if not request.window:
        busy = {(unit.org_id, unit.configuration) for unit in units}
        outcomes.note_quiet(engine, [one for one in chosen if (one.org_id, one.name) not in busy], request.run_id)
    return units


def _tell_names(engine: Engine, chosen: Sequence[SyncConfiguration]) -> None:
    """Log what a later run can name."""
    slugs = {one.org_id: one.slug for one in organizations.list_organizations(engine)}
    for org_id in dict.fromkeys(one.org_id for one in chosen):
        names = ", ".join(one.name for one in chosen if one.org_id == org_id)
        _LOG.info("organisation %s: configurations %s", slugs.get(org_id, org_id), names)


def is_out_of_reach(unit: Unit) -> bool:
    """Whether the source could not be looked at when the unit was planned, for a reason that may pass."""
    return UnitStaging(unit.staging).read(OUT_OF_REACH) is not None


def _configurations(engine: Engine, request: SyncRequest) -> list[SyncConfiguration]:
    providers.require_targets(request.provider, request.targets)
    org_id = organizations.organization_id(engine, request.organisation) if request.organisation else None
    found = configurations.list_configurations(engine, org_id, request.provider, request.configurations)
    if not found and request.targets:
        raise InputError(
            f"{_whose(request)} a configuration of provider {request.provider}, so there is nothing to read. "
            f"`devhealth register SOURCE --org ORG --provider {request.provider}` adds one."
        )
    if not found:
        _LOG.warning("no repository is registered, so there is nothing to sync: `devhealth register PATH --org NAME`")
    wanted = [one for one in found if _targets(request, one)]
    if found and not wanted:
        raise InputError(
            f"{_whose(request)} a configuration that names target {' or '.join(request.targets)}, so there is "
            "nothing to read. Add the target to a configuration, or name a configuration or a repository: what is "
            "named is read whether its configuration names the target or not."
        )
    paused = [configuration.name for configuration in found if configuration.is_paused]
    if request.configurations and paused:
        raise InputError(
            f"configuration {', '.join(paused)} is paused. `devhealth config resume {paused[0]} --org ORG` takes it "
            "up; or leave it out."
        )
    return [configuration for configuration in found if not configuration.is_paused]


def _whose(request: SyncRequest) -> str:
    return f'organisation "{request.organisation}" lacks' if request.organisation else "no organisation has"


def _targets(request: SyncRequest, configuration: SyncConfiguration) -> list[str]:
    """What to read of a configuration: the targets asked for, but where it is not named itself only its own ones."""
    if request.configurations and request.targets:
        return list(request.targets)
    return [target for target in configuration.targets if target in (request.targets or configuration.targets)]


def _left_out(request: SyncRequest, chosen: Sequence[SyncConfiguration]) -> Iterator[str]:
    """What to tell of configurations that do not name a target which alone was asked for."""
    for target in request.targets[:1]:
        others = [one.name for one in chosen if target not in _targets(request, one)]
        if others:
            more = f" and {len(others) - _MOST_NAMED:,} more" if len(others) > _MOST_NAMED else ""
            named = ", ".join(others[:_MOST_NAMED])
            yield f"{target} is not read of {named}{more}, whose configurations do not name it"


def _of_departures(
    settings: Settings, engine: Engine, chosen: Sequence[SyncConfiguration], looks: Sequence[Look]
) -> Iterator[str]:
    """What to tell of repositories that the rules of these configurations found once, and that are gone now."""
    for configuration in chosen:
        of_it = [look for look in looks if look.configuration == configuration]
        is_looked_up = configuration.discovery and not providers.discovery(configuration.provider).IS_LOCAL
        if not is_looked_up or any(look.source in configuration.discovery for look in of_it):  # a rule in trouble
            continue
        for name in departures.no_longer_found(settings, engine, configuration, {look.repo_id for look in of_it}):
            yield f"configuration {configuration.name}: {name} is gone. What is stored of it stays."


def _units_of(
    settings: Settings, engine: Engine, request: SyncRequest, org_id: str, looks: Sequence[Look]
) -> list[Unit]:
    """An organisation's units of the targets that have news. Of several copies of a repository, the first is read."""
    looks = [look for look in looks if look.configuration.org_id == org_id]
    standing = Standing(settings, engine, org_id, request.provider, (look.repo_id for look in looks))
    called = repositories.called(engine, org_id)
    read_from: dict[tuple[str, str], str] = {}
    units, quiet = [], []
    for look in looks:
        if look.surveyed and look.configuration.credential:
            _LOG.info("%s is read with %s", plain(look.name), look.configuration.credential)
        for target in _targets(request, look.configuration):
            if request.window and target in SNAPSHOT_TARGETS:
                continue
            first = read_from.setdefault((look.repo_id or look.source, target), look.source)
            if first != look.source:
                _LOG.warning(
                    "%s (%s) is left out: it is the repository that is read from %s", look.source, target, first
                )
                continue
            stand = NOWHERE if request.window else standing.of(look.repo_id, target)
            if request.full_resync:
                stand = replace(stand, cursor=None)
            if stand.cursor and not stand.is_stock_due and not _has_news(settings, engine, look, target, stand):
                quiet.append((look.repo_id, target, stand.cursor.decode()))
                continue
            units.append(
                _staged(
                    _unit(settings, request, look, target, called.get(look.repo_id, ""), is_first=stand.cursor is None),
                    look,
                    stand,
                )
            )
    watermarks.confirm(engine, org_id, quiet, at=request.as_of, now=datetime.now(UTC))
    return units


def _staged(unit: Unit, look: Look, stand: Stand) -> Unit:
    """The unit, what its stages must know left in its staging."""
    staging = UnitStaging(unit.staging)
    staging.reset()
    if stand.cursor:
        staging.write("cursor", stand.cursor)
    if stand.is_stock_due:
        staging.write("take-stock", b"")
    stood = stand.watermark
    staging.write(CURSOR_AT_PLAN, ((stood and stood.cursor) or "").encode())  # fails here, not in each unit
    if stood:
        staging.write(TIME_AT_PLAN, stood.at.isoformat().encode())
    if look.trouble:
        staging.write(TROUBLE, look.trouble.encode())
        if look.is_out_of_reach:
            staging.write(OUT_OF_REACH, b"")
    elif look.surveyed and (mark := look.surveyed.marks.get(unit.target)):
        staging.write(MARK_AT_PLAN, mark.encode())
    return unit


def _has_news(settings: Settings, engine: Engine, look: Look, target: str, stand: Stand) -> bool:
    """What the survey says, else what the connector's own probe says."""
    mark = look.surveyed.marks.get(target) if look.surveyed else None
    if mark is not None:
        return stand.watermark is None or stand.watermark.mark != mark
    configuration = look.configuration
    try:
        settings = credentials.of_configuration(settings, engine, configuration)
        probe = providers.connector(configuration.provider, target).probe
        return probe(look.source, configuration.options, stand.cursor, settings)
    except RateLimited:
        raise
    except (SourceError, SecretError) as error:
        _LOG.warning("%s cannot be probed: %s", look.source, error)
        return True


def _unit(settings: Settings, request: SyncRequest, look: Look, target: str, shown_as: str, *, is_first: bool) -> Unit:
    configuration = look.configuration
    digest = source_digest(configuration.org_id, configuration.name, look.source, target)
    unit_id = f"{fit_for_a_path(look.name)[-60:]}-{target}-{digest}"
    mode = "backfill" if request.window else "full" if is_first else "incremental"
    return Unit(
        unit_id=unit_id,
        run_id=request.run_id,
        org_id=configuration.org_id,
        provider=request.provider,
        target=target,
        repo_id=look.repo_id,
        source=look.source,
        name=look.name,
        shown_as=shown_as,
        mode=mode,
        window=request.window,
        planned_until=min(request.as_of, request.window.before) if request.window else request.as_of,
        staging=f"{settings.staging_uri.rstrip('/')}/{fit_for_a_path(request.run_id)}/{unit_id}",
        options=dict(configuration.options),
        configuration=configuration.name,
        credential=configuration.credential,
    )


def _leave_warnings(settings: Settings, request: SyncRequest, warnings: list[str]) -> None:
    """Stage what `finish_sync` reports beside its own warnings."""
    staging = _run_staging(settings, request)
    staging.discard(PLAN_WARNINGS)
    if warnings:
        staging.write(PLAN_WARNINGS, msgspec.json.encode(warnings))


def _run_staging(settings: Settings, request: SyncRequest) -> UnitStaging:
    return UnitStaging(f"{settings.staging_uri.rstrip('/')}/{fit_for_a_path(request.run_id)}")


@contextlib.contextmanager
def staging_held(settings: Settings, engine: Engine, run_id: str) -> Iterator[None]:
    """The staging of a run in one process: all of it goes when the block ends, after a kill when the next run plans."""
    staging, name = UnitStaging(f"{settings.staging_uri.rstrip('/')}/{fit_for_a_path(run_id)}"), _turn_of(run_id)
    with turn(engine, name):
        with contextlib.suppress(StagingError):  # it fails where it matters: when a unit is staged
            staging.write(ONE_PROCESS, b"")
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # what cannot be written cannot be removed
                staging.reset()
            forget_turn(engine, name)


def _drop_stale_staging(settings: Settings, engine: Engine) -> None:
    """Remove what runs whose process is gone left behind, and runs of many processes that are older than a week.

    The folder may hold what is not ours.
    """
    root = UPath(settings.staging_uri)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # another run may remove one at the same time
        for name in [path.name for path in root.iterdir() if is_run_id(path.name)]:
            staging = UnitStaging(f"{settings.staging_uri.rstrip('/')}/{name}")
            if staging.read(ONE_PROCESS) is not None:
                with turn_if_free(engine, _turn_of(name)) as is_abandoned:
                    if is_abandoned:
                        staging.reset()
                        forget_turn(engine, _turn_of(name))
            elif time.time() - staging.changed_at() > KEEP_STAGING_SECONDS:
                staging.reset()


def _turn_of(run_id: str) -> str:
    return f"staging-{fit_for_a_path(run_id)}"
