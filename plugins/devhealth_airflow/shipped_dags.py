"""Every DAG of the installed wheel.

A file of one line in Airflow's DAG folder makes them all appear:

    from devhealth_airflow.shipped_dags import *

Airflow reads only files that contain the words airflow and dag; this line has both. In a checkout and in copied folders
the DAG files are read directly, and nothing stands beside this module.
"""

from importlib import import_module
from pathlib import Path

__all__ = [path.stem for path in sorted(Path(__file__).with_name("dags").glob("[a-z]*.py"))]

globals().update({name: import_module(f"devhealth_airflow.dags.{name}").dag for name in __all__})
