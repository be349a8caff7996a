"""From the chunks of a job to units."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from devhealth.models.unit import Unit, Window
from devhealth.pipelines import providers
from devhealth.pipelines.backfill.checks import find_configuration
from devhealth.pipelines.backfill.resuming import find_job
from devhealth.pipelines.request import fit_for_a_path
from devhealth.semantic import backfill_chunks, database, repositories, sync_runs
from devhealth.semantic.backfill_chunks import Chunk
from devhealth.semantic.backfill_jobs import BackfillJob
from devhealth.semantic.configurations import SyncConfiguration
from devhealth.settings import Settings
from devhealth.staging import UnitStaging

_SECONDS_HERE, _SECONDS_AWAY = 2.0, 10.0
"""A chunk of a target that no backfill has filled yet: of a provider on this machine, and of one that is asked."""
_LEARNT_FROM = 1_000
"""Chunks of earlier backfills."""
_LEAST_SECONDS = 0.05
"""What the books of a chunk take, even of one without a commit."""


def plan_job(settings: Settings, org_id: str, job_id: str) -> list[Unit]:
    """Units of the chunks that are not completed, in the order of work. What an earlier attempt staged is dropped."""
    engine = database.open_semantic(settings)
    job = find_job(engine, org_id, org_id, job_id)
    configuration = find_configuration(engine, org_id, job.configuration, job.provider)
    called = repositories.called(engine, org_id)
    units = []
    for chunk in backfill_chunks.read(engine, org_id, job_id):
        if chunk.status != "completed":
            units.append(unit_of(settings, job, configuration, chunk, called.get(chunk.repo_id, "")))
            if chunk.attempts:
                UnitStaging(units[-1].staging).reset()
    return units


def expected_seconds(settings: Settings, units: Sequence[Unit]) -> list[float]:
    """How long each of these chunks of one job should take in all of its stages, from what earlier ones took.

    A day of a target of a repository takes as long as it did before, one that was never filled as long as those of the
    other repositories.
    """
    if not units:
        return []
    org_id, provider = units[0].org_id, units[0].provider
    spent: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for run in sync_runs.newest_chunks(database.open_semantic(settings), org_id, provider, _LEARNT_FROM):
        if run.since is not None:
            seconds = run.fetch_seconds + run.process_seconds + run.store_seconds
            for key in ((run.repo_id or "", run.target), ("", run.target)):
                spent[key][0] += seconds
                spent[key][1] += _days(run.since, run.before)
    unknown = _SECONDS_HERE if providers.discovery(provider).IS_LOCAL else _SECONDS_AWAY

    def expected(unit: Unit) -> float:
        for key in ((unit.repo_id, unit.target), ("", unit.target)):
            if key in spent and unit.window:
                seconds, days = spent[key]
                return max(_LEAST_SECONDS, seconds / days * _days(unit.window.since, unit.window.before))
        return unknown

    return [expected(unit) for unit in units]


def unit_of(
    settings: Settings, job: BackfillJob, configuration: SyncConfiguration | None, chunk: Chunk, shown_as: str = ""
) -> Unit:
    """The unit of a chunk; `shown_as` is what people are told."""
    staging, source = staging_of(settings, job.org_id, job.job_id), _digest(chunk.source)
    unit_id = f"{fit_for_a_path(chunk.name)[-50:]}-{source}-{chunk.target}-{chunk.since}"
    window = Window(since=_midnight(chunk.since), before=_midnight(chunk.before))
    return Unit(
        unit_id=unit_id,
        run_id=job.job_id,
        org_id=job.org_id,
        provider=job.provider,
        target=chunk.target,
        repo_id=chunk.repo_id,
        source=chunk.source,
        name=chunk.name,
        shown_as=shown_as,
        mode="backfill",
        window=window,
        planned_until=min(job.requested_at, window.before),
        staging=f"{staging}/{unit_id}",
        options=dict(configuration.options) if configuration else {},
        configuration=job.configuration,
        credential=configuration.credential if configuration else "",
        job_id=job.job_id,
        chunk=chunk.number,
        shared=f"{staging}/shared-{source}",
    )


def staging_of(settings: Settings, org_id: str, job_id: str) -> str:
    """Folder or URI of everything a job hands over."""
    return f"{settings.staging_uri.rstrip('/')}/{job_id}-{_digest(org_id)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _days(since: datetime, before: datetime) -> float:
    return max((before - since).total_seconds() / 86_400, 1.0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
