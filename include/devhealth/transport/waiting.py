"""Waiting for a provider: a minute in place, longer only for somebody who has asked for it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from devhealth.errors import RateLimited
from devhealth.settings import Settings

IN_PLACE_SECONDS = 60.0

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, and how time passes."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def wait_until(moment: float, why: str, settings: Settings, clock: Clock) -> float:
    """The seconds waited. Raises RateLimited for more than a minute that nobody wants to wait for."""
    started = clock.now()
    seconds = moment - started
    if seconds <= 0:
        return 0.0
    until = datetime.fromtimestamp(moment, UTC)
    if seconds <= IN_PLACE_SECONDS:
        _LOG.info("%s Waiting for %.0f s.", why, seconds)
        clock.sleep(seconds)
    elif settings.wait:
        settings.wait(until, why)
    else:
        raise RateLimited(f"{why} It goes on after {until:%Y-%m-%d %H:%M:%S} UTC, at the same page.", until)
    return max(clock.now() - started, 0.0)
