"""What is measured. Every function yields measures; pairs are run in turn (A B A B) and their medians compared."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.processes import ROOT, result_of, store, wall
from tests.bench.verdict import Measure

PAIRS = 3


def first_sync(uri: str, repository: Path) -> Iterator[Measure]:
    """Reading a whole history into ClickHouse, beside one plain `git log`; then a sync with nothing new."""
    logs, syncs, walls = [], [], []
    for _ in range(PAIRS):
        logs.append(wall(["git", "-C", repository, "log", "--all", "--numstat", "-M"]))
        with store(uri) as environ:
            started = time.perf_counter()
            syncs.append(result_of(["-m", "tests.bench.one_sync", str(repository), "git"], environ))
            walls.append(time.perf_counter() - started)
    log = statistics.median(logs)
    yield Measure("first sync / git log --all --numstat -M", _median(syncs, "first"), "s", log, 1.0)
    yield Measure("the same with its process", statistics.median(walls), "s", log)
    yield Measure("peak memory of the sync", max(sync["peak"] for sync in syncs), "MB", None, 300)
    yield Measure("sync with nothing new", _median(syncs, "second"), "s", None, 0.5)


def backfill(uri: str, repository: Path) -> Iterator[Measure]:
    """Filling a whole history week by week, beside one full sync of it; weeks without a commit; planning."""
    syncs, backfills = [], []
    for _ in range(PAIRS):
        for what, runs in (("sync", syncs), ("backfill", backfills)):
            with store(uri) as environ:
                runs.append(result_of(["-m", "tests.bench.one_backfill", what, str(repository)], environ))
    sync, ours, empty = (
        _median(syncs, "seconds"),
        _median(backfills, "seconds"),
        statistics.median(run["empty"] / run["empty_chunks"] for run in backfills),
    )
    chunks = backfills[0]["chunks"]
    yield Measure(f"backfill in {chunks} chunks / full sync", ours, "s", sync, 1.3)
    yield Measure("each chunk beyond its work", (ours - sync) / chunks * 1000, "ms")
    yield Measure("a chunk without a commit", empty * 1000, "ms")
    yield Measure("peak memory of the backfill", max(run["peak"] for run in backfills), "MB", None, 300)
    with tempfile.TemporaryDirectory(prefix="devhealth-bench-") as folder, store(uri) as environ:
        planned = result_of(["-m", "tests.bench.plan_backfill", folder, "50", "52"], environ)
    for weeks, (seconds, count) in planned.items():
        yield Measure(f"plan {weeks} weeks x 20: {count:,} chunks", seconds, "s", None, 1.0)


def blame(uri: str, repository: Path) -> Iterator[Measure]:
    """Blame of every file of the default branch, beside a loop of `git blame`."""
    listing = subprocess.run(
        ["git", "-C", repository, "ls-tree", "-r", "-z", "--name-only", "HEAD"], capture_output=True, check=True
    )
    paths = [os.fsdecode(path) for path in listing.stdout.split(b"\0") if path]
    started = time.perf_counter()
    for path in paths:
        wall(["git", "-C", repository, "blame", "HEAD", "--", path])
    loop = time.perf_counter() - started
    with store(uri) as environ:
        sync = result_of(["-m", "tests.bench.one_sync", str(repository), "blame"], environ)
    yield Measure(f"blame of {len(paths):,} files / git blame each", sync["first"], "s", loop, 0.6)
    yield Measure("peak memory of the blame", sync["peak"], "MB", None, 300)


def metrics(uri: str) -> Iterator[Measure]:
    """A year of fifty repositories and a million file changes, every table; then one dirty day of one of them."""
    from devhealth.settings import Settings
    from devhealth.warehouse import connection, schema
    from tests.bench import metrics_data

    with store(uri) as environ, connection.connected(Settings.from_environment(environ)) as client:
        schema.ensure_schema(client)
        metrics_data.fill(client)
        started = time.perf_counter()
        metrics_data.run(client)
        whole = time.perf_counter() - started
        started = time.perf_counter()
        metrics_data.run_one_day(client)
        day = time.perf_counter() - started
    yield Measure("metrics, 365 days x 50 repositories", whole, "s", None, 10)
    yield Measure("metrics, one day of one / all of them", day, "s", whole, 0.2)


def insert(uri: str) -> Iterator[Measure]:
    """Our sink, beside a plain columnar INSERT of the same rows."""
    import asyncio

    from devhealth.models.git import CommitFileStat
    from devhealth.models.table import table_of
    from devhealth.settings import Settings
    from devhealth.sinks import open_sink
    from devhealth.warehouse import connection, schema
    from tests.bench.rows import file_changes

    records = file_changes(200_000)
    names = [column.name for column in table_of(CommitFileStat).columns]
    columns = [[getattr(record, name) for record in records] for name in names]
    plain, ours = [], []
    with store(uri) as environ:
        settings = Settings.from_environment(environ)
        with connection.connected(settings) as client, open_sink(settings) as sink:
            schema.ensure_schema(client)
            for _ in range(PAIRS):
                client.execute("truncate table commit_file_stats")
                started = time.perf_counter()
                client.execute(f"insert into commit_file_stats ({', '.join(names)}) values", columns, columnar=True)
                plain.append(time.perf_counter() - started)
                client.execute("truncate table commit_file_stats")
                started = time.perf_counter()
                asyncio.run(_write(sink, records, settings.batch_size))
                ours.append(time.perf_counter() - started)
    yield Measure("sink / plain insert, 200,000 rows", statistics.median(ours), "s", statistics.median(plain))


async def _write(sink: object, records: list, batch: int) -> None:
    for at in range(0, len(records), batch):
        await sink.write_batch(records[at : at + batch], sink.session)


def parsing() -> Iterator[Measure]:
    """Each DAG file, beyond Airflow's own import."""
    with tempfile.TemporaryDirectory() as home:
        environ = {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": home}
        found = result_of(["-m", "tests.bench.parse_dags", *map(str, sorted(ROOT.glob("dags/*.py")))], environ)
    for path, seconds in found.items():
        yield Measure(f"parse dags/{Path(path).name}", seconds, "s", None, 0.1)


def command_line() -> Iterator[Measure]:
    """`devhealth --help`."""
    help_text = [sys.executable, "-m", "devhealth.cli", "--help"]
    yield Measure("devhealth --help", statistics.median(wall(help_text) for _ in range(5)), "s", None, 0.3)


def _median(syncs: list[dict], name: str) -> float:
    return statistics.median(sync[name] for sync in syncs)
