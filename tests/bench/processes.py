"""Running what is measured: processes, and stores of their own for them."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psutil

ROOT = Path(__file__).parents[2]
Result = TypeVar("Result")


@contextmanager
def store(uri: str) -> Iterator[dict[str, str]]:
    """The environment of a home and a ClickHouse database of their own."""
    import uuid

    from devhealth.settings import Settings
    from devhealth.warehouse import connection

    database = f"bench_{uuid.uuid4().hex}"
    server = connection.connected(Settings(home=Path("/nowhere"), clickhouse_uri=uri))
    with tempfile.TemporaryDirectory(prefix="devhealth-bench-") as home, server as client:
        client.execute(f"create database {database} engine = Atomic")
        try:
            yield {"DEVHEALTH_HOME": home, "CLICKHOUSE_URI": urlunsplit(urlsplit(uri)._replace(path=f"/{database}"))}
        finally:
            client.execute(f"drop database {database} sync")


class Others:
    """How much of the machine others use: neither this process, nor what it started and saw end, nor the server."""

    def __init__(self, server_pid: int) -> None:
        self._server = psutil.Process(server_pid)
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        self._began = self._now()

    def share(self) -> float:
        """Of all cores, since the last restart."""
        (began, others_before), (now, others) = self._began, self._now()
        return max(0.0, others - others_before) / max(now - began, 1e-9) / (os.cpu_count() or 1)

    def _now(self) -> tuple[float, float]:
        whole, server = psutil.cpu_times(), self._server.cpu_times()
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        busy = sum(whole) - whole.idle - getattr(whole, "iowait", 0.0) - getattr(whole, "guest", 0.0)
        mine = sum(one.ru_utime + one.ru_stime for one in own) + server.user + server.system
        return time.monotonic(), busy - mine


BUSY_SHARE = 0.1
MOST_TRIES = 3


def undisturbed(measure: Callable[[], Result], others: Others) -> tuple[Result, str]:
    """What is measured, and a remark: it is measured again while others use more than a tenth of the machine."""
    for tries in range(1, MOST_TRIES + 1):
        others.restart()
        found = measure()
        share = others.share()
        if share <= BUSY_SHARE:
            return found, "" if tries == 1 else f"  (measured {tries} times: the machine was busy before)"
    return found, f"  (BUSY: others used {share:.0%} of the machine, in the last of {MOST_TRIES} tries too)"


def wall(command: list) -> float:
    """Seconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def result_of(arguments: list[str], environ: dict[str, str]) -> dict[str, Any]:
    """What a script of ours prints last, as JSON."""
    run = subprocess.run(
        [sys.executable, *arguments], env=os.environ | environ, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(run.stdout.splitlines()[-1])
