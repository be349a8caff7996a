"""The embedded ClickHouse: one server a home, whatever happens to it."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from devhealth.errors import StoreError, WarehouseError
from devhealth.settings import Settings
from devhealth.warehouse import embedded, endpoint, engine
from devhealth.warehouse.connection import connected

_START = """
import os
import sys
from pathlib import Path
from devhealth.warehouse import embedded
starters = [0] * int(sys.argv[2])
for number in range(len(starters)):
    starters[number] = os.fork()
    if not starters[number]:
        os.write(1, b"%d " % embedded.ensure_started(Path(sys.argv[1])).pid)
        os._exit(0)
sys.exit(any([os.waitpid(pid, 0)[1] for pid in starters]))
"""
"""Processes that ask for the server at the same time; prints the pid each of them got."""


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "home"
    embedded.stop(tmp_path / "home")


def _start_in_processes(home: Path, count: int) -> list[int]:
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", _START, str(home), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    return [int(pid) for pid in done.stdout.split()]


def _has_ended(found: endpoint.Endpoint, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(found.pid) or psutil.Process(found.pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def _query(found: endpoint.Endpoint, statement: str):
    with connected(Settings(home=Path("/nowhere"), clickhouse_uri=found.uri)) as client:
        return client.execute(statement)


def test_twenty_processes_that_race_get_one_server(home):
    assert _start_in_processes(home, 20) == [embedded.status(home).pid] * 20


def test_the_server_is_detached_and_its_secrets_are_private(home, monkeypatch):
    for name in ("DEVHEALTH_SECRET_KEY", "POSTGRES_URI", "AIRFLOW_CONN_GIT", "ACME_GIT_TOKEN"):
        monkeypatch.setenv(name, "pl4nted")
    _start_in_processes(home, 1)  # returns: the server holds none of the pipes
    found = embedded.status(home)
    process = psutil.Process(found.pid)
    assert os.getsid(found.pid) == found.pid
    assert found.password not in " ".join(process.cmdline())
    seen = Path(f"/proc/{found.pid}/environ").read_text()
    assert "PYTHONPATH" in seen
    assert "pl4nted" not in seen
    assert found.password not in seen
    folder = home / "warehouse"
    assert stat.S_IMODE((folder / "endpoint.json").stat().st_mode) == 0o600
    assert found.password not in (folder / "config.xml").read_text()
    assert found.password not in repr(found)
    assert {at.laddr.ip for at in process.net_connections("tcp") if at.status == "LISTEN"} == {"127.0.0.1"}


def test_the_user_without_password_may_do_nothing_with_the_data(home):
    found = embedded.ensure_started(home)
    _query(found, "create table secrets (a Int8) engine = MergeTree order by a")
    anonymous = f"clickhouse://default@127.0.0.1:{found.port}/system"
    with connected(Settings(home=home, clickhouse_uri=anonymous)) as client:
        assert client.execute("select name from system.databases") == [("system",)]
        for statement in ("select * from devhealth.secrets", "drop table devhealth.secrets", "create database mine"):
            with pytest.raises(StoreError, match="Not enough privileges"):
                client.execute(statement)
    assert _query(found, "select count() from secrets") == [(0,)]


def test_times_are_utc_and_data_outlives_the_server(home):
    found = embedded.ensure_started(home)
    _query(found, "create table kept (a Int8) engine = MergeTree order by a")
    _query(found, "insert into kept select 7")
    assert _query(found, "select timezone()") == [("UTC",)]
    assert embedded.stop(home)
    assert embedded.status(home) is None
    assert not embedded.stop(home)
    assert _query(embedded.ensure_started(home), "select a from kept") == [(7,)]


def test_a_killed_server_is_replaced_and_keeps_what_was_acknowledged(home):
    found = embedded.ensure_started(home)
    _query(found, "create table counted (a Int64) engine = MergeTree order by a")
    acknowledged = 0
    for round_ in range(3):
        with connected(Settings(home=home)) as client, contextlib.suppress(StoreError):
            while True:
                client.execute("insert into counted values", [(acknowledged,)])
                acknowledged += 1
                if acknowledged % 20 == 5 + round_:
                    os.kill(embedded.status(home).pid, signal.SIGKILL)
        stored = _query(embedded.ensure_started(home), "select uniqExact(a) from counted")[0][0]
        assert stored >= acknowledged


def test_an_endpoint_of_another_boot_is_replaced(home):
    found = embedded.ensure_started(home)
    embedded.stop(home)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stale = msgspec.structs.replace(found, pid=os.getpid(), port=stranger.getsockname()[1], process_created_at=1.0)
        endpoint.store(home / "warehouse", stale)
        stranger.close()
        fresh = embedded.ensure_started(home)
    assert fresh.port != stale.port
    assert psutil.pid_exists(os.getpid()), "a stranger with the old pid is left alone"


def test_a_damaged_endpoint_file_is_replaced(home):
    found = embedded.ensure_started(home)
    os.kill(found.pid, signal.SIGKILL)
    (home / "warehouse" / "endpoint.json").write_text('{"host": "127.0')
    assert _has_ended(found)
    assert embedded.ensure_started(home).pid != found.pid


def test_it_stops_when_nobody_used_it_for_a_while_and_comes_back(home, monkeypatch):
    monkeypatch.setenv("DEVHEALTH_WAREHOUSE_IDLE_SECONDS", "0.6")
    found = embedded.ensure_started(home)
    with connected(Settings(home=home, clickhouse_uri=found.uri)) as client:
        time.sleep(1.5)
        assert client.execute("select 1") == [(1,)], "a connection keeps it up"
    assert _has_ended(found)
    assert embedded.status(home) is None
    assert _query(embedded.ensure_started(home), "select 1") == [(1,)]


def test_a_folder_in_use_by_another_engine_is_an_error_with_the_remedy(home):
    found = embedded.ensure_started(home)
    path = home / "warehouse" / "endpoint.json"
    hidden = path.read_bytes()
    path.unlink()
    with pytest.raises(WarehouseError, match=r"in use by another ClickHouse engine\. .*DEVHEALTH_HOME"):
        embedded.ensure_started(home)
    path.write_bytes(hidden)
    assert embedded.ensure_started(home) == found


def test_a_folder_that_cannot_be_written_is_an_error_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WarehouseError, match=r"cannot be written: Not a directory\. Set DEVHEALTH_HOME"):
        embedded.ensure_started(tmp_path / "file" / "home")


def test_a_data_folder_that_cannot_be_written_is_an_error(home):
    (home / "warehouse").mkdir(parents=True)
    (home / "warehouse" / "data").write_text("not a folder")
    with pytest.raises(WarehouseError, match=r"did not start: filesystem error: .+host\.log"):
        embedded.ensure_started(home)


def test_data_of_a_newer_engine_is_an_error_with_the_remedy(home):
    (home / "warehouse").mkdir(parents=True)
    (home / "warehouse" / "version").write_text("27.3.1.1\n")
    with pytest.raises(WarehouseError, match=r"data of ClickHouse 27\.3\.1\.1, this devhealth runs 26\.9.*Upgrade"):
        embedded.ensure_started(home)


def test_another_wheel_is_an_error_that_says_what_to_install(home, monkeypatch):
    monkeypatch.setattr(engine.importlib.metadata, "version", lambda _: "27.1.0")
    with pytest.raises(WarehouseError, match=r"is chdb-core 27\.1\.0, expected 26\.9\.\*: install .*CLICKHOUSE_URI"):
        embedded.ensure_started(home)


def test_no_wheel_is_an_error_that_says_what_to_install(home, monkeypatch):
    def missing(name):
        raise engine.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(engine.importlib.metadata, "version", missing)
    with pytest.raises(WarehouseError, match=r"not installed: install it with .*chdb-core==26\.9.*CLICKHOUSE_URI"):
        embedded.ensure_started(home)


def test_an_idle_time_that_is_no_number_is_an_error(home, monkeypatch):
    monkeypatch.setenv("DEVHEALTH_WAREHOUSE_IDLE_SECONDS", "soon")
    with pytest.raises(WarehouseError, match="DEVHEALTH_WAREHOUSE_IDLE_SECONDS is 'soon'"):
        embedded.ensure_started(home)


def test_a_server_that_hangs_is_an_error_and_can_be_stopped(home, monkeypatch):
    found = embedded.ensure_started(home)
    monkeypatch.setattr(embedded, "_ANSWER_SECONDS", 1)
    monkeypatch.setattr(embedded, "_STOP_SECONDS", 1)
    os.kill(found.pid, signal.SIGSTOP)
    while any(
        psutil.Process(thread.id).status() != psutil.STATUS_STOPPED for thread in psutil.Process(found.pid).threads()
    ):
        time.sleep(0.01)
    with pytest.raises(WarehouseError, match=r"does not answer\. Run `devhealth warehouse stop`"):
        embedded.ensure_started(home)
    assert embedded.stop(home)
    assert embedded.ensure_started(home).pid != found.pid
