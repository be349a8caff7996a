"""What a server profile or a URI sets changes no result: a connection of ours sends all that a result depends on."""

import asyncio
import dataclasses
import uuid
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest

from devhealth.metrics import engine
from devhealth.metrics.engine import Scope
from devhealth.models.table import Snapshot, all_tables
from devhealth.sinks.clickhouse import open_clickhouse_sink
from devhealth.sinks.clickhouse_block import literal
from devhealth.warehouse import connection
from devhealth.warehouse.connection import STATEMENT_SETTINGS, connected
from devhealth.warehouse.digest import digests
from tests import tenancy_records
from tests.metrics.history import FETCHED, Change, History, records, store

AS_OF = datetime(2026, 3, 20, 18, tzinfo=UTC)
HISTORY = History(
    "shop",
    [
        Change("one", datetime(2026, 3, 2, 12, tzinfo=UTC), "ada", {"a.py": (10, 0), "b.py": (300, 1)}),
        Change("two", datetime(2026, 3, 9, 23, tzinfo=UTC), "bob", {"a.py": (1, 2)}, is_reachable=False),
    ],
    people={"robot": ("robot@example.com", True)},
    blame={"a.py": [("one", 9), ("two", 1)]},
)
HOSTILE = {
    name: {"throw": "any" if name.startswith("group") else "break", 0: 1, 1: 0}.get(value)
    for name, value in STATEMENT_SETTINGS.items()
} | {
    "max_partitions_per_insert_block": 1,
    "compatibility": "22.3",
    "dialect": "prql",
    "join_default_strictness": "ANY",
    "union_default_mode": "DISTINCT",
    "except_default_mode": "DISTINCT",
    "intersect_default_mode": "DISTINCT",
    "count_distinct_implementation": "uniqHLL12",
    "additional_table_filters": "{'commits': '1 = 0'}",
    "additional_result_filter": "1 = 0",
    "mutations_sync": 0,
    "session_timezone": "Pacific/Apia",
    "date_time_input_format": "best_effort",
    "date_time_output_format": "unix_timestamp",
    "date_time_overflow_behavior": "throw",
    "cast_string_to_date_time_mode": "best_effort",
    "bool_true_representation": "yes",
    "bool_false_representation": "no",
    "limit": 1,
    "offset": 1,
    "insert_deduplication_token": "always the same",
}


def _life(settings):
    """All tables after records, a metrics run, a snapshot that ends some rows, and one more run."""
    with connected(settings) as client, open_clickhouse_sink(settings) as sink:
        store(client, records("acme", HISTORY))
        tenancy_records.store_work(client, "acme", "shop")
        scopes = [Scope("acme", "shop", date(2026, 1, 1), date(2027, 1, 1))]
        engine.compute(client, scopes, AS_OF, FETCHED)
        for table in ("pull_requests", "commit_reachability", "blame_ranges"):
            gone = Snapshot(table=table, org_id="acme", repo_id="shop", version=FETCHED + timedelta(days=9))
            asyncio.run(sink.retire(gone, sink.session))
        engine.compute(client, scopes, AS_OF, FETCHED + timedelta(days=1))
        due = engine.overdue(client, ["acme"], AS_OF + timedelta(days=40))
        return due, digests(client, "acme")


def _contents(settings):
    with connected(settings) as client:
        return {
            table.name: client.execute(f"select * except (computed_at) from {table.name} order by all")
            for table in all_tables()
        }


@pytest.fixture(scope="module")
def of_a_plain_server(warehouse_home):
    settings = _empty(warehouse_home)
    with connected(settings) as client:
        yield _life(settings), _contents(settings)
        client.execute(f"drop database {settings.clickhouse_uri.rpartition('/')[2]}")


def _empty(home):
    from devhealth.settings import Settings
    from devhealth.warehouse import embedded

    server = embedded.ensure_started(home).uri.rpartition("/")[0]
    return Settings(home=home, clickhouse_uri=f"{server}/test_{uuid.uuid4().hex}")


REFUSED = {"enable_analyzer", "allow_experimental_analyzer"}
"""The engine of the tests no longer lets anybody turn these off; older ones do."""


def _with_profile(monkeypatch, profile):
    """Connections to a server whose profile has these settings: a session has them as those of a profile."""
    connect = connection._connect

    def connected_to_it(uri):
        client = connect(uri)
        client.execute("set " + ", ".join(f"{name} = {literal(value)}" for name, value in profile.items()))
        return client

    monkeypatch.setattr(connection, "_connect", connected_to_it)


@pytest.mark.parametrize(
    "names",
    [
        HOSTILE,
        ["aggregate_functions_null_for_empty"],
        ["empty_result_for_aggregation_by_empty_set"],
        ["data_type_default_nullable"],
    ],
    ids=lambda names: "all" if names is HOSTILE else names[0],
)
def test_no_profile_changes_a_result(of_a_plain_server, warehouse_settings, monkeypatch, names):
    _with_profile(monkeypatch, {name: HOSTILE[name] for name in names if name not in REFUSED})
    assert (_life(warehouse_settings), _contents(warehouse_settings)) == of_a_plain_server


def test_no_setting_of_the_uri_changes_a_result(of_a_plain_server, warehouse_settings):
    uri = f"{warehouse_settings.clickhouse_uri}?{urlencode(HOSTILE)}"
    settings = dataclasses.replace(warehouse_settings, clickhouse_uri=uri)
    assert (_life(settings), _contents(settings)) == of_a_plain_server


def test_every_setting_has_a_hostile_value_that_the_engine_takes(warehouse_settings):
    assert HOSTILE.keys() == STATEMENT_SETTINGS.keys()
    assert [name for name, value in HOSTILE.items() if value in {None, STATEMENT_SETTINGS[name]}] == []
    with connected(warehouse_settings) as client:
        known = {name for (name,) in client.execute("select name from system.settings")}
        sent = dict(client.execute("select name, value from system.settings"))
    assert STATEMENT_SETTINGS.keys() <= known
    assert {name: sent[name] for name in STATEMENT_SETTINGS} == {
        name: str(value) for name, value in STATEMENT_SETTINGS.items()
    }


@pytest.mark.parametrize("name", ["aggregate_functions_null_for_empty", "empty_result_for_aggregation_by_empty_set"])
def test_without_what_is_sent_a_profile_changes_results(of_a_plain_server, warehouse_settings, monkeypatch, name):
    monkeypatch.setattr(connection, "STATEMENT_SETTINGS", {"max_partitions_per_insert_block": 0})
    _with_profile(monkeypatch, {name: 1})
    try:
        found = _life(warehouse_settings), _contents(warehouse_settings)
    except (ValueError, LookupError):
        found = None
    assert found != of_a_plain_server
