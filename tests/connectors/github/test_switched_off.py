"""A repository without issues, pull requests, workflows or releases is read, and again once it has them."""

import itertools
import logging
from datetime import UTC, datetime

import pytest

from devhealth.errors import SourceNotFound
from devhealth.models import github_pages
from devhealth.models.repository_targets import RepositoryTarget
from devhealth.models.table import Snapshot
from devhealth.pipelines import providers
from devhealth.staging import UnitStaging
from tests.github import conversations, deployments, faults, issues, pipelines, pulls, repositories
from tests.pull_request_sync import unit_for

GONE = b'{"message":"Issues has been disabled in this repository."}'
OFF = [
    ("work-items", "auto", "/issues", 410),
    ("work-items", "rest", "/issues", 404),
    ("incidents", "auto", "/issues", 410),
    ("cicd", "auto", "/actions/runs", 404),
    ("prs", "rest", "/pulls", 404),
]
_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def filled(world, shop):
    repositories.commit(world, shop)
    pulls.create(world, shop)
    conversations.add_label(world, issues.create(world, shop), "incident")
    pipelines.finish(world, pipelines.create(world, shop, jobs=("build",)))
    deployments.create(world, shop)
    deployments.release(world, shop, "v1")
    world.clock.advance(minutes=5)


class Target:
    """One target of acme/shop, fetched and processed in a folder of its own each time."""

    def __init__(self, settings, tmp_path, target, api):
        self.settings, self.tmp_path, self.target = settings, tmp_path, target
        self.options = {"api": api, "incident_labels": ["incident"]}

    def run(self, cursor=None, mode="full"):
        folder = self.tmp_path / str(next(_NUMBERS))
        mode = "incremental" if cursor else mode
        unit = unit_for(folder, target=self.target, options=self.options, mode=mode)
        if cursor:
            UnitStaging(str(folder)).write("cursor", cursor)
        pages = list(providers.connector("github", self.target).fetch(unit, self.settings))
        batches = list(providers.processor("github", self.target).to_records(pages, unit))
        return pages[-1].read(), [row for batch in batches for row in batch]

    def has_news(self, cursor):
        return providers.connector("github", self.target).probe("acme/shop", self.options, cursor, self.settings)


def switch_off(server, path, status):
    server.faults.add(faults.status(status, GONE), when=lambda asked: asked.path.endswith(path), times=-1)


@pytest.mark.parametrize(("target", "api", "path", "status"), OFF)
def test_a_list_that_is_switched_off_is_done_and_said_once(
    settings, server, tmp_path, caplog, target, api, path, status
):
    one = Target(settings, tmp_path, target, api)
    read, rows = one.run()
    switch_off(server, path, status)
    for before in (None, read):
        with caplog.at_level(logging.WARNING):
            caplog.clear()
            cursor, found = one.run(before)
            again, _ = one.run(cursor)
        assert [type(row) for row in found] == [RepositoryTarget], "what is stored stays"
        assert caplog.text.count("are switched off there") == 1
        assert github_pages.is_off(again)
        assert not one.has_news(again)
    server.faults.clear()
    assert one.has_news(again), "it is noticed when it is switched on"
    assert not github_pages.is_off(one.run(again)[0])
    never_read = github_pages.off_cursor(None, datetime.now(UTC))
    assert {type(row) for row in one.run(never_read)[1]} >= {type(row) for row in rows} - {Snapshot}


@pytest.mark.parametrize(("target", "api", "path", "status"), OFF)
def test_a_repository_that_is_gone_is_no_list_that_is_switched_off(
    settings, server, world, shop, tmp_path, target, api, path, status
):
    repositories.delete(world, shop)
    with pytest.raises(SourceNotFound):
        Target(settings, tmp_path, target, api).run()


def test_a_server_without_releases_has_deployments_and_tags(settings, server, tmp_path, caplog):
    one = Target(settings, tmp_path, "deployments", "rest")
    switch_off(server, "/releases", 404)
    cursor, found = one.run()
    assert {row.table for row in found if isinstance(row, Snapshot)} == {"deployment_statuses", "deployments", "tags"}
    assert caplog.text.count("its releases are switched off there") == 1
    assert not one.has_news(cursor)
    server.faults.clear()
    assert one.has_news(cursor)
    assert "Release" in {type(row).__name__ for row in one.run(cursor)[1]}
