"""Trying again what may go well the next time."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from devhealth.transport.waiting import Clock

Result = TypeVar("Result")

ATTEMPTS = 6
"""With pauses of 1, 2, 4, 8 and 16 seconds, and up to one more each."""


class Passing(Exception):
    """A failure that the next attempt may not meet; its text says what happened, free of secrets."""

    def __init__(self, message: str, *, is_size: bool = False) -> None:
        super().__init__(message)
        self.is_size = is_size
        """Whether the question may have been too much: a time-out or a bad gateway."""


def persistently(attempt: Callable[[], Result], clock: Clock, attempts: int = ATTEMPTS) -> Result:
    """What the attempt returns; its last Passing when none of a number of attempts goes well."""
    retrying = Retrying(
        retry=retry_if_exception_type(Passing),
        stop=stop_after_attempt(attempts),
        wait=wait_exponential_jitter(initial=1, max=30),
        sleep=clock.sleep,
        reraise=True,
    )
    return retrying(attempt)
