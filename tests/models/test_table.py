"""What a declaration promises about every record."""

from datetime import datetime

import msgspec
import pytest

from devhealth.models.table import Record, Text, all_tables, table, table_of


def test_every_module_beside_the_declarations_is_found():
    names = {declared.name for declared in all_tables()}
    assert {"commits", "refs", "blame_ranges", "repo_metrics_daily", "file_hotspots"} <= names


@pytest.mark.parametrize("declared", all_tables(), ids=lambda declared: declared.name)
class TestEveryTable:
    def test_the_organisation_leads_the_key(self, declared):
        assert declared.key[0] == "org_id"

    def test_key_version_and_gone_columns_exist_and_the_key_is_never_null(self, declared):
        columns = {column.name: column for column in declared.columns}
        assert {*declared.key, *declared.gone} <= set(columns)
        assert declared.is_metric or declared.version in columns
        assert not any(columns[name].nullable for name in declared.key)

    def test_metric_rows_say_when_they_were_computed_and_whether_they_are_withdrawn(self, declared):
        names = {column.name for column in declared.columns}
        assert not declared.is_metric or {"computed_at", "is_withdrawn", "definition_version", "sample_size"} <= names

    def test_records_are_immutable_and_documented(self, declared):
        assert declared.record.__struct_config__.frozen
        assert declared.record.__doc__

    def test_a_table_is_found_by_its_name_and_by_its_record(self, declared):
        assert table_of(declared.name) is table_of(declared.record) is declared


def test_a_column_type_no_store_knows_is_an_error():
    with pytest.raises(TypeError, match="column at: expected one of the column types"):

        @table("broken", key=("org_id",))
        class Broken(Record):
            org_id: Text
            at: datetime


def test_staged_rows_are_validated():
    commits = table_of("commits").record
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode([1] * len(commits.__struct_fields__)), type=commits)
