"""Where a task's stores come from, asked in a process that knows what an Airflow process knows."""

import subprocess

import pytest

from tests.airflow_home import new_home

ASK = """
import airflow.settings
from devhealth_airflow.hooks import task_settings
from devhealth.errors import SettingsError

try:
    found = task_settings()
except SettingsError as error:
    print("REFUSED", error)
else:
    print("FOUND", found.semantic_uri, found.clickhouse_uri)
"""
NEITHER = {"AIRFLOW__DEVHEALTH__EMBEDDED_STORES": "False"}
POSTGRES = {"AIRFLOW_CONN_DEVHEALTH_POSTGRES": "postgres://ada:secret@db/devhealth"}
CLICKHOUSE = {"CLICKHOUSE_URI": "clickhouse://db/devhealth"}


def asked(tmp_path, **environment):
    home = new_home(tmp_path / "airflow").with_environment(**environment)
    done = subprocess.run(
        [home.python, "-c", ASK], env=home.environment, cwd=home.folder, capture_output=True, text=True, check=True
    )
    assert not (home.settings.home / "semantic.db").exists()
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("named", "missing"),
    [
        ({}, ["devhealth_postgres", "POSTGRES_URI", "devhealth_clickhouse", "CLICKHOUSE_URI"]),
        (CLICKHOUSE, ["devhealth_postgres", "POSTGRES_URI"]),
        (POSTGRES, ["devhealth_clickhouse", "CLICKHOUSE_URI"]),
    ],
)
def test_without_a_connection_or_uri_no_store_is_made_on_the_worker(tmp_path, named, missing):
    answer = asked(tmp_path, **NEITHER, **named)
    assert answer.startswith("REFUSED")
    names = ("devhealth_postgres", "POSTGRES_URI", "devhealth_clickhouse", "CLICKHOUSE_URI")
    assert [name for name in names if name in answer] == missing
    assert "airflow_settings.yaml" in answer


def test_a_connection_and_a_uri_are_enough(tmp_path):
    answer = asked(tmp_path, **NEITHER, **POSTGRES, **CLICKHOUSE)
    assert answer == "FOUND postgresql+psycopg2://ada:secret@db/devhealth clickhouse://db/devhealth"


def test_one_machine_may_keep_its_stores_to_itself(tmp_path):
    assert asked(tmp_path, AIRFLOW__DEVHEALTH__EMBEDDED_STORES="True").endswith("semantic.db None")
