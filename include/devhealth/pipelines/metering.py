"""Counting what the requests of a unit, or of the plan of a run, cost: `usage.json` in its staging.

It adds up over attempts; an attempt that is killed takes the count of its last seconds with it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from devhealth.models.usage import Usage
from devhealth.settings import Settings
from devhealth.staging import UnitStaging

USAGE = "usage.json"

_WRITTEN_EVERY_SECONDS = 5.0


def usage_of(staging: UnitStaging) -> Usage:
    """What the requests for a unit have cost so far, over all attempts."""
    content = staging.read(USAGE)
    return msgspec.json.decode(content, type=Usage) if content else Usage()


@contextmanager
def metered(settings: Settings, staging: UnitStaging) -> Iterator[Settings]:
    """Settings whose requests are counted in a staging while the block runs."""
    meter = _Meter(staging)
    try:
        yield replace(settings, spend=meter.spend)
    finally:
        meter.save()


class _Meter:
    def __init__(self, staging: UnitStaging) -> None:
        self._staging, self._guard = staging, threading.Lock()
        self._total: Usage | None = None
        self._saved_at = time.monotonic()

    def spend(self, more: Usage) -> None:
        """Count one more request."""
        with self._guard:
            self._total = (self._total or usage_of(self._staging)).plus(more)
            is_due = time.monotonic() - self._saved_at > _WRITTEN_EVERY_SECONDS
        if is_due:
            self.save()

    def save(self) -> None:
        """Stage the count, if there is any."""
        with self._guard:
            if self._total:
                self._staging.write(USAGE, msgspec.json.encode(self._total))
                self._saved_at = time.monotonic()
