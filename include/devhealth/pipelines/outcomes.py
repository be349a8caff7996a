"""What a run leaves for people to look up: how each unit ended, and how each configuration fared."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy.engine import Engine

from devhealth.pipelines.reports import listed
from devhealth.relational import writing
from devhealth.semantic import sync_runs
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.semantic.sync_runs import UnitRun


def note_units(engine: Engine, runs: Sequence[UnitRun]) -> None:
    """Keep the units of one run, and in each of their configurations its outcome; harmless when repeated."""
    if not runs:
        return
    with writing(engine) as connection:
        sync_runs.record(connection, runs)
        for (org_id, provider, configuration), units in groupby(sorted(runs, key=_place), _place):
            of_it = list(units)
            troubles = [(f"{one.name} ({one.target})", one.error) for one in of_it if one.error]
            sync_runs.note_outcome(
                connection,
                org_id=org_id,
                provider=provider,
                configuration=configuration,
                run_id=of_it[0].run_id,
                at=max(one.finished_at for one in of_it),
                outcome=_outcome(of_it),
                error=listed(troubles) if troubles else None,
            )


def note_quiet(engine: Engine, configurations: Sequence[SyncConfiguration], run_id: str) -> None:
    """Say of these configurations that a run looked at them and found nothing new."""
    if not configurations:
        return
    now = datetime.now(UTC)
    with writing(engine) as connection:
        for one in configurations:
            sync_runs.note_outcome(
                connection,
                org_id=one.org_id,
                provider=one.provider,
                configuration=one.name,
                run_id=run_id,
                at=now,
                outcome="succeeded",
                error=None,
            )


def _place(run: UnitRun) -> tuple[str, str, str]:
    return run.org_id, run.provider, run.configuration


def _outcome(runs: Sequence[UnitRun]) -> str:
    outcomes = {run.outcome for run in runs}
    if outcomes == {"stored"}:
        return "succeeded"
    return "failed" if outcomes == {"failed"} else "partly_failed"
