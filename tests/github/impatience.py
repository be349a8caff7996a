"""Asking the played GitHub without the pauses that the real one is given."""

import time

from devhealth.transport.waiting import Clock


def short_pauses() -> Clock:
    """In place of the engine's clock: pauses are short, and a limit lasts as long as it does."""
    return Clock(sleep=lambda seconds: time.sleep(min(seconds, 0.02)))
