"""How many requests with one credential are under way at once, over all processes of a machine."""

import contextlib
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

_POLL_SECONDS = 0.02


@contextlib.contextmanager
def slot(folder: Path, credential: str, count: int, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold one of `count` places while the block runs; waits for one, and a killed process gives its place back.

    Where no file can be locked, nothing is held.
    """
    name = hashlib.sha256(f"devhealth slots\0{credential}".encode()).hexdigest()[:24]
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(_free(folder, name, count, sleep))
        yield


def _free(
    folder: Path, name: str, count: int, sleep: Callable[[float], None]
) -> contextlib.AbstractContextManager[object]:
    first = random.randrange(count)  # noqa: S311 - not a secret
    while True:
        for number in range(count):
            with contextlib.suppress(Timeout):
                return FileLock(folder / f"{name}-{(first + number) % count}.slot", timeout=0).acquire()
        sleep(_POLL_SECONDS)
