"""What devhealth adds to Airflow's web pages and menus: so far, its entry in the list of plugins."""

from devhealth_airflow.airflow_names import AirflowPlugin


class DevhealthPlugin(AirflowPlugin):
    """Found by `plugins/load_devhealth.py`, or by the entry point of the wheel."""

    name = "devhealth"
