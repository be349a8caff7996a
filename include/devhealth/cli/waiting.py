"""Waiting for a provider while a person watches: however long it takes, and said in one line on stderr."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import click

from devhealth.cli.durations import span
from devhealth.errors import RateLimited
from devhealth.settings import Settings


@contextmanager
def patiently(settings: Settings) -> Iterator[Settings]:
    """Settings that wait for what a provider asks for. Threads that still wait when the block ends give up."""
    ended, told = threading.Event(), set[tuple[datetime, str]]()

    def wait(until: datetime, why: str) -> None:
        seconds = max(0.0, (until - datetime.now(UTC)).total_seconds())
        line = until.replace(second=0, microsecond=0), why
        if line not in told:  # several units may wait for the same
            told.add(line)
            click.echo(f"{why} Going on at {until:%H:%M} UTC, in {span(seconds)}.", err=True)
        if ended.wait(seconds):
            raise RateLimited(f"{why} Run again after {until:%Y-%m-%d %H:%M} UTC.", until)

    try:
        yield replace(settings, wait=wait)
    finally:
        ended.set()
