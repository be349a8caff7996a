"""A small world for tests of the local server, and a plain way to ask it."""

import json
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.error import HTTPError

from tests.github import accounts, conversations, deployments, issues, pipelines, projects, pulls, repositories
from tests.github.server import GitHubServer
from tests.github.world import Item, World

START = datetime(2024, 5, 1, 9, tzinfo=UTC)


class Said(NamedTuple):
    """An answer; `data` is its JSON."""

    status: int
    headers: Mapping[str, str]
    data: Any


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def ask(server: GitHubServer, path: str, *, token: str = "one", **headers: str) -> Said:
    """The answer to a GET of a path of the API, or of a whole URL; redirections are not followed."""
    url = path if path.startswith("http") else f"{server.api_url}{path}"
    return _open(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}", **headers}))


def query(server: GitHubServer, text: str, variables: Item | None = None, *, token: str = "one") -> Said:
    """The answer to a GraphQL query."""
    body = json.dumps({"query": text, "variables": variables or {}}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return _open(urllib.request.Request(server.graphql_url, body, headers))


def _open(asked: urllib.request.Request) -> Said:
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(asked, timeout=10) as answer:
            body, status, headers = answer.read(), answer.status, answer.headers
    except HTTPError as error:
        with error:
            body, status, headers = error.read(), error.code, error.headers
    is_json = "json" in (headers.get("Content-Type") or "")
    return Said(status, headers, json.loads(body) if body and is_json else body)


def shop(count: int = 5) -> tuple[World, Item]:
    """A world that stands still, and its repository acme/shop with so many pull requests, a minute apart."""
    world = World(START)
    repository = repositories.create(world, "acme/shop")
    repositories.commit(world, repository)
    for _ in range(count):
        world.clock.advance(minutes=1)
        pulls.create(world, repository)
    return world, repository


def busy() -> tuple[World, Item]:
    """A world with something of everything."""
    world, repository = shop(3)
    one, other, draft = repository["_pulls"].values()
    bug = issues.create(world, repository, labels=("bug",), type_name="Bug")
    part = issues.create(world, repository)
    issues.nest(world, bug, part)
    review = pulls.review(world, one, "grace", "CHANGES_REQUESTED", comments=["Why?", "And here?"])
    pulls.line_comment(world, one, "ada", "Because.", reply_to=review["_comments"][0])
    pulls.review(world, one, "hopper", "PENDING", comments=["Hm."])
    conversations.comment(world, one, "dependabot[bot]")
    conversations.comment(world, one, "leaver")
    accounts.delete(world, "leaver")
    pulls.request_review(world, one, "acme/platform")
    pulls.to_draft(world, draft)
    pulls.link(world, other, bug)
    conversations.set_milestone(world, other, repositories.milestone(world, repository, "1.0"))
    pulls.auto_merge(world, other)
    pulls.merge(world, other, by="grace", method="merge")
    pulls.lose_head(world, draft)
    board = projects.create(world, "acme")
    card = projects.add(world, board, bug)
    projects.set_status(world, card, "In Progress")
    projects.set_iteration(world, card, "Sprint 1", start="2024-04-29")
    projects.set_estimate(world, card, 3)
    deployments.create(world, repository, status="success")
    deployments.release(world, repository, "v1")
    run = pipelines.create(world, repository, jobs=("test", "lint"))
    pipelines.finish(world, run, "failure")
    pipelines.rerun(world, run)
    return world, repository
