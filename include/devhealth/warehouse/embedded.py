"""The embedded ClickHouse of one machine: started when first needed, shared by every process that finds its endpoint.

Nobody else needs to know: the rest of devhealth sees a connection URI (`devhealth.warehouse.connection.resolve_uri`).
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
from clickhouse_driver import Client
from clickhouse_driver.errors import Error
from filelock import FileLock, Timeout

import devhealth
from devhealth.errors import WarehouseError
from devhealth.settings import private_file, private_folder
from devhealth.warehouse import endpoint as endpoints
from devhealth.warehouse import engine
from devhealth.warehouse.endpoint import Endpoint

__all__ = ["Endpoint", "ensure_started", "status", "stop"]

_LOCK_SECONDS = 90
_ANSWER_SECONDS = 30
_STOP_SECONDS = 20
_LOG_BYTES = 1 << 20
_PASSED_ON = {"HOME", "LANG", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "TMPDIR", "USER"}
_PASSED_ON_FROM = ("DEVHEALTH_WAREHOUSE_", "LC_", "PYTHON")


def ensure_started(home: Path) -> Endpoint:
    """The running server of a devhealth home, started if need be; any number of processes asking at once get the same.

    Raises WarehouseError with the remedy when it cannot be had.
    """
    folder = home / endpoints.FOLDER
    endpoint = endpoints.load(folder)
    if endpoint and _answers(endpoint):
        return endpoint
    engine.check_wheel()
    with _locked(folder):
        endpoint = endpoints.load(folder)
        if endpoint and _answers(endpoint):
            return endpoint
        if endpoint:
            _end(endpoint)
        return _start(folder)


def status(home: Path) -> Endpoint | None:
    """The running server of a devhealth home, or None."""
    endpoint = endpoints.load(home / endpoints.FOLDER)
    return endpoint if endpoint and _answers(endpoint) else None


def stop(home: Path) -> bool:
    """Stop the server of a devhealth home and wait for its end; False when none was running."""
    folder = home / endpoints.FOLDER
    if endpoints.load(folder) is None:
        return False
    with _locked(folder):
        endpoint = endpoints.load(folder)
        if endpoint is None:
            return False
        was_running = _end(endpoint)
        endpoints.forget(folder)
        return was_running


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        private_folder(folder)
        lock = FileLock(folder / "start.lock", mode=0o600)
        lock.acquire(timeout=_LOCK_SECONDS)
    except Timeout as error:
        raise WarehouseError(
            f"another process has been starting or stopping the warehouse in {folder} for {_LOCK_SECONDS} s. "
            f"See {folder / 'host.log'}, end that process, then run again."
        ) from error
    except OSError as error:
        raise WarehouseError(_unwritable(folder, error)) from error
    try:
        yield
    finally:
        lock.release()


def _start(folder: Path) -> Endpoint:
    endpoints.forget(folder)
    log_path = folder / "host.log"
    try:
        keep = log_path.exists() and log_path.stat().st_size < _LOG_BYTES
        if not keep:
            log_path.unlink(missing_ok=True)
            private_file(log_path)
        with log_path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "devhealth.warehouse.host", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=_environment(),
            )
    except OSError as error:
        raise WarehouseError(_unwritable(folder, error)) from error
    with process:
        report = process.stdout.readline() if process.stdout else b""
    if not report:
        raise WarehouseError(
            f"the embedded ClickHouse in {folder} ended while it started: see {log_path}, then run again."
        )
    if message := msgspec.json.decode(report)["error"]:
        raise WarehouseError(message)
    endpoint = endpoints.load(folder)
    if endpoint is None:
        raise WarehouseError(f"the embedded ClickHouse in {folder} stopped as soon as it started: see {log_path}.")
    return endpoint


def _environment() -> dict[str, str]:
    """What the server gets to see of ours: it outlives us, so none of the secrets that may stand there."""
    path = os.pathsep.join([str(Path(devhealth.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    passed_on = {name: at for name, at in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_FROM)}
    return {**passed_on, "TZ": "UTC", "PYTHONPATH": path.rstrip(os.pathsep)}


def _answers(endpoint: Endpoint) -> bool:
    """Whether the server accepts our password; raises WarehouseError when its process lives but never replies."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while endpoints.is_listening(endpoint.port):
        if _accepts(endpoint):
            return True
        if _process(endpoint) is None:
            return False  # the port has passed to a stranger
        if time.monotonic() > deadline:
            raise WarehouseError(
                f"the embedded ClickHouse (process {endpoint.pid}, port {endpoint.port}) does not answer. "
                "Run `devhealth warehouse stop`, then try again."
            )
        time.sleep(0.05)  # it may be on its way out
    return False


def _accepts(endpoint: Endpoint) -> bool:
    client = Client(
        endpoint.host,
        port=endpoint.port,
        user=endpoint.user,
        password=endpoint.password,
        connect_timeout=_ANSWER_SECONDS,
        send_receive_timeout=_ANSWER_SECONDS,
    )
    try:
        client.connection.connect()
    except (Error, OSError, EOFError):
        return False
    finally:
        client.disconnect()
    return True


def _process(endpoint: Endpoint) -> psutil.Process | None:
    """The server's process, unless it has ended and its pid is nobody's or another's."""
    try:
        process = psutil.Process(endpoint.pid)
        is_same = abs(process.create_time() - endpoint.process_created_at) < 5  # noqa: PLR2004 -- seconds; clocks drift
        has_ended = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1  # no thread holds its files
    except psutil.Error:
        return None
    return process if is_same and not has_ended else None


def _end(endpoint: Endpoint) -> bool:
    """End the server's process, gently at first; False when it had ended before."""
    process = _process(endpoint)
    if process is None:
        return False
    for end, seconds in ((process.terminate, _STOP_SECONDS), (process.kill, _STOP_SECONDS)):
        with contextlib.suppress(psutil.NoSuchProcess):
            end()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if _process(endpoint) is None:
                return True
            time.sleep(0.01)
    raise WarehouseError(f"the embedded ClickHouse (process {endpoint.pid}) cannot be ended: end it, then run again.")


def _unwritable(folder: Path, error: OSError) -> str:
    return (
        f"the warehouse folder {folder} cannot be written: {error.strerror or error}. "
        "Set DEVHEALTH_HOME to a folder you may write to."
    )
