"""Running what is measured: processes, and stores of their own for them."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).parents[2]


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
