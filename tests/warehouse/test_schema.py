"""The schema of the warehouse, against the real engine."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from devhealth.models.table import all_tables
from devhealth.settings import Settings
from devhealth.warehouse import ddl
from devhealth.warehouse.connection import connected
from devhealth.warehouse.schema import ensure_schema

_ENSURE = """
import os
import sys
from pathlib import Path
from devhealth.settings import Settings
from devhealth.warehouse.connection import connected
from devhealth.warehouse.schema import ensure_schema
processes = [0] * 20
for number in range(len(processes)):
    processes[number] = os.fork()
    if not processes[number]:
        with connected(Settings(home=Path("/nowhere"), clickhouse_uri=sys.argv[1])) as client:
            ensure_schema(client)
        os._exit(0)
sys.exit(any([os.waitpid(pid, 0)[1] for pid in processes]))
"""


def _ensure_in_twenty_processes(settings: Settings) -> None:
    command = [sys.executable, "-c", _ENSURE, str(settings.clickhouse_uri)]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")


def _columns(client, table: str) -> list[tuple[str, str]]:
    return client.execute(
        "select name, type from system.columns "
        "where database = currentDatabase() and table = %(table)s order by position",
        {"table": table},
    )


def test_twenty_processes_at_once_make_one_schema(warehouse_settings):
    _ensure_in_twenty_processes(warehouse_settings)
    with connected(warehouse_settings) as client:
        found = {name for (name,) in client.execute("show tables")}
    assert found == {*ddl.tables(), *ddl.views()}


def test_twenty_processes_at_once_bring_an_outdated_schema_up_to_date(client, warehouse_settings):
    expected = _columns(client, "commits")
    client.execute("alter table commits drop column subject, drop column co_authors")
    client.execute("create or replace view commit_facts as select 1 as outdated")
    _ensure_in_twenty_processes(warehouse_settings)
    assert _columns(client, "commits") == expected
    assert "outdated" not in client.execute("show create table commit_facts")[0][0]


def test_a_new_column_appears_in_its_place_and_old_rows_stay_readable(client):
    client.execute("alter table commits drop column co_authors, drop column reverted_sha, drop column is_revert")
    client.execute("insert into commits (org_id, sha) values", [("acme", "a" * 40)])
    ensure_schema(client)
    rows = client.execute("select sha, is_revert, reverted_sha, co_authors from commits final")
    assert rows == [("a" * 40, False, None, [])]
    assert [name for name, _ in _columns(client, "commits")] == [
        column.name for declared in all_tables() if declared.name == "commits" for column in declared.columns
    ]


def test_a_second_time_is_one_query(client):
    statements = []

    class Counting:
        def execute(self, statement):
            statements.append(statement)
            return client.execute(statement)

    ensure_schema(Counting())
    assert len(statements) == 1


def test_unknown_tables_and_columns_are_left_alone(client):
    client.execute("create table theirs (a Int8) engine = Memory")
    client.execute("alter table commits add column theirs Int8")
    ensure_schema(client)
    assert ("theirs",) in client.execute("show tables")
    assert ("theirs", "Int8") in _columns(client, "commits")


def _append(client, day: date, computed_at: datetime, **columns) -> None:
    row = {"org_id": "acme", "repo_id": "shop", "day": day, "computed_at": computed_at, **columns}
    client.execute(f"insert into repo_metrics_daily ({', '.join(row)}) values", [tuple(row.values())])


def test_latest_shows_the_row_computed_last_whole_with_its_nulls(client):
    day = date(2026, 3, 1)
    _append(client, day, datetime(2026, 3, 3, tzinfo=UTC), commits_count=2, avg_commit_size_loc=None)
    _append(client, day, datetime(2026, 3, 2, tzinfo=UTC), commits_count=9, avg_commit_size_loc=4.5)
    rows = client.execute("select commits_count, avg_commit_size_loc from repo_metrics_daily_latest")
    assert rows == [(2, None)]


def test_latest_leaves_out_what_was_withdrawn_last(client):
    day = date(2026, 3, 1)
    _append(client, day, datetime(2026, 3, 2, tzinfo=UTC), commits_count=9)
    _append(client, day, datetime(2026, 3, 3, tzinfo=UTC), is_withdrawn=True)
    assert client.execute("select * from repo_metrics_daily_latest") == []
    _append(client, day, datetime(2026, 3, 4, tzinfo=UTC), commits_count=3)
    assert client.execute("select commits_count from repo_metrics_daily_latest") == [(3,)]


def test_latest_has_the_columns_of_its_table_in_their_order(client):
    names = [name for name, _ in _columns(client, "repo_metrics_daily") if name != "is_withdrawn"]
    assert [name for name, _ in _columns(client, "repo_metrics_daily_latest")] == names


@pytest.mark.parametrize("name", ddl.views())
def test_the_query_of_a_view_ends_in_a_parenthesis_for_clickhouse_before_25_6(name):
    """Behind `from x` it takes `comment` for an alias; `python -m tests.versions.clickhouse` asks the old engines."""
    assert re.search(
        r"^create or replace view \w+ as\n\(\n.+\n\)\ncomment '\w+'\Z", ddl.views()[name], re.DOTALL | re.MULTILINE
    )
