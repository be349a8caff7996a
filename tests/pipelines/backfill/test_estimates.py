"""What a backfill of a host will cost is told before it begins, and is about what it costs."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.backfill import BackfillRequest, list_jobs, preview_job, run_backfill
from devhealth.semantic import database, organizations, tiers
from tests.github import deployments, faults, issues, pipelines, pulls, repositories
from tests.github.server import GitHubServer
from tests.github.world import World

FIRST_DAY = datetime(2024, 5, 1, tzinfo=UTC)
TARGETS = ["prs", "work-items", "cicd", "deployments", "incidents"]


@pytest.fixture
def server():
    world = World(FIRST_DAY)
    shop = repositories.create(world, "acme/shop")
    for _ in range(60):
        world.clock.advance(hours=7)
        pulls.create(world, shop)
        issues.create(world, shop, labels=("incident",))
        deployments.create(world, shop, status="success")
        pipelines.finish(world, pipelines.create(world, shop, jobs=("build",)))
    world.clock.advance(days=1)
    with GitHubServer(world) as running:
        yield running


@pytest.fixture
def settings(warehouse_settings, server, monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", server.api_url)
    setup.prepare(warehouse_settings)
    options = {"incident_labels": ["incident"]}
    setup.register_source(warehouse_settings, "acme", "acme/shop", provider="github", targets=TARGETS, options=options)
    engine = database.open_semantic(warehouse_settings)
    tiers.set_tier(engine, organizations.organization_id(engine, "acme"), "enterprise")
    return warehouse_settings


REQUEST = BackfillRequest(
    organisation="acme",
    configuration="acme/shop",
    since=FIRST_DAY.date(),
    before=(FIRST_DAY + timedelta(days=21)).date(),
)


def expected(sentence):
    return int(sentence.partition("about ")[2].partition(" requests")[0].replace(",", ""))


def test_it_costs_about_what_was_told(settings, server):
    preview = preview_job(settings, REQUEST, datetime.now(UTC))
    assert (preview.chunks, list_jobs(settings, "acme")) == (15, [])
    assert "of 5,000 are left until" in preview.estimate
    server.forget_requests()
    told = []
    assert run_backfill(settings, REQUEST, lambda event: told.append(event.job.estimate)).status == "completed"
    assert expected(told[0]) == expected(preview.estimate)
    assert 0.5 < expected(told[0]) / len(server.requests) < 2


@pytest.mark.parametrize("target", ["deployments", "incidents"])
def test_lists_that_all_windows_share_cost_the_same_for_any_number_of_them(settings, server, target):
    def cost(days: int) -> tuple[int, int]:
        before = (FIRST_DAY + timedelta(days=21)).date()
        asked = msgspec.structs.replace(REQUEST, targets=(target,), since=before - timedelta(days=days), before=before)
        told = expected(preview_job(settings, asked, datetime.now(UTC)).estimate)
        server.forget_requests()
        assert run_backfill(settings, asked).status == "completed"
        return told, len([seen for seen in server.requests if "/user" not in seen.path])

    short, long = cost(7), cost(21)
    assert short[0] == long[0]
    assert abs(long[1] - short[1]) <= 1
    assert abs(long[1] - long[0]) <= 3


def test_history_alone_is_counted_by_its_windows(settings, server):
    server.forget_requests()
    asked = msgspec.structs.replace(REQUEST, targets=("git",))
    assert "about 3 requests" in preview_job(settings, asked, datetime.now(UTC)).estimate
    assert not any("Volume" in request.operation for request in server.requests)


def test_what_cannot_be_told_stops_nothing(settings, server):
    server.faults.add(faults.status(403, b'{"message": "No"}'), when=faults.says("query Volume"), times=-1)
    preview = preview_job(settings, REQUEST, datetime.now(UTC))
    assert (preview.chunks, preview.estimate) == (15, "")
