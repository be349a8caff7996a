"""Digests tell whether two ways led to the same tables."""

from datetime import UTC, datetime

from devhealth.models.git import Ref
from devhealth.models.table import table_of
from devhealth.sinks.clickhouse_block import insert
from devhealth.warehouse.digest import digests

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def ref(name, sha, org_id="acme", fetched_at=EARLY):
    return Ref(
        org_id=org_id,
        repo_id="shop",
        name=name,
        kind="branch",
        sha=sha,
        is_default=False,
        is_deleted=False,
        created_at=None,
        fetched_at=fetched_at,
    )


def of_refs(client, *records):
    client.execute("truncate table refs")
    for record in records:
        insert(client, table_of(Ref), [record])
    return {one.table: (one.rows, one.digest) for one in digests(client, "acme")}["refs"]


def test_order_repetition_and_the_time_of_the_fetch_change_no_digest(client):
    once = of_refs(client, ref("a", "1"), ref("b", "2"))
    assert once[0] == 2
    assert of_refs(client, ref("b", "2"), ref("a", "1", fetched_at=LATE), ref("a", "0")) == once


def test_another_value_row_or_missing_row_changes_it(client):
    once = of_refs(client, ref("a", "1"), ref("b", "2"))
    others = [[ref("a", "1"), ref("b", "3")], [ref("a", "2"), ref("b", "1")], [ref("a", "1")], []]
    assert once not in [of_refs(client, *records) for records in others]


def test_every_digest_has_sixteen_digits_that_of_an_empty_table_too(client):
    assert of_refs(client) == (0, "0" * 16)
    written = {of_refs(client, ref("a", f"{number}"))[1] for number in range(24)}
    assert any(digest.startswith("0") for digest in written), "one of them needs its zeros"
    assert {len(digest) for digest in written} == {16}


def test_rows_of_another_organisation_do_not_count(client):
    assert of_refs(client, ref("a", "1"), ref("a", "9", org_id="umbrella")) == of_refs(client, ref("a", "1"))
