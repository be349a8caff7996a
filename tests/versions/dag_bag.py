"""Prints as JSON what Airflow finds in its DAG folder. A script: its Python knows only what that Airflow's does."""

import json
import os
import platform
import sys
from importlib.metadata import version

from airflow import __version__

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # before 3.2
    from airflow.models import DagBag

PROVIDERS = "apache-airflow-providers-"
SHOWN = (f"{PROVIDERS}common-compat", f"{PROVIDERS}standard", "sqlalchemy", "clickhouse-driver")

bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
facts = {
    "dags": sorted(bag.dags),
    "files": sorted(stat.file for stat in bag.dagbag_stats),
    "errors": bag.import_errors,
    "airflow": __version__,
    "versions": {"airflow": __version__, "python": platform.python_version()}
    | {name.removeprefix(PROVIDERS): version(name) for name in SHOWN},
}
sys.stdout.write("FACTS" + json.dumps(facts))
