"""Looking for news where nothing has changed."""

import pytest

from devhealth.pipelines import providers
from tests.github import deployments, issues, pipelines, pulls
from tests.pull_request_sync import unit_for


@pytest.mark.parametrize("target", ["prs", "work-items", "deployments", "cicd"])
def test_looking_for_news_through_rest_costs_no_point_when_there_are_none(
    world, shop, server, settings, tmp_path, target
):
    for _ in range(3):
        pulls.create(world, shop)
        issues.create(world, shop)
        deployments.create(world, shop, status="success")
        pipelines.finish(world, pipelines.create(world, shop))
    world.clock.advance(hours=1)
    options, connector = {"api": "rest"}, providers.connector("github", target)
    unit = unit_for(tmp_path / "unit", target=target, options=options)
    cursor = list(connector.fetch(unit, settings))[-1].read()
    world.clock.advance(days=1)
    assert not connector.probe("acme/shop", options, cursor, settings)
    server.forget_requests()
    assert not connector.probe("acme/shop", options, cursor, settings)
    assert {(one.status, one.cost) for one in server.requests} == {(304, 0)}
    pulls.create(world, shop)
    issues.create(world, shop)
    deployments.create(world, shop)
    pipelines.create(world, shop)
    assert connector.probe("acme/shop", options, cursor, settings)
