"""What a backfill will cost at its provider, told before it begins."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from sqlalchemy.engine import Engine

from devhealth.errors import SecretError, SourceError
from devhealth.models.unit import Window
from devhealth.models.usage import Usage
from devhealth.pipelines import credentials, providers
from devhealth.pipelines.backfill.checks import Checked
from devhealth.settings import Settings

_LOG = logging.getLogger(__name__)


def sentence(settings: Settings, engine: Engine, asked: Checked, sources: Sequence[str], windows: int) -> str:
    """About how many requests it takes and what is left; empty where none are made, or nothing can be told."""
    requests_for = providers.estimate(asked.configuration.provider)
    if requests_for is None or not sources:
        return ""
    spent = Usage()

    def note(more: Usage) -> None:
        nonlocal spent
        spent = spent.plus(more)

    window = Window(*(datetime.combine(day, time(), UTC) for day in (asked.since, asked.before)))
    try:
        reading = replace(credentials.of_configuration(settings, engine, asked.configuration), spend=note, wait=None)
        count = requests_for(sources, asked.targets, window, windows, asked.configuration.options, reading)
    except (SourceError, SecretError) as error:
        _LOG.warning("what the backfill will cost cannot be told: %s", error)
        return ""
    if spent.limit is None or spent.remaining is None:
        return f"It takes about {count:,} requests."
    until = f" until {spent.reset_at:%H:%M} UTC" if spent.reset_at else ""
    waits = (count - spent.remaining) / spent.limit
    waiting = f" It will wait for the limit about {waits:,.0f} times." if waits >= 1 else ""
    return f"It takes about {count:,} requests; {spent.remaining:,} of {spent.limit:,} are left{until}.{waiting}"
