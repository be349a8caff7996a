"""People and teams that were applied reach ClickHouse where it runs, and wait where it does not."""

import dataclasses

import pytest

from devhealth.pipelines import metrics, setup
from devhealth.pipelines.configuration.settling import settle
from devhealth.pipelines.run import run_sync
from devhealth.relational import turn
from devhealth.semantic import database, dirty_ranges
from devhealth.warehouse import embedded
from devhealth.warehouse.connection import connected
from tests.pipelines.configuration.conftest import put
from tests.pipelines.conftest import NOW, Shop, request

PEOPLE = "organisations: {acme: {identities: {lovelace: {aliases: [ada@example.org]}}}}"


@pytest.fixture
def running(warehouse_settings, tmp_path):
    setup.prepare(warehouse_settings)
    setup.register_source(warehouse_settings, "acme", str(Shop(tmp_path / "shop").commit(2).path), targets=["git"])
    run_sync(warehouse_settings, request())
    engine = database.open_semantic(warehouse_settings)
    dirty_ranges.clear(engine, [one.id for one in dirty_ranges.take(engine)])
    return warehouse_settings


def test_the_days_of_a_person_are_dirty_as_soon_as_the_document_is_applied(running):
    plan = put(running, PEOPLE)
    assert settle(running, plan) == "people and teams are in ClickHouse; 1 range of days to compute"
    (days,) = dirty_ranges.take(database.open_semantic(running))
    assert (str(days.since), str(days.before)) == ("2026-03-01", "2026-03-03")
    with connected(running) as client:
        assert client.execute("select alias, identity_id from identity_mappings final") == [
            ("ada@example.org", "lovelace")
        ]


def test_a_computation_at_work_is_not_given_other_people_half_way(running):
    """It would take the days marked dirty, read people as they were, and clear the days."""
    engine = database.open_semantic(running)
    plan = put(running, PEOPLE)
    with turn(engine, metrics.TURN):
        assert settle(running, plan).startswith("metrics are being computed now: the next `devhealth metrics daily`")
        assert dirty_ranges.take(engine) == []
    metrics.compute_dirty(running, NOW)
    with connected(running) as client:
        assert client.execute("select distinct author_email from user_metrics_daily_latest") == [("lovelace",)]


def test_a_document_without_people_asks_clickhouse_for_nothing(running):
    out_of_reach = dataclasses.replace(running, clickhouse_uri="clickhouse://127.0.0.1:1/nowhere")
    assert settle(out_of_reach, put(running, "organisations: {acme: {tier: team}}")) is None
    assert settle(out_of_reach, put(running, "organisations: {acme: {identities: {}}}")) is None


@pytest.mark.parametrize("uri", ["clickhouse://127.0.0.1:1/nowhere", "postgresql://localhost/nowhere"])
def test_clickhouse_out_of_reach_is_no_failure(running, uri):
    out_of_reach = dataclasses.replace(running, clickhouse_uri=uri)
    said = settle(out_of_reach, put(running, PEOPLE))
    assert said.startswith("people and teams are not in ClickHouse yet: the next `devhealth metrics daily`")


def test_an_embedded_clickhouse_is_not_started(running, tmp_path):
    idle = dataclasses.replace(running, home=tmp_path / "idle", clickhouse_uri=None)
    assert settle(idle, put(running, PEOPLE)).startswith("ClickHouse does not run now: the next")
    assert embedded.status(tmp_path / "idle") is None
    assert not (tmp_path / "idle" / "warehouse").exists()
