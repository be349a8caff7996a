"""The world stamps changes as GitHub does, and survives on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.github import conversations, issues, projects, pulls, repositories
from tests.github.server import GitHubServer
from tests.github.shop import ask, busy, shop
from tests.github.world import Item, World

CHANGES: dict[str, Callable[[World, Item], object]] = {
    "a comment": lambda world, pull: conversations.comment(world, pull, "grace"),
    "a review": lambda world, pull: pulls.review(world, pull, "grace"),
    "a comment on a line": lambda world, pull: pulls.line_comment(world, pull, "grace"),
    "a push": pulls.push,
    "a force-push": pulls.force_push,
    "a label": lambda world, pull: conversations.add_label(world, pull, "bug"),
    "an assignment": lambda world, pull: conversations.assign(world, pull, "grace"),
    "a new title": lambda world, pull: conversations.edit(world, pull, title="Better"),
    "a request": lambda world, pull: pulls.request_review(world, pull, "grace"),
    "a draft": pulls.to_draft,
    "a merge": pulls.merge,
    "closing": conversations.close,
}


@pytest.mark.parametrize("name", CHANGES)
def test_updates_a_pull_request(name: str):
    world, repository = shop(1)
    world.clock.advance(hours=1)
    version = world.version
    CHANGES[name](world, repository["_pulls"][1])
    assert repository["_pulls"][1]["updatedAt"] == world.stamp()
    assert world.version > version


def test_a_pending_review_updates_nothing_until_it_is_submitted():
    world, repository = shop(1)
    pull = repository["_pulls"][1]
    before = pull["updatedAt"]
    world.clock.advance(hours=1)
    review = pulls.review(world, pull, "grace", "PENDING", comments=["Hm."])
    assert (pull["updatedAt"], review["submittedAt"]) == (before, None)
    pulls.submit(world, review, "APPROVED")
    assert pull["updatedAt"] == review["submittedAt"] == world.stamp()


def test_moving_a_card_updates_the_card_and_not_the_issue():
    world, repository = shop(0)
    issue = issues.create(world, repository)
    card = projects.add(world, projects.create(world, "acme"), issue)
    before = issue["updatedAt"]
    world.clock.advance(hours=1)
    projects.set_status(world, card, "Done")
    assert (issue["updatedAt"], card["updatedAt"]) == (before, world.stamp())


def test_an_old_change_does_not_turn_the_time_of_update_back():
    world, repository = shop(1)
    pull = repository["_pulls"][1]
    conversations.comment(world, pull, "grace", at="2020-01-01T00:00:00Z")
    assert pull["updatedAt"] == pull["createdAt"]


def test_a_force_push_takes_commits_out():
    world, repository = shop(0)
    pull = pulls.create(world, repository, commits=3)
    kept = pull["_commits"][0]["commit"]["oid"]
    made = pulls.force_push(world, pull, keep=1)
    assert [c["commit"]["oid"] for c in pull["_commits"]] == [kept, made["commit"]["oid"]]
    assert pull["headRefOid"] == made["commit"]["oid"]
    assert pull["additions"] == 2


def test_a_merge_closes_linked_issues_and_moves_the_branch():
    world, repository = shop(1)
    issue = issues.create(world, repository)
    pulls.link(world, repository["_pulls"][1], issue)
    made = pulls.merge(world, repository["_pulls"][1], method="merge")
    assert issue["state"] == "CLOSED"
    assert repository["_branches"]["main"] == made["oid"]
    assert len(made["_parents"]) == 2


def test_a_saved_world_answers_the_same(tmp_path: Path):
    world, _ = busy()
    world.save(tmp_path / "world")
    loaded = World.load(tmp_path / "world")
    paths = ("/repos/acme/shop", "/repos/acme/shop/pulls/1", "/repos/acme/shop/actions/runs")
    answers = []
    for one in (world, loaded):
        with GitHubServer(one, port=answers[0][0] if answers else 0) as server:
            answers.append((server.port, [ask(server, path).data for path in paths]))
    assert answers[0] == answers[1]


def test_a_new_repository_takes_a_name_over_from_a_renamed_one():
    world, old = shop(0)
    repositories.rename(world, old, "acme/store")
    new = repositories.create(world, "acme/shop")
    assert (world.repository("acme/shop"), world.repository("acme/store")) == (new, old)
