"""One line for each version that was tried."""

import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What was seen, or why it does not work."""

    seen: str = ""
    error: str = ""


def told(what: str, version: str, work: Callable[[], str]) -> Outcome:
    """Do the work, and write its line: it holds, or it does not and why."""
    begun = time.monotonic()
    try:
        outcome = Outcome(seen=work())
    except subprocess.CalledProcessError as error:
        outcome = Outcome(error=f"{error}\n{(error.stderr or '')[-3000:]}")
    except Exception:  # noqa: BLE001 - whatever it is, the next version has its turn
        outcome = Outcome(error=traceback.format_exc()[-4000:])
    verdict = "FAILS" if outcome.error else "works"
    line = f"{what:<10} {version:<14} {verdict}  {time.monotonic() - begun:5.0f} s  {outcome.seen}"
    sys.stdout.write(line.rstrip() + "\n" + outcome.error)
    sys.stdout.flush()
    return outcome
