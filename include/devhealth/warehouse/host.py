"""The process that holds the embedded ClickHouse: `python -m devhealth.warehouse.host FOLDER`.

Started by `devhealth.warehouse.embedded`, which holds the folder's lock meanwhile. Leaves its caller's session, reports
on stdout with one JSON line (`{"error": null}` once it answers), and serves until SIGTERM or until nobody used it for
DEVHEALTH_WAREHOUSE_IDLE_SECONDS (3600; 0 = for ever).
"""

import contextlib
import os
import secrets
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import msgspec
import psutil
from clickhouse_driver import Client
from clickhouse_driver.errors import Error
from filelock import FileLock, Timeout

from devhealth.errors import WarehouseError
from devhealth.warehouse import endpoint, engine

_START_SECONDS = 30
_STOP_SECONDS = 10
_ACTIVITY = """
select
    (select value from system.events where event = 'Query'),
    (select value from system.metrics where metric = 'TCPConnection')
"""


def main(folder: Path) -> None:
    """Detach, start the engine, report, serve."""
    if os.fork():
        os._exit(0)  # the caller waits for this one; its child belongs to nobody and is reaped by init
    os.setsid()
    os.umask(0o077)
    report = os.dup(1)
    os.dup2(2, 1)
    os.chdir(folder)
    stopped = _stop_requests()
    try:
        client, server = _start(folder)
    except (WarehouseError, OSError) as error:
        _report(report, str(error))
        os._exit(1)
    _report(report, None)
    _watch(folder, client, server, stopped)
    _stop(client, server)
    os._exit(0)  # not through the engine's static destructors


def _stop_requests() -> socket.socket:
    """Becomes readable on SIGTERM, even when one of the engine's threads is the one to receive it."""
    readable, writable = socket.socketpair()
    os.set_blocking(writable.fileno(), False)
    signal.set_wakeup_fd(writable.detach())
    signal.signal(signal.SIGTERM, lambda *_: None)
    return readable


def _start(folder: Path) -> tuple[Client, threading.Thread]:
    _idle_seconds()
    engine.check_data(folder)
    log_size = (folder / "host.log").stat().st_size
    port, password = _free_port(), secrets.token_urlsafe(24)
    engine.configure(folder, port, password)
    server = threading.Thread(target=engine.listen, args=(engine.load(),), daemon=True)
    server.start()
    client = Client(endpoint.HOST, port=port, user=endpoint.USER, password=password, connect_timeout=5)
    if not _answers(client, port, server):
        with (folder / "host.log").open(errors="replace") as log:
            log.seek(log_size)
            raise WarehouseError(engine.explain(folder, log.read()))
    client.execute(f"create database if not exists {endpoint.DATABASE} engine = Atomic")
    version = str(client.execute("select version()")[0][0])
    engine.stamp_data(folder, version)
    endpoint.store(
        folder,
        endpoint.Endpoint(
            host=endpoint.HOST,
            port=port,
            user=endpoint.USER,
            password=password,
            database=endpoint.DATABASE,
            pid=os.getpid(),
            process_created_at=psutil.Process().create_time(),
            version=version,
        ),
    )
    return client, server


def _answers(client: Client, port: int, server: threading.Thread) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while server.is_alive() and time.monotonic() < deadline:
        if endpoint.is_listening(port):
            with contextlib.suppress(Error, OSError):
                client.execute("select 1")
                return True
        time.sleep(0.01)
    return False


def _watch(folder: Path, client: Client, server: threading.Thread, stopped: socket.socket) -> None:
    """Return when asked to stop, when the server ended, or, holding the folder's lock, when nobody used it for long."""
    idle_seconds = _idle_seconds()
    poll_seconds = min(5.0, idle_seconds / 4) if idle_seconds else 5.0
    used_at, before = time.monotonic(), 0
    while server.is_alive() and not select.select([stopped], [], [], poll_seconds)[0]:
        queries, connections = client.execute(_ACTIVITY)[0]
        if connections > 1 or queries > before + 1:  # more than this loop's own
            used_at = time.monotonic()
        before = queries
        if idle_seconds and time.monotonic() - used_at >= idle_seconds:
            try:
                FileLock(folder / "start.lock", mode=0o600).acquire(timeout=0)  # kept until this process has ended
            except Timeout:
                continue
            endpoint.forget(folder)
            return


def _stop(client: Client, server: threading.Thread) -> None:
    with contextlib.suppress(Error, OSError):  # the server may have ended by itself
        client.execute("kill query where user != currentUser() async")
        client.disconnect()
        server.join(_STOP_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((endpoint.HOST, 0))
        return int(probe.getsockname()[1])


def _idle_seconds() -> float:
    text = os.environ.get("DEVHEALTH_WAREHOUSE_IDLE_SECONDS") or "3600"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise WarehouseError(
            f"DEVHEALTH_WAREHOUSE_IDLE_SECONDS is {text!r}: "
            "expected the seconds without use after which the server stops, 0 = never."
        )
    return seconds


def _report(descriptor: int, error: str | None) -> None:
    with contextlib.suppress(BrokenPipeError):  # the caller is gone; the next one finds the endpoint file
        os.write(descriptor, msgspec.json.encode({"error": error}) + b"\n")
    os.close(descriptor)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
