"""A task whose provider wants to be left alone gives its worker back, and goes on afterwards."""

import pytest

DAG = '''
"""A DAG of Airflow whose first request meets a limit, and so does the first of each mapped task."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from devhealth_airflow.failures import told_to_airflow
from devhealth_airflow.operators.connector import ConnectorOperator
from devhealth_airflow.operators.plan import PlanOperator


def met(name):
    marker = Path(os.environ["DEVHEALTH_HOME"], name)
    marker.parent.mkdir(exist_ok=True)
    with marker.open("a") as file:
        file.write("x")
    return len(marker.read_text())


def limited(operator, name):
    with told_to_airflow(operator):
        from devhealth.errors import RateLimited

        if met(name) == 1:
            until = datetime.now(UTC) + timedelta(seconds=1)
            raise RateLimited("github.com asks stored:github to slow down.", until)


class Plan(PlanOperator):
    def go_on(self, context, event=None):
        limited(self, "plan")
        return [{"name": name, "target": "prs", "mode": "full"} for name in ("shop", "site")]


class Connector(ConnectorOperator):
    def go_on(self, context, event=None):
        limited(self, self.unit["name"])
        return self.unit["name"]


with DAG("limited", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    Connector.partial(task_id="connector").expand(unit=Plan(task_id="plan", provider="github").output)
'''


@pytest.mark.airflow
def test_tasks_are_deferred_to_the_reset_and_then_go_on(airflow_home, tmp_path):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "limited.py").write_text(DAG)
    home = airflow_home.with_environment(AIRFLOW__CORE__DAGS_FOLDER=str(tmp_path / "dags"))
    said = home.test_dag("limited")
    assert home.states("limited") == {("plan", -1): "success", ("connector", 0): "success", ("connector", 1): "success"}
    assert said.count("asks stored:github to slow down. The task gives its worker back until then.") >= 3
    for name in ("plan", "shop", "site"):
        assert (home.settings.home / name).read_text() == "xx"
