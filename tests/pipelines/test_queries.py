"""`devhealth query`: SQL of a person, read only, and of one organisation where one is named."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from devhealth.cli.root import cli
from devhealth.errors import StoreError, UnknownName
from devhealth.pipelines import queries, setup
from devhealth.pipelines.run import run_sync
from devhealth.warehouse.connection import connected
from tests.pipelines.conftest import request


@pytest.fixture
def two(settings, shop):
    """Two organisations with the same repository."""
    for org in ("acme", "rival"):
        setup.register_source(settings, org, str(shop.path))
        assert not run_sync(settings, request(organisation=org)).failed
    return settings


def _count(settings, sql, org):
    return queries.read(settings, sql, org)[1][0][0]


@pytest.mark.parametrize(
    "sql",
    [
        "select count() from commits final;",
        "select count() from (select * from commits as c final)",
        "with x as (select 1 from commits final) select count() from x",
        "select count() from commits as a inner join commits as b on a.sha = b.sha",
        "select sum(n) from (select count() as n from commits union all select 0 as n)",
        "select (select count() from commits)",
    ],
)
def test_a_statement_sees_one_organisation_or_all(two, sql):
    assert _count(two, sql, "acme") == 5
    assert _count(two, sql, None) == (20 if "join" in sql else 10)


def test_a_view_shows_one_organisation(two):
    with connected(two) as client:
        client.execute(
            "insert into repo_metrics_daily (org_id, repo_id, day, computed_at) "
            "select distinct org_id, repo_id, toDate('2026-03-01'), now64(6, 'UTC') from commits"
        )
    assert _count(two, "select count() from repo_metrics_daily_latest", "acme") == 1
    assert _count(two, "select count() from repo_metrics_daily_latest", None) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "drop table commits",
        "insert into commits (sha) values ('x')",
        "truncate table commits",
        "select count() from commits settings additional_table_filters = {}",
        "select count() from commits settings readonly = 0",
        "set readonly = 0",
    ],
)
def test_nothing_can_be_changed_nor_the_filter_taken_off(two, sql):
    with pytest.raises(StoreError, match="readonly"):
        queries.read(two, sql, "acme")
    assert _count(two, "select count() from commits", None) == 10


def test_an_unknown_organisation_is_named(two):
    with pytest.raises(UnknownName, match="nobody"):
        queries.read(two, "select 1", "nobody")


def test_rows_are_a_table_csv_or_json(two):
    environment = {
        "DEVHEALTH_HOME": str(two.home),
        "CLICKHOUSE_URI": two.clickhouse_uri,
        "POSTGRES_URI": two.semantic_uri,
    }
    sql = "select 'a,\"b\"' as text, count() as n, null as nothing, [1, 2] as list from commits"

    def printed(*arguments, status=0, stdin=None):
        done = CliRunner().invoke(cli, ["query", *arguments, "--org", "acme"], env=environment, input=stdin)
        assert done.exit_code == status, done.output
        return done.stdout

    assert printed(sql).splitlines() == ["text   n  nothing  list", 'a,"b"  5           [1, 2]']
    assert printed("-", stdin=sql) == printed(sql)
    rows = list(csv.reader(io.StringIO(printed(sql, "--csv"))))
    assert rows == [["text", "n", "nothing", "list"], ['a,"b"', "5", "", "[1, 2]"]]
    assert json.loads(printed(sql, "--json")) == [{"text": 'a,"b"', "n": 5, "nothing": None, "list": [1, 2]}]
    printed(sql, "--csv", "--json", status=2)
