"""Repositories that are deleted at GitHub: told, kept, and read on from where they were when they come back."""

from datetime import UTC, datetime

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.pipelines.status import read_status
from devhealth.semantic import configurations, database, organizations
from devhealth.warehouse.connection import connected
from tests.github import pulls, repositories
from tests.github.server import GitHubServer
from tests.github.world import World


@pytest.fixture
def world():
    return World(datetime(2024, 5, 1, tzinfo=UTC))


@pytest.fixture
def settings(warehouse_settings, world, monkeypatch):
    setup.prepare(warehouse_settings)
    with GitHubServer(world) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.api_url)
        yield warehouse_settings


def sync(settings):
    as_of = datetime.now(UTC)
    return run_sync(settings, SyncRequest(provider="github", run_id=new_run_id(as_of), as_of=as_of))


def configured(settings, *, sources=(), discovery=()):
    engine = database.open_semantic(settings)
    org_id = organizations.ensure_organization(engine, "acme")
    configurations.save(
        engine,
        org_id=org_id,
        name="all",
        provider="github",
        sources=sources,
        targets=["prs"],
        options={},
        discovery=discovery,
    )


def stored(settings):
    with connected(settings) as client:
        return client.execute("select count() from pull_requests final where not is_deleted")[0][0]


def filled(world, *names):
    found = [repositories.create(world, name) for name in names]
    for one in found:
        pulls.create(world, one)
    world.clock.advance(minutes=5)
    return found


def test_one_that_is_named_fails_once_and_is_a_warning_from_then_on(settings, world):
    shop, _ = filled(world, "acme/shop", "acme/api")
    configured(settings, sources=["acme/shop", "acme/api"])
    assert sync(settings).planned == 2
    repositories.delete(world, shop)
    assert [one.name for one in sync(settings).failed] == ["acme/shop"]
    again = sync(settings)
    assert (again.planned, again.failed) == (0, [])
    assert "acme/shop is gone since" in again.warnings[0]
    assert stored(settings) == 2
    [of_shop] = [
        one
        for one in read_status(settings, datetime.now(UTC)).organisations[0].targets
        if one.repository == "acme/shop"
    ]
    assert of_shop.gone_since is not None


def test_one_that_a_rule_found_is_told_once_and_looked_up_no_more(settings, world):
    shop, _ = filled(world, "acme/shop", "acme/api")
    configured(settings, discovery=["org:acme"])
    assert sync(settings).planned == 2
    repositories.delete(world, shop)
    report = sync(settings)
    assert (report.failed, len(report.warnings)) == ([], 1)
    assert "acme/shop is gone" in report.warnings[0]
    assert sync(settings).warnings == []
    assert stored(settings) == 2


def test_one_that_a_rule_leaves_out_now_is_not_gone(settings, world):
    shop, _ = filled(world, "acme/shop", "acme/api")
    configured(settings, discovery=["org:acme"])
    sync(settings)
    repositories.archive(world, shop)
    assert sync(settings).warnings == []


def test_one_whose_name_was_given_to_another_is_gone(settings, world):
    shop, _ = filled(world, "acme/shop", "acme/api")
    configured(settings, discovery=["org:acme"])
    sync(settings)
    repositories.delete(world, shop)
    filled(world, "acme/shop")
    report = sync(settings)
    assert report.planned == 1
    assert "acme/shop is gone" in report.warnings[0]
    assert stored(settings) == 3


def test_one_that_can_be_seen_again_is_read_on(settings, world):
    shop, _ = filled(world, "acme/shop", "acme/api")
    configured(settings, sources=["acme/shop", "acme/api"])
    sync(settings)
    repositories.close_off(world, shop, "hidden")
    sync(settings)
    assert sync(settings).planned == 0
    repositories.close_off(world, shop, "")
    pulls.create(world, shop)
    world.clock.advance(minutes=5)
    assert [one.rows["pull_requests"] for one in sync(settings).stored] == [1]
    assert sync(settings).warnings == []
