"""What a person sees while a backfill works: a live view on a terminal, plain lines elsewhere. All of it on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from devhealth.cli import layout
from devhealth.models.text import plain
from devhealth.models.unit import Unit
from devhealth.pipelines.backfill import Event, Job

OnEvent = Callable[[Event], None]


@contextmanager
def shown(*, quiet: bool) -> Iterator[OnEvent]:
    """A listener for `run_backfill`; a quiet one says nothing."""
    state = Progress()
    if quiet:
        yield state.note
        return
    if not sys.stderr.isatty():
        yield lambda event: _say(state, event)
        return
    console = layout.console(stderr=True)
    with Live(View(state), console=console, refresh_per_second=8, transient=True):

        def listen(event: Event) -> None:
            state.note(event)
            if event.kind == "opened" and event.job.estimate:
                console.print(event.job.estimate)
            if event.kind == "failed" and event.unit:
                console.print(Text(f"{chunk_name(event.unit)} failed: {plain(event.error)}", "red"))

        yield listen


@dataclass
class Progress:
    """How far a run has come, from its events."""

    job: Job | None = None
    chunks: int = 0
    """To do in this run."""
    done: int = 0
    failed: int = 0
    rows: int = 0
    now: str = ""
    began_at: float = field(default_factory=time.monotonic)

    def note(self, event: Event) -> None:
        """Take an event into account."""
        self.job = event.job
        if event.kind == "opened":
            self.chunks, self.began_at = event.count, time.monotonic()
        elif event.kind == "reading" and event.unit:
            self.now = chunk_name(event.unit)
        elif event.kind == "page" and event.unit:
            self.now = f"{chunk_name(event.unit)}, {event.count:,} pages"
        elif event.kind == "completed":
            self.done, self.rows = self.done + 1, self.rows + event.count
        elif event.kind == "failed":
            self.done, self.failed = self.done + 1, self.failed + 1
        elif event.kind == "computing":
            self.now = "computing the metrics of what changed"

    @property
    def seconds(self) -> float:
        """Since the chunks were known."""
        return time.monotonic() - self.began_at

    @property
    def seconds_left(self) -> float | None:
        """About how long it will take yet; None before the first chunk is done."""
        return self.seconds / self.done * (self.chunks - self.done) if self.done else None


class View:
    """Three lines: a bar over the chunks, the chunk at work, rows and times."""

    def __init__(self, state: Progress) -> None:
        self._state = state

    def __rich__(self) -> RenderableType:
        """As it stands at this moment."""
        state = self._state
        if state.job is None:
            return Text("opening ...", "dim")
        line = Table.grid(padding=(0, 2, 0, 0), expand=True)
        line.add_column(ratio=1)
        line.add_column(justify="right", no_wrap=True)
        counted = f"{state.done:,} of {state.chunks:,} chunks"
        line.add_row(ProgressBar(total=max(state.chunks, 1), completed=state.done), counted)
        left = state.seconds_left
        parts = [
            f"{state.rows:,} rows",
            f"{state.rows / state.seconds:,.0f} rows/s" if state.seconds else "",
            clock(state.seconds),
            f"about {clock(left)} left" if left else "",
            f"{state.failed:,} failed" if state.failed else "",
        ]
        now = Text(plain(state.now), overflow="ellipsis", no_wrap=True)
        return Group(line, now, Text("   ".join(part for part in parts if part), "dim"))


def chunk_name(unit: Unit) -> str:
    """What a person calls a chunk."""
    days = f"{unit.window.since:%Y-%m-%d} to {unit.window.before:%Y-%m-%d}" if unit.window else ""
    return f"{plain(unit.called)} ({unit.target}) {days}"


def clock(seconds: float) -> str:
    """As 1:05 or 2:03:04."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _say(state: Progress, event: Event) -> None:
    state.note(event)
    counted = f"{state.done:,}/{state.chunks:,}"
    if event.kind == "opened":
        click.echo(f"job {event.job.job_id}: {event.count:,} chunks to do. {event.job.estimate}".rstrip(), err=True)
    elif event.kind == "completed" and event.unit:
        click.echo(f"{counted} {chunk_name(event.unit)}: {event.count:,} rows stored", err=True)
    elif event.kind == "failed" and event.unit:
        click.echo(f"{counted} {chunk_name(event.unit)}: failed: {event.error}", err=True)
    elif event.kind == "computing":
        click.echo("computing the metrics of what changed ...", err=True)
