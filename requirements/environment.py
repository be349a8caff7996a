"""Make one virtual environment from one lock file: `environment.py .venv requirements/airflow-3.lock [3.12]`.

uv installs (seconds instead of minutes); where uv cannot reach the packages, pip installs the same lock file. uv does
not read pip's configuration, so an index set for pip only is handed to it. A finished environment carries the digest of
its lock file in `.ready`; anything without it is half-made and made anew. Two processes making one environment take
turns. The last argument is the newest Python the lock file's Airflow supports.
"""

from __future__ import annotations  # an older Python must get as far as the message about its version

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BOOT = ROOT / ".venv-boot"
UV = "uv==0.13.8"
OLDEST = (3, 11)
_HANDED_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def main() -> None:
    """Make the environment the arguments name, or do nothing when it is finished and current."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"devhealth needs Python 3.11 or newer, this is {sys.version.split()[0]}. Run `make PYTHON=python3.11 ...`."
        )
    target, lock = ROOT / sys.argv[1], ROOT / sys.argv[2]
    newest = tuple(map(int, sys.argv[3].split("."))) if len(sys.argv) > 3 else (3, 14)
    with _turn(target.name) as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        ready = target / ".ready"
        digest = hashlib.sha256(lock.read_bytes()).hexdigest()
        if ready.exists() and ready.read_text() == digest:
            ready.touch()
            return
        print(
            f"{target.name}: installing {len(lock.read_text().splitlines())} packages from {lock.name} ...", flush=True
        )
        if not _with_uv(target, lock, newest, keep=ready.exists()):
            _with_pip(target, lock, newest)
        ready.write_text(digest)


def installer() -> tuple[str, dict[str, str]]:
    """The path of uv, empty where it cannot be had, and the environment to call it with."""
    environ = {**_pip_configuration(), "UV_INDEX_STRATEGY": "unsafe-best-match", **os.environ}
    return _uv(environ), environ


def _with_uv(target: Path, lock: Path, newest: tuple[int, ...], *, keep: bool) -> bool:
    if os.environ.get("DEVHEALTH_INSTALLER") == "pip":
        return False
    uv, environ = installer()
    python = _interpreter(newest)
    make = [
        uv,
        "venv",
        "-q",
        "--allow-existing" if keep else "--clear",
        "--python",
        python or f"3.{newest[1]}",
        str(target),
    ]
    # Compiled once here: where Python may not write bytecode, each start of Airflow would compile for seconds.
    fill = [uv, "pip", "sync", "-q", "--compile-bytecode", "--python", str(target / "bin" / "python"), str(lock)]
    for command in (make, fill):
        if not uv or subprocess.run(command, env=environ, check=False).returncode:
            print(f"{target.name}: uv could not install, trying pip (slower) ...", flush=True)
            return False
    return True


def _with_pip(target: Path, lock: Path, newest: tuple[int, ...]) -> None:
    python = _interpreter(newest)
    if not python:
        wanted = " or ".join(f"python3.{minor}" for minor in range(newest[1], OLDEST[1] - 1, -1))
        sys.exit(
            f"{target.name}: {lock.name} needs {wanted}, none is on PATH. "
            "Install one, or run `make PYTHON=/path/to/it ...`."
        )
    shutil.rmtree(target, ignore_errors=True)
    install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps", "-r", str(lock)]
    for command in ([python, "-m", "venv", str(target)], [str(target / "bin" / "python"), *install]):
        if status := subprocess.run(command, check=False).returncode:
            said = " ".join(command)
            sys.exit(f"{target.name}: `{said}` ended with {status}; its reason stands above. Then run make again.")


def _interpreter(newest: tuple[int, ...]) -> str | None:
    """This Python, else the newest one on PATH, that the lock file's Airflow supports."""
    if sys.version_info[:2] <= newest:
        return sys.executable
    minors = range(newest[1], OLDEST[1] - 1, -1)
    return next((found for minor in minors if (found := shutil.which(f"python3.{minor}"))), None)


def _uv(environ: dict[str, str]) -> str:
    uv = BOOT / "bin" / "uv"
    with _turn("uv") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not uv.exists() or subprocess.run([uv, "--version"], check=False, capture_output=True).returncode:
            shutil.rmtree(BOOT, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(BOOT)], check=True)
            pip = [str(BOOT / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", UV]
            if subprocess.run(pip, check=False, env=environ).returncode:
                return ""
    return str(uv)


def _turn(name: str) -> IO[str]:
    """A file to lock: one process after the other makes what is called so."""
    turns = ROOT / ".devhealth" / "turns"
    turns.mkdir(parents=True, exist_ok=True)
    return (turns / f"{name}.lock").open("w")


def _pip_configuration() -> dict[str, str]:
    """What pip's files and PIP_ variables say about where packages come from, in uv's words."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found: dict[str, str] = {}
    for line in listing.stdout.splitlines():
        key, _, value = line.partition("=")
        if name := _HANDED_TO_UV.get(key.rpartition(".")[2]):
            parts = value.strip("'\"").replace("\\n", " ").split()
            found[name] = ("," if name == "UV_FIND_LINKS" else " ").join(parts)
    return found


if __name__ == "__main__":
    main()
