"""Seconds each DAG file takes beyond Airflow's own import, in a fresh process; prints JSON by file name."""

import json
import sys
import tempfile
import time
from pathlib import Path

MINIMAL = '''"""An Airflow dag as small as can be."""
from airflow.providers.common.compat.sdk import DAG, Asset, AssetAlias, BaseHook, BaseOperator, Param, task_group
with DAG(dag_id="minimal", schedule=None) as dag:
    BaseOperator(task_id="nothing")
'''


def main():
    from airflow.dag_processing.dagbag import DagBag

    with tempfile.TemporaryDirectory() as folder:
        minimal = Path(folder, "minimal.py")
        minimal.write_text(MINIMAL)
        parse(DagBag, minimal)
    print(json.dumps({path: parse(DagBag, path) for path in sys.argv[1:]}))


def parse(dag_bag, path):
    started = time.perf_counter()
    bag = dag_bag(str(path))
    seconds = time.perf_counter() - started
    if bag.import_errors:
        raise SystemExit(str(bag.import_errors))
    return seconds


if __name__ == "__main__":
    main()
