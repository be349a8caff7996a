"""Run DAGs to their end in this process: `python -m ....run_here LOG DAG_ID[=CONF_JSON] ...`.

For trying things out on one machine; needs Airflow 3. Everything Airflow prints goes to the file LOG, the terminal
shows one line a task. Exits 1 at the first run that does not succeed, and says which task failed and why.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from devhealth.settings import private_folder

TERMINAL = os.fdopen(os.dup(1), "w", buffering=1)
"""Where a person reads, whatever happens to standard output."""
UNIT = "unit."
"""Prefix of the tasks that are mapped over the units of a sync."""


def main() -> None:
    """Run the DAGs that the arguments name, one after the other."""
    log, wanted = Path(sys.argv[1]), sys.argv[2:]
    private_folder(log.parent)
    with log.open("a") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    _say("starting Airflow ...")
    for each in wanted:
        dag_id, _, conf = each.partition("=")
        if not _succeeds(dag_id, json.loads(conf or "{}")):
            TERMINAL.write(f"{dag_id} failed; the whole log is {log}\n")
            sys.exit(1)


def _succeeds(dag_id: str, conf: dict[str, Any]) -> bool:
    import logging

    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk.listener import get_listener_manager

    logging.getLogger("airflow.task").propagate = True
    folder = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
    dag = next(iter(DagBag(dag_folder=f"{folder}/{dag_id}.py").dags.values()), None)
    if dag is None:
        TERMINAL.write(f"{folder}/{dag_id}.py holds no DAG {dag_id}\n")
        return False
    ended: list[str] = []
    lines = _lines(dag_id, ended)
    listeners: Any = get_listener_manager()
    listeners.add_listener(lines)
    try:
        succeeded = bool(dag.test(run_conf=conf).state == "success")
    finally:
        listeners.pm.unregister(lines)
    units = {task_id for task_id in dag.task_ids if task_id.startswith(UNIT)}
    if succeeded and units and not units & set(ended):
        TERMINAL.write("Nothing is new since the last run.\n")
    return succeeded


def _lines(dag_id: str, ended: list[str]) -> SimpleNamespace:
    """A listener that writes a line for each task: while it runs where a terminal can show that, and when it ends."""
    from airflow.listeners import hookimpl

    clock = _Clock()

    def line(task: Any, outcome: str) -> str:
        index = f" {task.map_index + 1}" if task.map_index >= 0 else ""
        return f"  {dag_id:<18}{task.task_id.removeprefix('unit.') + index:<16}{outcome}"

    def end(task: Any, outcome: str) -> None:
        ended.append(task.task_id)
        TERMINAL.write(line(task, outcome) + "\n")

    @hookimpl
    def on_task_instance_running(task_instance: Any) -> None:
        clock.start(line(task_instance, ""))

    @hookimpl
    def on_task_instance_success(task_instance: Any) -> None:
        end(task_instance, f"{clock.stop():6.1f} s")

    @hookimpl
    def on_task_instance_failed(task_instance: Any, error: Any) -> None:
        clock.stop()
        end(task_instance, f"FAILED\n    {error}")

    return SimpleNamespace(
        on_task_instance_running=on_task_instance_running,
        on_task_instance_success=on_task_instance_success,
        on_task_instance_failed=on_task_instance_failed,
    )


class _Clock:
    """Shows on a terminal, second by second, how long the task at work has been at it."""

    def __init__(self) -> None:
        self._lock, self._text, self._begun = threading.Lock(), "", time.monotonic()
        threading.Thread(target=self._tick, daemon=True).start()

    def start(self, text: str) -> None:
        with self._lock:
            self._text, self._begun = text, time.monotonic()
            _say(f"{text}  ...")

    def stop(self) -> float:
        """Clear the line; the seconds since the start."""
        with self._lock:
            self._text = ""
            _say("")
            return time.monotonic() - self._begun

    def _tick(self) -> None:
        while True:
            time.sleep(1)
            with self._lock:
                if self._text:
                    _say(f"{self._text}{time.monotonic() - self._begun:6.0f} s ...")


def _say(text: str) -> None:
    """Replace the line that is being worked on, on a terminal only."""
    if TERMINAL.isatty():
        TERMINAL.write(f"\r\x1b[2K{text}")


if __name__ == "__main__":
    main()
