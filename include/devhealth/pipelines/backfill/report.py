"""How a job ended, as data and as a sentence."""

from collections.abc import Iterable
from datetime import date

import msgspec

from devhealth.pipelines.reports import MetricsReport, failed_of, listed
from devhealth.semantic.backfill_chunks import Chunk


class ChunkFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that is not completed because it failed."""

    number: int
    name: str
    target: str
    since: date
    before: date
    error: str


class BackfillReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a job."""

    org_id: str
    organisation: str
    job_id: str
    provider: str
    configuration: str
    status: str
    """completed, completed_with_errors, failed or cancelled."""
    since: date
    before: date
    chunks: int
    completed: int
    pending: int
    """Not tried: the job was stopped or cancelled before them."""
    rows: int
    """Stored by its chunks, all tables."""
    requests: int
    """Pages that were read."""
    failures: list[ChunkFailure]
    warnings: list[str] = []
    metrics: MetricsReport | None = None
    """None when none were computed."""

    def failure_text(self) -> str:
        """Which chunks failed and why; empty when none did. Chunks that failed for one reason are told together."""
        return failure_text(self.failures, self.chunks)


def failures_of(chunks: Iterable[Chunk]) -> list[ChunkFailure]:
    """The failed ones."""
    return [
        ChunkFailure(
            number=chunk.number,
            name=chunk.name,
            target=chunk.target,
            since=chunk.since,
            before=chunk.before,
            error=chunk.error,
        )
        for chunk in chunks
        if chunk.status == "failed"
    ]


def failure_text(failures: list[ChunkFailure], of: int) -> str:
    """One sentence naming the failed chunks of a job."""
    if not failures:
        return ""
    return f"{failed_of(len(failures), of, 'chunks')}: {listed(grouped(failures))}"


def grouped(failures: list[ChunkFailure]) -> list[tuple[str, str]]:
    """What failed and why, once for each source, target and reason, in the order of work."""
    groups: dict[tuple[str, str, str], list[ChunkFailure]] = {}
    for one in failures:
        groups.setdefault((one.name, one.target, one.error), []).append(one)
    return [(_named(name, target, some), error) for (name, target, error), some in groups.items()]


def _named(name: str, target: str, some: list[ChunkFailure]) -> str:
    since, before = min(one.since for one in some), max(one.before for one in some)
    days = f"{since} to {before}" if len(some) == 1 else f"{len(some):,} chunks between {since} and {before}"
    return f"{name} ({target}, {days})"
