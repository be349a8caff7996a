"""The `airflow` program of the same Python: how a run is going, and starting one. The engine never imports Airflow."""

import configparser
import json
import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from devhealth.errors import InputError, RunnerUnknown

_ANSWER_SECONDS = 120
_KEEP_SECONDS = 30


def dag_id(name: str) -> str:
    """The id of the DAG that the documentation calls so: with `dag_id_prefix` of the section `[devhealth]`.

    Read as Airflow reads it, from the environment or airflow.cfg, without the seconds that its program takes to start.
    """
    prefix = os.environ.get("AIRFLOW__DEVHEALTH__DAG_ID_PREFIX")
    if prefix is None:
        home = Path(os.environ.get("AIRFLOW_HOME") or Path.home() / "airflow").expanduser()
        file = configparser.ConfigParser(interpolation=None, strict=False)
        file.read(os.environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg", encoding="utf-8")
        prefix = file.get("devhealth", "dag_id_prefix", fallback="")
    return f"{prefix}{name}"


def state_of_run(dag_id: str, run_id: str) -> str | None:
    """The state of a DAG run; None when Airflow knows the DAG and has no such run. Raises RunnerUnknown.

    The program takes seconds, so what it said is good for half a minute.
    """
    runs = _answers.get(dag_id)
    if runs is None or time.monotonic() - runs[0] > _KEEP_SECONDS:
        runs = _answers[dag_id] = time.monotonic(), _list_runs(dag_id)
    return next((str(run["state"]) for run in runs[1] if run.get("run_id") == run_id), None)


def trigger(dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
    """Start a DAG run. Raises RunnerUnknown, with what Airflow said, when it does not."""
    _ask("dags", "trigger", dag_id, "--run-id", run_id, "--conf", json.dumps(conf), "--output", "json")


def is_paused(dag_id: str) -> bool:
    """Whether the runs of a DAG wait for somebody to unpause it. Raises RunnerUnknown."""
    (details,) = _rows("dags", "details", dag_id, "--output", "json")
    return str(details["is_paused"]) == "True"


def require() -> str:
    """The version of Airflow; raises InputError when this Python has none."""
    try:
        return metadata.version("apache-airflow")
    except metadata.PackageNotFoundError:
        raise InputError(
            "this Python has no Airflow: run devhealth with the Python of your Airflow, or leave --airflow out to do "
            "the backfill in this process."
        ) from None


_answers: dict[str, tuple[float, list[dict[str, Any]]]] = {}


def _list_runs(dag_id: str) -> list[dict[str, Any]]:
    try:
        is_2 = require().startswith("2.")
    except InputError as error:
        raise RunnerUnknown(f"Airflow cannot be asked: {error}") from None
    return _rows("dags", "list-runs", *(("--dag-id", dag_id) if is_2 else (dag_id,)), "--output", "json")


def _rows(*arguments: str) -> list[dict[str, Any]]:
    """The table that `airflow ...` printed as JSON."""
    answer = _ask(*arguments)
    for line in reversed(answer.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, list):
            return found
    raise RunnerUnknown(f"Airflow cannot be asked: `airflow {' '.join(arguments[:2])}` answered {answer[-200:]!r}.")


def _ask(*arguments: str) -> str:
    """What `airflow ...` printed."""
    command = [sys.executable, "-m", "airflow", *arguments]
    environment = {**os.environ, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_SECONDS,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunnerUnknown(f"Airflow cannot be asked: {error}.") from error
    if done.returncode:
        said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        last = said[-1] if said else f"exit status {done.returncode}"
        raise RunnerUnknown(f"`airflow {' '.join(arguments[:2])}` refused: {last.removesuffix('.')}.")
    return done.stdout
