"""What a person sees while a run works: a live line on a terminal, plain lines elsewhere. All of it on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from devhealth.models.text import plain
from devhealth.models.unit import Unit

Listener = Callable[[str, Unit | None, int], None]


@contextmanager
def shown(*, quiet: bool) -> Iterator[Listener]:
    """A listener for `run_sync`; a quiet one says nothing."""
    if quiet:
        yield _silent
    elif sys.stderr.isatty():
        with _live() as listener:
            yield listener
    else:
        yield _plain


def _silent(event: str, unit: Unit | None, count: int) -> None:
    """Nobody watches."""


def _plain(event: str, unit: Unit | None, count: int) -> None:
    if event != "page" and (line := _sentence(event, unit, count)):
        click.echo(line, err=True)


def _sentence(event: str, unit: Unit | None, count: int) -> str:
    if unit is None:
        return f"{count} of the sources and targets have news" if event == "planned" and count else ""
    how = f"reading with {unit.credential} ..." if unit.credential else "reading ..."
    words = {"fetching": how, "stored": f"{count:,} rows stored", "failed": "failed"}
    return f"{plain(unit.called)} ({unit.target}): {plain(words[event])}" if event in words else ""


@contextmanager
def _live() -> Iterator[Listener]:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from devhealth.cli import layout

    columns = (SpinnerColumn(finished_text=" "), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=layout.console(stderr=True)) as progress:
        tasks: dict[str, object] = {}

        def listen(event: str, unit: Unit | None, count: int) -> None:
            if unit is None:
                return
            if unit.unit_id not in tasks:
                tasks[unit.unit_id] = progress.add_task("", total=1)
            text = _sentence(event, unit, count) or f"{plain(unit.called)} ({unit.target}): {count:,} pages read"
            done = 1 if event in {"stored", "failed"} else 0
            progress.update(tasks[unit.unit_id], description=text, completed=done)  # type: ignore[arg-type]

        yield listen
