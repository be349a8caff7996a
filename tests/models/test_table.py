"""What a declaration promises about every record."""

from datetime import UTC, datetime
from io import BytesIO

import msgspec
import pytest

from devhealth.errors import RecordError
from devhealth.models.pull_requests import PullRequest
from devhealth.models.table import Record, Text, all_tables, table, table_of
from devhealth.staging import frames


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


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"additions": 2**32}, r"`additions` is 4294967296: expected 0 to 4294967295"),
        ({"additions": -1}, "`additions` is -1"),
        ({"number": 10**30}, r"pull_requests \(number '1000000000000000000000000000000'\): `number`"),
        ({"created_at": datetime(1, 1, 1, tzinfo=UTC)}, "`created_at` is 0001-01-01"),
        ({"merged_at": datetime(9999, 12, 31, tzinfo=UTC)}, r"pull_requests \(number '1'\): `merged_at` is 9999-12-31"),
        ({"updated_at": datetime(2106, 2, 8, tzinfo=UTC)}, "expected 1970-01-01 00:00:00"),
        ({"title": "half \ud83d"}, r"pull_requests \(number '1'\): `title` is no value that a store holds"),
    ],
)
def test_what_not_every_store_holds_is_named_with_its_record_before_it_is_staged(changes, said):
    plain = {"Text": "x", "JSON": [], "Boolean": False, "BigInteger": 1, "DateTime": datetime(2026, 1, 1, tzinfo=UTC)}
    row = PullRequest(**{column.name: plain[column.type.sql] for column in table_of(PullRequest).columns})
    with pytest.raises(RecordError, match=said):
        frames.write(BytesIO(), [[row, msgspec.structs.replace(row, **changes)]])
