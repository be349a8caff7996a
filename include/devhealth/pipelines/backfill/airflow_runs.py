"""Airflow's own backfills of a sync DAG: each run fills its days, and what they ask together must fit the tier."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, RunnerUnknown, TierExceeded
from devhealth.models.unit import Unit, Window
from devhealth.pipelines import chunk_state
from devhealth.pipelines.backfill.closing import NEVER_RAN, status_of
from devhealth.pipelines.backfill.reconciling import Ask
from devhealth.pipelines.backfill.report import failure_text, failures_of
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.request import SyncRequest, days_of
from devhealth.relational import turn
from devhealth.semantic import airflow_backfills, backfill_chunks, backfill_jobs, database, tiers
from devhealth.semantic.airflow_backfills import AirflowRun
from devhealth.semantic.backfill_chunks import Chunk
from devhealth.semantic.backfill_jobs import BackfillJob
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings

TURN = "airflow-backfills"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """The units of a run, and why organisations were left out."""

    units: list[Unit]
    refusals: list[str]


def plan_airflow_run(settings: Settings, request: SyncRequest, run: AirflowRun, ask: Ask) -> PlannedRun:
    """As `plan_sync`, with each unit a chunk of the job that all runs of the backfill share.

    An organisation whose runs ask for more days than its tier allows is left out, and the refusals say so. Raises
    TierExceeded when that is all there is, or the only organisation asked for.
    """
    admission = _Admission(run, ask)
    units = plan_sync(settings, request, admission.of)
    if admission.refused and (request.organisation or not admission.jobs):
        raise admission.refused[0]
    engine = database.open_semantic(settings)
    return PlannedRun(
        units=_as_chunks(engine, admission.jobs, units),
        refusals=[str(error) for error in admission.refused],
    )


def finish_airflow_run(settings: Settings, units: Sequence[Unit]) -> None:
    """Bring the jobs of the units up to date: chunks that never ran fail, a job with nothing left to do ends."""
    engine = database.open_semantic(settings)
    for org_id, job_id in dict.fromkeys((unit.org_id, unit.job_id) for unit in units if unit.job_id):
        own = {unit.chunk: unit for unit in units if (unit.org_id, unit.job_id) == (org_id, job_id)}
        left = [
            (chunk.number, chunk_state.failed_run(own[chunk.number], NEVER_RAN))
            for chunk in backfill_chunks.read(engine, org_id, job_id)
            if chunk.number in own and chunk.status in {"pending", "running"}
        ]
        airflow_backfills.end_chunks(engine, org_id, job_id, left)
        job, chunks = backfill_jobs.find(engine, org_id, job_id), backfill_chunks.read(engine, org_id, job_id)
        if job and not any(chunk.status in {"pending", "running"} for chunk in chunks):
            error = failure_text(failures_of(chunks), len(chunks))
            backfill_jobs.close(engine, job, status=status_of(chunks), error=error)


class _Admission:
    """Which configurations a run may fill: those whose job, extended by the run's days, fits the tier."""

    def __init__(self, run: AirflowRun, ask: Ask) -> None:
        self._run, self._ask = run, ask
        self.jobs: dict[tuple[str, str], str] = {}
        """Job by organisation and configuration."""
        self.refused: list[TierExceeded] = []

    def of(self, engine: Engine, chosen: list[SyncConfiguration], window: Window) -> list[SyncConfiguration]:
        admitted: list[SyncConfiguration] = []
        for org_id in dict.fromkeys(one.org_id for one in chosen):
            with turn(engine, TURN):
                try:
                    admitted += self._of_organisation(engine, [one for one in chosen if one.org_id == org_id], window)
                except TierExceeded as error:
                    _LOG.error("%s", error)
                    self.refused.append(error)
        return admitted

    def _of_organisation(
        self, engine: Engine, chosen: list[SyncConfiguration], window: Window
    ) -> list[SyncConfiguration]:
        since, before = days_of(window)
        jobs = [airflow_backfills.job_of(engine, one, self._run, self._is_at_work) for one in chosen]
        for job in jobs:
            first, last = (min(since, job.since), max(before, job.before)) if job else (since, before)
            tiers.check(engine, chosen[0].org_id, first, last)
        admitted = []
        for one, job in zip(chosen, jobs, strict=True):
            if job and job.status == "cancelled":
                _LOG.warning("%s is left out: backfill %s, which this run is of, was cancelled", one.name, job.job_id)
                continue
            job_id = airflow_backfills.extend(engine, one, self._run, job, since, before)
            self.jobs[one.org_id, one.name] = job_id
            admitted.append(one)
        return admitted

    def _is_at_work(self, job: BackfillJob) -> bool:
        try:
            return self._ask(job.dag_id, job.run_id) in {"queued", "running"}
        except RunnerUnknown:
            return False


def _as_chunks(engine: Engine, jobs: dict[tuple[str, str], str], units: list[Unit]) -> list[Unit]:
    planned = {}
    for (org_id, configuration), job_id in jobs.items():
        own = [unit for unit in units if (unit.org_id, unit.configuration) == (org_id, configuration)]
        numbers = airflow_backfills.plan_chunks(engine, org_id, job_id, [_chunk(unit) for unit in own])
        for unit, number in zip(own, numbers, strict=True):
            planned[org_id, unit.unit_id] = msgspec.structs.replace(unit, job_id=job_id, chunk=number)
    return [planned[unit.org_id, unit.unit_id] for unit in units]


def _chunk(unit: Unit) -> Chunk:
    if unit.window is None:
        raise InputError(f"{unit.name} ({unit.target}) has no window: a backfill fills days.")
    since, before = days_of(unit.window)
    return Chunk(
        number=0,
        source=unit.source,
        name=unit.name,
        repo_id=unit.repo_id,
        target=unit.target,
        since=since,
        before=before,
    )
