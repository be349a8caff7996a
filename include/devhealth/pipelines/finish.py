"""The end of a run: watermarks, dirty days, the verdict."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from sqlalchemy.engine import Engine

from devhealth.models.unit import DayRange, Unit
from devhealth.pipelines import drift, outcomes, versions
from devhealth.pipelines.chunk_state import unit_run
from devhealth.pipelines.metering import usage_of
from devhealth.pipelines.plan import CURSOR_AT_PLAN, MARK_AT_PLAN, PLAN_WARNINGS, SNAPSHOT_TARGETS, TIME_AT_PLAN
from devhealth.pipelines.reports import StageReport, StoredUnit, SyncReport, UnitFailure
from devhealth.pipelines.request import fit_for_a_path
from devhealth.pipelines.stages import STAGES
from devhealth.relational import writing
from devhealth.semantic import database, dirty_ranges, record_versions, watermarks
from devhealth.semantic.sync_runs import UnitRun
from devhealth.semantic.watermarks import Watermark
from devhealth.settings import Settings
from devhealth.staging import UnitStaging

UNSETTLED = "unsettled"
"""In a unit's staging: something of it may still change without the provider's survey telling, a run at work say."""

WARNING = "warning"
"""In a unit's staging: what is to be told of its source beside the report."""

CURSOR_PAGE = "999-cursor"

Staged = TypeVar("Staged")

_LOG = logging.getLogger(__name__)


def finish_sync(
    settings: Settings,
    units: Sequence[Unit],
    *,
    provider: str,
    run_id: str,
    failed_here: Mapping[str, UnitFailure] | None = None,
) -> SyncReport:
    """Commit what is stored: advance watermarks, mark the touched days dirty, drop the staged pages.

    Units that failed stamp nothing and are named in the report; the caller decides how to fail. How each unit and each
    configuration ended is kept in the semantic database. Harmless when repeated. `failed_here` has the failures of this
    process by unit: where the staging cannot be written, they stand nowhere else.
    """
    engine = database.open_semantic(settings)
    stored: list[StoredUnit] = []
    failed: list[UnitFailure] = []
    run = UnitStaging(f"{settings.staging_uri.rstrip('/')}/{fit_for_a_path(run_id)}")
    warnings = _read(run, PLAN_WARNINGS, list[str]) or []
    reports: list[StageReport] = []
    runs: list[UnitRun] = []
    usage = usage_of(run)
    for unit in units:
        staging = UnitStaging(unit.staging)
        stages = _stage_reports(staging)
        usage = usage.plus(usage_of(staging))
        reports += stages
        done = _read(staging, "stored.json", StoredUnit)
        if done is None:
            told = _read(staging, "error.json", UnitFailure) or (failed_here or {}).get(unit.unit_id)
            failed.append(told or _vanished(unit, staging))
            runs.append(unit_run(unit, "failed", stored=None, stages=stages, error=failed[-1].error))
            _mark(engine, unit, [])
            continue
        stored.append(done)
        _mark(engine, unit, done.days + ([_day_of(unit)] if unit.target in SNAPSHOT_TARGETS and done.rows else []))
        if noted := staging.read(WARNING):
            warnings.append(noted.decode())
        damage = _read(staging, "damage.json", UnitFailure)
        outcome, error = ("damaged", damage.error) if damage else ("stored", "")
        runs.append(unit_run(unit, outcome, stored=done, stages=stages, error=error))
        if damage:
            failed.append(damage)
        elif unit.mode != "backfill":
            warnings += _advance(settings, engine, unit, staging, done)
        staging.drop_pages()
    outcomes.note_units(engine, runs)
    report = SyncReport(
        run_id=run_id,
        provider=provider,
        finished_at=datetime.now(UTC),
        planned=len(units),
        stored=stored,
        failed=failed,
        stages=_summed(reports),
        warnings=warnings,
        usage=usage,
    )
    for warning in warnings:
        _LOG.warning(warning)
    return report


def _mark(engine: Engine, unit: Unit, days: Sequence[DayRange]) -> None:
    """Mark the days and all that the unit announced: what it stored before it failed, no other attempt changes."""
    with writing(engine) as connection:
        reason = f"{unit.target} {unit.run_id}"
        dirty_ranges.settle(connection, unit.org_id, unit.repo_id, days, unit.writer, reason)


def _day_of(unit: Unit) -> DayRange:
    """The day a description of the present speaks for."""
    day = unit.planned_until.date()
    return DayRange(since=day.isoformat(), before=(day + timedelta(days=1)).isoformat())


def _advance(settings: Settings, engine: Engine, unit: Unit, staging: UnitStaging, done: StoredUnit) -> list[str]:
    """Move the watermark; what is to be told about it. Where rows have got lost, the next run reads everything."""
    if staging.read("cursor-stored") is not None:  # repeated after a kill: the page may be dropped already
        return []
    cursor = staging.page(CURSOR_PAGE).read()
    difference = drift.found_in(settings, unit, cursor)
    is_kept = not difference or unit.mode == "full"  # reading everything again would find the same
    warnings = []
    if done.overtaken_by:  # nothing of ours may count: read everything again, with a version that does
        record_versions.take(engine, unit.org_id, now=datetime.now(UTC), above=done.overtaken_by)
        is_kept = False
        warnings.append(
            f"{unit.called} ({unit.target}): the store holds a list of {done.overtaken_by:%Y-%m-%d %H:%M} UTC, which "
            "is newer than this run. The next sync reads everything."
        )
    outcome = watermarks.advance(
        engine,
        unit.org_id,
        unit.repo_id,
        unit.target,
        at=unit.planned_until,
        cursor=cursor.decode() if is_kept else None,
        stood=_stood(staging),
        now=datetime.now(UTC),
        version=versions.taken_by(staging),
        mark=None if staging.read(UNSETTLED) is not None else (staging.read(MARK_AT_PLAN) or b"").decode() or None,
    )
    staging.write(CURSOR_AT_PLAN, cursor if is_kept else b"")  # where its tasks go on from when somebody clears them
    staging.write(TIME_AT_PLAN, outcome.at.isoformat().encode())
    staging.write("cursor-stored", b"")
    if difference:
        remedy = "It stays so after everything was read." if is_kept else "The next sync reads everything."
        warnings.append(f"drift in {unit.called} ({unit.target}): {difference}. {remedy}")
    if outcome.corrected:
        lowered = f"{outcome.at:%Y-%m-%d %H:%M} UTC"
        warnings.append(
            f"the watermark of {unit.called} ({unit.target}) lay in the future and was lowered to {lowered}"
        )
    return warnings


def _stood(staging: UnitStaging) -> Watermark | None:
    """The watermark when the unit was planned."""
    at, cursor = staging.read(TIME_AT_PLAN) or b"", staging.read(CURSOR_AT_PLAN) or b""
    return Watermark(datetime.fromisoformat(at.decode()), cursor.decode() or None) if at else None


def _read(staging: UnitStaging, name: str, kind: type[Staged]) -> Staged | None:
    content = staging.read(name)
    return msgspec.json.decode(content, type=kind) if content else None


def _vanished(unit: Unit, staging: UnitStaging) -> UnitFailure:
    ended = [stage for stage in STAGES if staging.read(f"report-{stage}.json")]
    stage = STAGES[min(len(ended), len(STAGES) - 1)]
    error = "it was killed or never ran. Run the sync again: it goes on from the last watermark."
    return UnitFailure(
        unit_id=unit.unit_id, repo_id=unit.repo_id, name=unit.called, target=unit.target, stage=stage, error=error
    )


def _stage_reports(staging: UnitStaging) -> list[StageReport]:
    found = (_read(staging, f"report-{stage}.json", StageReport) for stage in STAGES)
    return [report for report in found if report]


def _summed(reports: list[StageReport]) -> list[StageReport]:
    summed = []
    for stage in STAGES:
        of_stage = [report for report in reports if report.stage == stage]
        if not of_stage:
            continue
        rows: dict[str, int] = {}
        for report in of_stage:
            for table, count in report.rows.items():
                rows[table] = rows.get(table, 0) + count
        summed.append(
            StageReport(
                stage=stage,
                seconds=sum(report.seconds for report in of_stage),
                pages=sum(report.pages for report in of_stage),
                bytes=sum(report.bytes for report in of_stage),
                rows=rows,
            )
        )
    return summed
