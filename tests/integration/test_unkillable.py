"""Kill it anywhere, run it twice, run two at once: the same tables in the end."""

import contextlib
import dataclasses
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
import pytest

from devhealth.errors import DevhealthError
from devhealth.pipelines import setup, stages
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.semantic import database, organizations, watermarks
from devhealth.settings import Settings
from devhealth.staging import UnitStaging
from devhealth.warehouse import embedded
from devhealth.warehouse.connection import connected
from tests.integration.stored_tables import stored_tables

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def history(path, commits=400):
    """A repository of some commits over five files, a merge every fifty commits, two people."""
    stream, marks, files = [], [], [f"src/module_{number}.py" for number in range(5)]
    for index in range(commits):
        when = 1_750_000_000 + index * 40_000
        person = ("Ada <ada@example.org>", "Grace <grace@example.org>")[index % 2]
        stream += [f"commit refs/heads/main\nmark :{index + 1}\nauthor {person} {when} +0200"]
        stream += [f"committer {person} {when} +0200\ndata 5\nwork\n"]
        if marks:
            stream += [f"from :{marks[-1]}"]
        if index % 50 == 49:
            stream += [f"merge :{marks[-20]}"]
        lines = "".join(f"line {line} of {index if line % 7 == index % 7 else 0}\n" for line in range(60))
        stream += [f"M 100644 inline {files[index % 5]}\ndata {len(lines)}\n{lines}"]
        marks.append(index + 1)
    subprocess.run(["git", "init", "-q", "-b", "main", path], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input="\n".join(stream).encode(), check=True)
    return path


@pytest.fixture
def repository(tmp_path):
    return history(tmp_path / "shop")


@pytest.fixture
def own_warehouse(tmp_path):
    """A devhealth with an embedded server of its own, to be killed."""
    home = tmp_path / "own"
    settings = Settings.from_environment({"DEVHEALTH_HOME": str(home)})
    yield settings
    embedded.stop(home)


def request_of(run_id=None, organisation="acme"):
    return SyncRequest(
        provider="local_git", organisation=organisation, run_id=run_id or new_run_id(AS_OF), as_of=datetime.now(UTC)
    )


def synced(settings, repository, organisation="acme"):
    setup.prepare(settings)
    setup.register_source(settings, organisation, str(repository))
    report = run_sync(settings, request_of(organisation=organisation))
    assert not report.failed, report.failure_text()
    compute_dirty(settings, AS_OF)
    return stored_tables(settings)


def environment(settings):
    return os.environ | {
        "PYTHONPATH": f"{ROOT / 'include'}",
        "DEVHEALTH_HOME": str(settings.home),
        "CLICKHOUSE_URI": settings.clickhouse_uri or "",
        "POSTGRES_URI": settings.semantic_uri,
        "DEVHEALTH_STAGING_URI": settings.staging_uri,
    }


STAGE = """
import sys, msgspec
from devhealth.models.unit import Unit
from devhealth.pipelines import stages
from devhealth.settings import Settings
unit = msgspec.json.decode(sys.stdin.buffer.read(), type=Unit)
print("ready", flush=True)
getattr(stages, sys.argv[1] + "_unit")(Settings.from_environment(), unit)
"""


def killed(settings, unit, stage, after):
    """Run one stage in a process of its own and kill -9 it after some seconds; whether it had ended by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", STAGE, stage],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(settings),
        start_new_session=True,
    )
    process.stdin.write(msgspec.json.encode(unit))
    process.stdin.close()
    assert process.stdout.readline() == b"ready\n"
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    ended = process.returncode == 0
    assert ended or process.returncode is None, "it must not end by an error of its own"
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return ended


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_stage_killed_at_a_random_moment_and_run_again_ends_in_the_same_tables(
    seed, repository, warehouse_settings, other_settings
):
    chance = random.Random(seed)
    expected = synced(other_settings, repository)
    setup.prepare(warehouse_settings)
    setup.register_source(warehouse_settings, "acme", str(repository))
    request = request_of()
    units = plan_sync(warehouse_settings, request)
    for unit in units:
        for stage in ("fetch", "process", "store"):
            while not killed(warehouse_settings, unit, stage, chance.uniform(0, 0.5)):
                if chance.random() < 0.4:
                    getattr(stages, f"{stage}_unit")(warehouse_settings, unit)
                    break
    assert not finish_sync(warehouse_settings, units, provider="local_git", run_id=request.run_id).failed
    compute_dirty(warehouse_settings, AS_OF)
    assert stored_tables(warehouse_settings) == expected
    assert not plan_sync(warehouse_settings, request_of())


@pytest.mark.slow
def test_a_warehouse_killed_while_a_unit_is_stored_loses_nothing(repository, warehouse_settings, own_warehouse):
    expected = synced(warehouse_settings, repository)
    setup.prepare(own_warehouse)
    setup.register_source(own_warehouse, "acme", str(repository))
    for table in ("commits", "commit_file_stats"):
        killed_once_stored(own_warehouse, repository, table)
        assert [unit.mode for unit in plan_sync(own_warehouse, request_of())] == ["full", "full"]
    report = run_sync(own_warehouse, request_of())
    assert not report.failed, report.failure_text()
    compute_dirty(own_warehouse, AS_OF)
    assert stored_tables(own_warehouse) == expected


def killed_once_stored(settings, repository, table):
    """Start a sync that stores a few rows at a time, and kill -9 the warehouse when a table holds some more of them."""
    before = count_of(settings, table)
    command = [sys.executable, "-m", "devhealth.cli", "sync", "git", "--org", "acme", "--repo-path", str(repository)]
    process = subprocess.Popen(
        [*command, "--target", "git"],
        env=environment(settings) | {"BATCH_SIZE": "5"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while count_of(settings, table) == before:
        assert process.poll() is None
    psutil.Process(host_of(settings)).kill()
    assert process.wait() != 0


def count_of(settings, table):
    with connected(settings) as client:
        return client.execute(f"select count() from {table}")[0][0]


@pytest.mark.slow
def test_two_runs_of_one_configuration_at_once_store_what_one_does(repository, warehouse_settings, other_settings):
    expected = synced(other_settings, repository)
    setup.prepare(warehouse_settings)
    command = [sys.executable, "-m", "devhealth.cli", "sync", "git", "--org", "acme", "--repo-path", str(repository)]
    runs = [
        subprocess.Popen(
            [*command, "--target", "git", "--target", "blame"],
            env=environment(warehouse_settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(2)
    ]
    outputs = [run.communicate()[0].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    compute_dirty(warehouse_settings, AS_OF)
    assert stored_tables(warehouse_settings) == expected


def test_two_organisations_with_one_repository_each_hold_all_of_it(repository, warehouse_settings):
    synced(warehouse_settings, repository, "acme")
    synced(warehouse_settings, repository, "globex")
    engine = database.open_semantic(warehouse_settings)
    first, second = (stored_tables(warehouse_settings, one.org_id) for one in organizations.list_organizations(engine))
    assert all(first[name] for name in ("commits", "repo_metrics_daily", "file_hotspots", "blame_ranges"))
    assert ids_of(first).isdisjoint(ids_of(second))
    assert without_ids(first) == without_ids(second)


def without_ids(tables):
    ids = ids_of(tables)
    stripped = {
        name: [[value for value in row if not (isinstance(value, str) and value in ids)] for row in rows]
        for name, rows in tables.items()
    }
    return {name: sorted(rows, key=repr) for name, rows in stripped.items()}


def ids_of(tables):
    return {row[1] for row in tables["repositories"]} | {row[0] for row in tables["repositories"]}


def test_a_staging_folder_that_cannot_be_written_fails_the_run_in_one_sentence(
    repository, warehouse_settings, tmp_path
):
    setup.prepare(warehouse_settings)
    setup.register_source(warehouse_settings, "acme", str(repository))
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    settings = dataclasses.replace(warehouse_settings, staging_uri=str(blocked / "staging"))
    with pytest.raises(DevhealthError, match="DEVHEALTH_STAGING_URI"):
        run_sync(settings, request_of())


FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from devhealth.cli import main
sys.argv = ["devhealth", *sys.argv[1:]]
main()
"""


def test_a_full_disk_fails_the_run_and_the_next_one_completes(repository, warehouse_settings, other_settings):
    expected = synced(other_settings, repository)
    setup.prepare(warehouse_settings)
    setup.register_source(warehouse_settings, "acme", str(repository))
    outcome = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "sync", "git", "--org", "acme", "--repo-path", str(repository)],
        env=environment(warehouse_settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode != 0
    assert "Traceback" not in outcome.stderr
    assert not run_sync(warehouse_settings, request_of()).failed
    compute_dirty(warehouse_settings, AS_OF)
    assert stored_tables(warehouse_settings) == expected


def test_a_repository_that_disappears_between_plan_and_fetch_is_its_own_failure(
    repository, warehouse_settings, tmp_path
):
    other = history(tmp_path / "docs", 20)
    setup.prepare(warehouse_settings)
    for source in (repository, other):
        setup.register_source(warehouse_settings, "acme", str(source), targets=["git"])
    request = request_of()
    units = plan_sync(warehouse_settings, request)
    other.rename(tmp_path / "gone")
    for unit in units:
        with contextlib.suppress(DevhealthError):
            stages.fetch_unit(warehouse_settings, unit)
            stages.process_unit(warehouse_settings, unit)
            stages.store_unit(warehouse_settings, unit)
    report = finish_sync(warehouse_settings, units, provider="local_git", run_id=request.run_id)
    assert [failure.name for failure in report.failed] == ["docs"]
    assert str(other) in report.failed[0].error
    assert len(report.stored) == 1
    engine = database.open_semantic(warehouse_settings)
    marked = [watermarks.read(engine, unit.org_id, unit.repo_id, unit.target) for unit in units]
    assert [mark is not None for mark in marked] == [unit.name != "docs" for unit in units]


def test_a_half_written_page_is_fetched_again(repository, warehouse_settings):
    setup.prepare(warehouse_settings)
    setup.register_source(warehouse_settings, "acme", str(repository), targets=["git"])
    (unit,) = plan_sync(warehouse_settings, request_of())
    with contextlib.suppress(RuntimeError), UnitStaging(unit.staging).page_file("001-torn") as path:
        path.write_bytes(b"half")
        raise RuntimeError
    assert not UnitStaging(unit.staging).pages()


def host_of(settings):
    return embedded.ensure_started(settings.home).pid
