"""What the stages tell the semantic database of a unit that is a chunk of a backfill; of other units, nothing."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from devhealth.errors import DevhealthError, RateLimited
from devhealth.models.unit import Unit
from devhealth.pipelines.metering import usage_of
from devhealth.pipelines.reports import StageReport, StoredUnit
from devhealth.semantic import backfill_chunks, database
from devhealth.semantic.sync_runs import UnitRun
from devhealth.settings import Settings
from devhealth.staging import UnitStaging


@dataclass(frozen=True, slots=True)
class ChunkAtWork:
    """A chunk that a stage works on, or a unit that is none."""

    unit: Unit
    engine: Engine | None
    is_completed: bool

    def stored(self, stored: StoredUnit, stages: Sequence[StageReport], damage: str = "") -> None:
        """Its rows are stored: complete it together with the days they touched, or fail it when the source is damaged.

        `stages` are the reports of the stages so far.
        """
        if self.engine is None:
            return
        unit = self.unit
        run = unit_run(unit, "damaged" if damage else "stored", stored=stored, stages=stages, error=damage)
        backfill_chunks.complete(self.engine, unit.org_id, unit.job_id, unit.chunk, run, stored.days)


@contextlib.contextmanager
def at_work(
    settings: Settings, unit: Unit, *, is_attempt: bool = False, opened: Engine | None = None
) -> Iterator[ChunkAtWork]:
    """The chunk running while the block works on it, failed when it raises; `is_attempt` counts one more attempt.

    `opened` is the engine of a caller with many chunks. Raises BackfillCancelled when the job is cancelled.
    """
    if not unit.job_id:
        yield ChunkAtWork(unit, None, is_completed=False)
        return
    engine = opened or database.open_semantic(settings)
    try:
        is_left = backfill_chunks.begin(engine, unit.org_id, unit.job_id, unit.chunk, is_attempt=is_attempt)
        try:
            yield ChunkAtWork(unit, engine, is_completed=not is_left)
        except RateLimited:
            raise  # it is still at work: whoever waits comes back to it
        except Exception as error:
            note_failure(engine, unit, error)
            raise
    finally:
        if opened is None:
            engine.dispose()


def note_failure(engine: Engine, unit: Unit, error: Exception) -> None:
    """The chunk failed."""
    with contextlib.suppress(DevhealthError):  # an unreachable database is often the very error
        run = failed_run(unit, str(error) if isinstance(error, DevhealthError) else repr(error))
        backfill_chunks.fail(engine, unit.org_id, unit.job_id, unit.chunk, run)


def failed_run(unit: Unit, error: str) -> UnitRun:
    """The row of a chunk that failed."""
    return unit_run(unit, "failed", stored=None, stages=[], error=error)


def unit_run(
    unit: Unit, outcome: str, *, stored: StoredUnit | None, stages: Sequence[StageReport], error: str
) -> UnitRun:
    """The row of a unit that ended, from what its stages reported."""
    seconds = {stage.stage: stage.seconds for stage in stages}
    return UnitRun(
        org_id=unit.org_id,
        run_id=unit.run_id,
        unit_id=unit.unit_id,
        provider=unit.provider,
        configuration=unit.configuration,
        repo_id=unit.repo_id or None,
        name=unit.called,
        target=unit.target,
        mode=unit.mode,
        since=unit.window.since if unit.window else None,
        before=unit.window.before if unit.window else unit.planned_until,
        outcome=outcome,
        rows=sum(stored.rows.values()) if stored else 0,
        requests=usage_of(UnitStaging(unit.staging)).requests
        or sum(one.pages for one in stages if one.stage == "fetch"),
        fetch_seconds=seconds.get("fetch", 0.0),
        process_seconds=seconds.get("process", 0.0),
        store_seconds=seconds.get("store", 0.0),
        error=error or None,
        finished_at=datetime.now(UTC),
    )
