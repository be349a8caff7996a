"""Running commands that need the semantic database only: their ClickHouse is out of reach."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

INCLUDE = Path(__file__).parents[2] / "include"
NOWHERE = "clickhouse://ada:planted-elsewhere@127.0.0.1:9/devhealth"

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path, **variables: str) -> dict[str, str]:
    """What such a command sees."""
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": str(INCLUDE), "HOME": str(home), "DEVHEALTH_HOME": str(home)}
    return {**paths, "CLICKHOUSE_URI": NOWHERE, **variables}


def command(*arguments: object) -> list[str]:
    """The command line, as `devhealth` would be called."""
    return [sys.executable, "-m", "devhealth.cli", *map(str, arguments)]


def runner(home: Path, **variables: str) -> Run:
    """Runs a command in a process of its own; the exit status and a tidy standard error are checked."""

    def run(*arguments: object, status: int = 0, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*arguments),
            env=environment(home, **{**variables, **more}),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "planted-elsewhere" not in done.stdout + done.stderr
        assert not list(home.glob("warehouse*")), "an embedded ClickHouse was started"
        return done

    return run
