"""Backfills as pages: how one ended, a list of them, one in full. Readable in 80 columns and without colour."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from devhealth.cli.bars import bar
from devhealth.cli.layout import bare_table, heading, shortened
from devhealth.models.text import plain
from devhealth.pipelines.backfill import BackfillReport, ChunkFailure, ChunkStatus, JobStatus
from devhealth.pipelines.backfill.report import grouped

COLOURS = {
    "completed": "green",
    "completed_with_errors": "yellow",
    "failed": "red",
    "cancelled": "yellow",
    "running": "cyan",
    "pending": "dim",
}
MOST_LISTED = 20
BAR_WIDTH = 10
NAME_WIDTH = 20


def closing_page(report: BackfillReport) -> Group:
    """How a run ended, what failed and why, and what to do next."""
    return Group(*_closing(report))


def list_page(jobs: Sequence[JobStatus]) -> Group:
    """A line for each job, and what there is to say of those that went wrong."""
    return Group(*_list(jobs))


def job_page(job: JobStatus, chunks: Sequence[ChunkStatus]) -> Group:
    """One job with its chunks by source."""
    return Group(*_job(job, chunks))


def _closing(report: BackfillReport) -> Iterator[RenderableType]:
    yield _title(report.job_id, report.status)
    yield Text(
        f"{plain(report.configuration)}, {report.since} to {report.before}: {report.completed:,} of "
        f"{report.chunks:,} chunks are stored, {report.rows:,} rows"
    )
    yield from _failures(report.failures)
    if report.metrics and report.metrics.tables:
        rows = sum(one.rows for one in report.metrics.tables)
        yield Text(f"Metrics: {rows:,} rows of {len(report.metrics.tables)} tables in {report.metrics.seconds:.1f} s")
    if report.status != "completed":
        yield _next(f"`devhealth backfill run --org {report.organisation} --job {report.job_id}` does what is not done")
    elif report.metrics is None:
        yield _next(f"`devhealth metrics daily --org {report.organisation}`")
    else:
        yield _next(f"`devhealth show --org {report.organisation}`")


def _list(jobs: Sequence[JobStatus]) -> Iterator[RenderableType]:
    if not jobs:
        yield _next("`devhealth backfill run --org ORG --config NAME --since 30d` begins a first backfill")
        return
    table = bare_table(
        ("job", "left"), ("configuration", "left"), ("since", "left"), ("days", "right"), ("done", "right")
    )
    table.add_column("status", no_wrap=True)
    for job in jobs[:MOST_LISTED]:
        table.add_row(
            job.job_id,
            _cut(f"{job.organisation} {plain(job.configuration)}", 17),
            str(job.since),
            f"{(job.before - job.since).days:,}",
            f"{job.completed / max(job.chunks, 1):.0%}",
            Text(_STATUS.get(job.status, job.status), COLOURS[job.status]),
        )
    yield table
    if len(jobs) > MOST_LISTED:
        yield Text(f"{len(jobs) - MOST_LISTED:,} older ones; --json lists all", "dim")
    for job in jobs[:MOST_LISTED]:
        yield from _troubles(job, name=job.job_id)
    yield _next(f"`devhealth backfill status {jobs[0].job_id}` shows one in full")


def _job(job: JobStatus, chunks: Sequence[ChunkStatus]) -> Iterator[RenderableType]:
    yield _title(job.job_id, job.status)
    how = f"DAG {job.dag_id}, run {job.run_id}" if job.run_id else "command line"
    size = f"{job.chunks:,} chunks of {job.window_days} days, {job.order.replace('_', ' ')}"
    yield Text(f"{job.organisation}, {plain(job.configuration)} ({job.provider}): {', '.join(job.targets)}")
    yield Text(f"{job.since} to {job.before} ({(job.before - job.since).days:,} days), {size}")
    yield Text(f"asked {job.requested_at:%Y-%m-%d %H:%M} UTC by {plain(how)}{_times(job)}", "dim")
    yield from _troubles(job, name="")
    yield heading("Chunks", f"{job.completed:,} of {job.chunks:,} stored, {job.rows:,} rows")
    yield _by_source(chunks)
    yield from _failures(
        [
            ChunkFailure(**{name: getattr(one, name) for name in ChunkFailure.__struct_fields__})
            for one in chunks
            if one.status == "failed"
        ]
    )
    if job.status in {"failed", "completed_with_errors", "cancelled"}:
        yield _next(f"`devhealth backfill run --org {job.organisation} --job {job.job_id}` does what is not done")
    elif job.status == "running":
        yield _next(f"`devhealth backfill cancel {job.job_id}` stops it")


def _by_source(chunks: Sequence[ChunkStatus]) -> Table:
    table = bare_table(("source", "left"), ("target", "left"), ("", "left"))
    for name in ("stored", "failed", "left", "rows"):
        table.add_column(name, justify="right", no_wrap=True)
    groups: dict[tuple[str, str, str], list[ChunkStatus]] = {}
    for one in chunks:
        groups.setdefault((one.source, one.name, one.target), []).append(one)
    for (_, name, target), some in groups.items():
        stored = sum(one.status == "completed" for one in some)
        failed = sum(one.status == "failed" for one in some)
        is_running = any(one.status == "running" for one in some)
        done = bar(stored, len(some), BAR_WIDTH)
        table.add_row(
            shortened(plain(name), NAME_WIDTH),
            target,
            Text.assemble(
                (done, "green"), ("\N{LIGHT SHADE}" * (BAR_WIDTH - len(done)), "cyan" if is_running else "dim")
            ),
            f"{stored:,}/{len(some):,}",
            Text(f"{failed:,}", "red") if failed else "",
            f"{len(some) - stored - failed:,}" if len(some) > stored + failed else "",
            f"{sum(one.rows for one in some):,}",
        )
    return table


def _failures(failures: Sequence[ChunkFailure]) -> Iterator[RenderableType]:
    if failures:
        yield heading("Failed", f"{len(failures):,} chunks")
    for what, error in grouped(list(failures)):
        yield Text(plain(what), "red")
        yield Padding(Text(plain(error)), (0, 0, 0, 2), expand=False)


def _troubles(job: JobStatus, *, name: str) -> Iterator[RenderableType]:
    prefix = f"{name}: " if name else ""
    tells_of_chunks = job.error.startswith(f"{job.failed:,} of {job.chunks:,} chunks failed")
    if job.error and (name or not tells_of_chunks):  # the page of one job names those itself
        yield Text(f"{prefix}{plain(job.error)}", "red")
    if job.note:
        yield Text(f"{prefix}{plain(job.note)}", "yellow")


def _times(job: JobStatus) -> str:
    if job.finished_at and job.started_at:
        return f", ended {job.finished_at:%Y-%m-%d %H:%M} after {(job.finished_at - job.started_at).seconds:,} s"
    return f", began {job.started_at:%H:%M}" if job.started_at else ""


def _title(job_id: str, status: str) -> Text:
    return Text.assemble(("Backfill ", "bold"), (job_id, "bold"), "  ", (status.replace("_", " "), COLOURS[status]))


def _next(text: str) -> Text:
    return Text.assemble(("\nNext: ", "bold"), text, ".")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


_STATUS = {"completed_with_errors": "with errors"}
"""Shorter in a list."""
