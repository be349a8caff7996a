"""`airflow standalone` with a free port and a known password: `python -m devhealth_airflow.one_machine.standalone LOG`.

Stops with Ctrl-C. Everything Airflow prints goes to the file LOG.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import click

from devhealth.settings import private_folder

USUAL_PORT = 8080
PATIENCE_SECONDS = 600


def main() -> None:
    """Start Airflow, say where to log in, and wait for its end."""
    log, home = Path(sys.argv[1]), Path(os.environ["AIRFLOW_HOME"])
    private_folder(log.parent)
    port = _free_port()
    address = f"http://localhost:{port}"
    environ = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "30",  # its scheduler starts tasks before its API server is up
        "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "5",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
    }
    password = _password(home / "passwords.json")
    click.echo(f"Starting Airflow; it logs to {log}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with log.open("a") as file:
        airflow = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        if _is_up(f"{address}/api/v2/monitor/health", airflow):
            click.echo(f"Airflow is ready: {address}  user admin  password {password}\nCtrl-C stops it.")
            airflow.wait()
        sys.exit(f"Airflow ended by itself or did not come up within {PATIENCE_SECONDS} s: {log} says why.")
    except KeyboardInterrupt:
        click.echo("\nStopping Airflow ...")
    finally:
        _stop(airflow)


def _free_port() -> int:
    """8080, or a free port where that is taken."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    sys.exit("no TCP port is free on the loopback address. Close something, then try again.")


def _password(file: Path) -> str:
    """The password of the user admin: made once, kept in a file only this user can read."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            json.dump({"admin": secrets.token_urlsafe(12)}, new)
    return str(json.loads(file.read_text())["admin"])


def _is_up(health: str, airflow: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and airflow.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=5):  # noqa: S310 - our own address
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    return False


def _stop(airflow: "subprocess.Popen[bytes]") -> None:
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(airflow.pid, how)
            airflow.wait(15)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    main()
