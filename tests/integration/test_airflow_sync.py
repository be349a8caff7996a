"""Sync and metrics through a real Airflow: `airflow dags test`, each task with all that Airflow does around it."""

import json
import subprocess
from dataclasses import replace
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest

from devhealth.pipelines import setup
from devhealth.semantic import database
from devhealth.warehouse import embedded
from devhealth.warehouse.connection import connected
from tests.integration.conftest import daily_history

pytestmark = pytest.mark.airflow

PASSWORD = "p@ss/w:rd%25 #?\u00e9"
"""Opens the PostgreSQL of the tests, as any other does, and shows whether special characters survive."""


def registered(settings, *repositories, targets=("git", "blame")):
    setup.prepare(settings)
    for repository in repositories:
        setup.register_source(settings, "acme", str(repository), targets=targets)


def rows(settings, sql):
    with connected(settings) as client:
        return client.execute(sql)


def watermarks(settings):
    with database.open_semantic(settings).connect() as connection:
        return connection.exec_driver_sql("select repo_id, target, at, cursor from sync_watermarks order by 1, 2").all()


def planned(home):
    """Units of the newest plan."""
    (value,) = home.query("select value from xcom where task_id = 'plan' and key = 'return_value' order by timestamp")[
        -1
    ]
    return json.loads(value)


def commit(repository):
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *person, "commit", "-q", "--allow-empty", "-m", "one more"], cwd=repository, check=True)


def test_a_sync_stores_the_history_and_the_metrics_follow(airflow_home, daily_repository):
    settings = airflow_home.settings
    registered(settings, daily_repository)
    embedded.stop(settings.home)  # the first task that needs it starts it, and it outlives that task

    airflow_home.test_dag("sync_local_git", organisation="acme")
    assert {state for (task, _), state in airflow_home.states("sync_local_git").items()} == {"success"}
    assert rows(settings, "select count(), sum(additions) from commits final") == [(15, 15 * 20 - 10 * 20 + 200)]
    assert len(watermarks(settings)) == 2
    assert not list((settings.home / "staging").glob("*/*/pages/*"))

    airflow_home.test_dag("compute_metrics")
    assert rows(settings, "select day, commits_count from repo_metrics_daily_latest order by day")[0][1] == 3

    marks = watermarks(settings)
    airflow_home.test_dag("sync_local_git")
    assert planned(airflow_home) == []
    assert airflow_home.states("sync_local_git")[("announce", -1)] == "skipped"
    confirmed = watermarks(settings)
    assert [(*mark[:2], mark[3]) for mark in confirmed] == [(*mark[:2], mark[3]) for mark in marks]
    assert all(after[2] > before[2] for after, before in zip(confirmed, marks, strict=True))

    commit(daily_repository)
    airflow_home.test_dag("sync_local_git", configurations=["shop"], targets=["git"])
    assert [unit["mode"] for unit in planned(airflow_home)] == ["incremental"]
    assert rows(settings, "select count() from commits final") == [(16,)]


def test_a_unit_that_fails_is_named_and_the_others_count_without_a_secret_being_written(
    airflow_home, daily_repository, tmp_path, postgres_uri
):
    """Both stores come from Airflow's connections."""
    endpoint = embedded.ensure_started(airflow_home.settings.home)
    server = urlsplit(postgres_uri)
    semantic = {
        "conn_type": "postgres",
        "login": "postgres",
        "password": PASSWORD,
        "schema": server.path.strip("/"),
        "extra": {name: values[0] for name, values in parse_qs(server.query).items()},
    }
    analytics = {
        "conn_type": "generic",
        "host": endpoint.host,
        "port": endpoint.port,
        "login": endpoint.user,
        "password": endpoint.password,
        "schema": "from_connection",
    }
    home = airflow_home.with_environment(
        AIRFLOW_CONN_DEVHEALTH_POSTGRES=json.dumps(semantic),
        AIRFLOW_CONN_DEVHEALTH_CLICKHOUSE=json.dumps(analytics),
    )
    uri = urlsplit(endpoint.uri)._replace(path="/from_connection").geturl()
    settings = replace(home.settings, semantic_uri=postgres_uri.replace("://", "+psycopg2://"), clickhouse_uri=uri)
    gone = daily_history(tmp_path / "docs", days=1)
    registered(settings, daily_repository, gone, targets=["git"])
    gone.rename(tmp_path / "moved")

    output = home.test_dag("sync_local_git", expect=1)
    assert f"1 of 2 units failed, the others are stored: {gone}" in output
    states = home.states("sync_local_git")
    assert sorted(state for (task, _), state in states.items() if task == "unit.sink") == ["success", "upstream_failed"]
    assert (states["finish", -1], states["announce", -1], states["verdict", -1]) == ("success", "success", "failed")
    assert rows(settings, "select count() from commits final") == [(15,)]
    assert len(watermarks(settings)) == 1
    assert not (home.settings.home / "semantic.db").exists()

    secrets = {endpoint.password, PASSWORD, quote(PASSWORD, safe=""), quote_plus(PASSWORD), json.dumps(PASSWORD)[1:-1]}
    written = [path for path in home.folder.rglob("*") if path.is_file() and "warehouse" not in path.parts]
    assert any(path.suffix == ".db" for path in written)
    for path in written:
        content = path.read_bytes()
        assert [secret for secret in secrets if secret.encode() in content] == [], path


def test_a_range_that_ends_before_it_begins_fails_in_one_sentence_and_stores_nothing(airflow_home, daily_repository):
    registered(airflow_home.settings, daily_repository)
    output = airflow_home.test_dag("sync_local_git", expect=1, since="2026-03-05", before="2026-03-02")
    assert "since 2026-03-05 must come before 2026-03-02" in output
    assert airflow_home.states("sync_local_git")["plan", -1] == "failed"
    assert rows(airflow_home.settings, "select count() from commits") == [(0,)]
    assert watermarks(airflow_home.settings) == []


def test_days_asked_for_by_hand_are_fetched_and_leave_the_watermarks_alone(airflow_home, daily_repository):
    registered(airflow_home.settings, daily_repository)
    airflow_home.test_dag("sync_local_git", since="2026-03-02", before="2026-03-04")
    days = rows(
        airflow_home.settings, "select toDate(committed_at) as day, count() from commits final group by day order by 1"
    )
    assert [(str(day), count) for day, count in days] == [("2026-03-02", 3), ("2026-03-03", 3)]
    assert watermarks(airflow_home.settings) == []
