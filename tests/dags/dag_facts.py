"""Prints as JSON what parsing the DAG files of a folder yields and does.

A script: the process of the tests stays free of Airflow, and this one knows only what an Airflow process knows.
"""

import importlib.util
import json
import os
import sys
import time
from pathlib import Path

import airflow.settings  # noqa: F401 - puts the plugin folder on the path, as in every Airflow process

from devhealth_airflow.airflow_names import DAG, BaseOperator

AIRFLOWS_OWN = (sys.prefix, sys.base_prefix, os.environ["AIRFLOW_HOME"], "/proc/")
WATCH = {"on": False, "touched": []}


def main(folder):
    with DAG(dag_id="minimal", schedule=None):  # Airflow's own lazy imports are not the cost of a DAG file
        BaseOperator(task_id="minimal")
    sys.addaudithook(note)
    sys.stdout.write("FACTS" + json.dumps({path.stem: parsed(path) for path in sorted(Path(folder).glob("*.py"))}))


def parsed(path):
    before = set(sys.modules)
    WATCH.update(on=True, touched=[])
    started = time.perf_counter()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    seconds = time.perf_counter() - started
    WATCH["on"] = False
    dag = module.dag
    return {
        "seconds": seconds,
        "touched": WATCH["touched"],
        "imported": sorted(set(sys.modules) - before),
        "dag_id": dag.dag_id,
        "doc_md": dag.doc_md,
        "description": dag.description,
        "tags": sorted(dag.tags),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "params": {name: param_facts(dag.params.get_param(name)) for name in dag.params},
        "tasks": {task.task_id: task_facts(task) for task in dag.tasks},
    }


def param_facts(param):
    return {"description": param.description, **param.schema}


def task_facts(task):
    timeout = task.execution_timeout
    return {
        "owner": task.owner,
        "retries": task.retries,
        "timeout_seconds": timeout.total_seconds() if timeout else None,
        "pool": task.pool,
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "template_fields": list(task.template_fields),
        "downstream": sorted(task.downstream_task_ids),
    }


def note(event, arguments):
    if WATCH["on"] and (
        event in {"socket.connect", "sqlite3.connect", "subprocess.Popen"} or is_data(event, arguments)
    ):
        WATCH["touched"].append(f"{event} {arguments[0]}")


def is_data(event, arguments):
    """Whether a file is opened that is neither code nor Airflow's own; a descriptor was opened by its name before."""
    name = str(arguments[0]) if event == "open" and not isinstance(arguments[0], int) else ".py"
    return not (name.endswith(".py") or "__pycache__" in name or name.startswith(AIRFLOWS_OWN))


if __name__ == "__main__":
    main(sys.argv[1])
