import re
import subprocess
import sys
from pathlib import Path

import pytest

from devhealth.metrics import statements
from devhealth.metrics.definitions import ADDED_BY_THE_ENGINE, FOLDER, all_definitions
from devhealth.models.table import all_tables

ROOT = Path(__file__).parents[2]

by_name = pytest.mark.parametrize("definition", all_definitions(), ids=lambda definition: definition.name)


def test_every_metric_table_is_defined():
    assert {table.name for table in all_tables() if table.is_metric} == {one.name for one in all_definitions()}


@by_name
def test_every_column_has_a_definition_and_every_definition_a_column(definition):
    assert [column.name for column in definition.columns] == [column.name for column in definition.table.columns]
    assert all(column.text.endswith(".") for column in definition.columns)


@by_name
def test_the_key_begins_with_the_organisation_and_holds_the_day(definition):
    assert definition.table.key[0] == "org_id"
    assert definition.day in definition.table.key
    assert definition.table.partition_by == f"toYYYYMM({definition.day})"


@by_name
def test_a_column_is_computed_or_says_what_it_awaits(definition):
    """Those that await records nobody stores yet stay NULL."""
    awaited = {column.name for column in definition.columns if column.awaits}
    nullable = {column.name for column in definition.table.columns if column.nullable}
    assert awaited <= nullable
    assert set(definition.computed_columns) == (
        {column.name for column in definition.table.columns} - awaited - set(ADDED_BY_THE_ENGINE)
    )


@by_name
def test_no_metric_reads_the_clock(definition):
    assert "now()" not in definition.query
    assert "today()" not in definition.query


def test_joins_compare_columns():
    """ClickHouse 24.8 refuses a constant in `on`; `python -m tests.versions.clickhouse` asks it."""
    files = [path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.sql")]
    around = [statements.changes(definition) for definition in all_definitions()]
    joins = [on for text in files + around for on in re.findall(r"\bon +(.+)", re.sub("--.*", "", text))]
    conditions = [one for on in joins for one in on.split(" and ")]
    assert len(conditions) > 50
    assert [one for one in conditions if not re.match(r"[a-z_][\w.]* (=|>=|>) [a-z_][\w.]*\b(?!\()", one)] == []


def test_windows_are_named_in_the_columns():
    for definition in all_definitions():
        windowed = [column.name for column in definition.columns if column.name.endswith("_30d")]
        assert bool(windowed) == (definition.window_days == 30), definition.name


def test_the_sql_is_clean():
    """sqlfluff, dialect clickhouse."""
    folders = [str(FOLDER), str(FOLDER.parent / "warehouse" / "views")]
    command = [sys.executable, "-m", "sqlfluff", "lint", "--disable-progress-bar", *folders]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
