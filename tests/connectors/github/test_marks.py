"""What moves at GitHub moves the mark of the target that stores it."""

from datetime import UTC, datetime

import pytest

from devhealth.connectors.github.source import survey
from tests.github import deployments, repositories
from tests.github.server import GitHubServer
from tests.pull_request_sync import settings_for


@pytest.fixture
def shop(world):
    made = repositories.create(world, "acme/shop")
    repositories.commit(world, made)
    for number in range(12):
        world.clock.advance(minutes=1)
        deployments.create(world, made, status="failure")
        deployments.release(world, made, f"v{number:02}")
    return made


@pytest.fixture
def mark(world, tmp_path):
    with GitHubServer(world) as server:
        yield lambda: survey(["acme/shop"], {}, settings_for(server, tmp_path))["acme/shop"].marks["deployments"]


def _moves(world, mark, deed):
    before = mark()
    world.clock.advance(minutes=1)
    deed()
    return mark() != before


@pytest.mark.parametrize("place", [-1, -10])
def test_a_status_of_one_of_the_newest_ten_moves_the_mark(world, shop, mark, place):
    deployment = shop["_deployments"][place]
    assert _moves(world, mark, lambda: deployments.set_status(world, deployment, "success"))


def test_a_status_tells_by_the_state_too(world, shop, mark):
    deployment = shop["_deployments"][-1]

    def deed():
        deployment["state"] = "ACTIVE"
        world.version += 1

    assert _moves(world, mark, deed)


def test_what_is_older_is_looked_at_once_a_week(world, shop, mark):
    world.clock.set(datetime(2024, 5, 6, tzinfo=UTC))  # a Monday
    assert not _moves(world, mark, lambda: deployments.set_status(world, shop["_deployments"][1], "success"))
    assert not _moves(world, mark, lambda: world.clock.advance(days=5))
    assert _moves(world, mark, lambda: world.clock.advance(days=2))


def test_a_repository_that_is_shown_whole_is_left_alone_whatever_the_week(world, shop, mark):
    for place in (0, 0):
        deployments.delete(world, shop["_deployments"][place])
        deployments.delete_release(world, shop["_releases"][place])
    for name in ("v00", "v01"):
        repositories.delete_tag(world, shop, name)
    assert not _moves(world, mark, lambda: world.clock.advance(days=7))


def test_deletions_and_new_ones_move_the_mark(world, shop, mark):
    assert _moves(world, mark, lambda: deployments.create(world, shop))
    assert _moves(world, mark, lambda: deployments.delete(world, shop["_deployments"][0]))
    assert _moves(world, mark, lambda: repositories.tag(world, shop, "a"))
    assert _moves(world, mark, lambda: repositories.delete_tag(world, shop, "a"))
    assert _moves(world, mark, lambda: deployments.release(world, shop, "v11"))
    assert _moves(world, mark, lambda: deployments.delete_release(world, shop["_releases"][0]))


def test_a_moved_tag_and_a_renamed_release_move_the_mark(world, shop, mark):
    commit = repositories.commit(world, shop)
    assert _moves(world, mark, lambda: repositories.tag(world, shop, "v11", commit["oid"]))
    assert _moves(world, mark, lambda: deployments.edit_release(world, shop["_releases"][-1], name="Better"))
    draft = deployments.release(world, shop, "v12", is_draft=True)
    assert _moves(world, mark, lambda: deployments.publish(world, draft))


def test_a_push_alone_does_not(world, shop, mark):
    assert not _moves(world, mark, lambda: repositories.commit(world, shop))
