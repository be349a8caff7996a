"""REST objects of the local server have no field that real ones lack."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures import fixtures
from tests.github import replay
from tests.github.server import GitHubServer
from tests.github.shop import ask, busy

NEWER = {
    "created_at",
    "display_title",
    "head_branch",
    "parent_issue_url",
    "path",
    "performed_via_github_app",
    "run_attempt",
    "sub_issues_summary",
    "type",
    "workflow_name",
}
"""Fields GitHub added after the recordings were made."""

CASES = {
    "/repos/acme/shop": "full_name",
    "/repos/acme/shop/pulls/1": "changed_files",
    "/repos/acme/shop/pulls": "requested_reviewers",
    "/repos/acme/shop/pulls/1/reviews": "submitted_at",
    "/repos/acme/shop/pulls/1/comments": "pull_request_review_id",
    "/repos/acme/shop/pulls/1/commits": "parents",
    "/repos/acme/shop/issues": "timeline_url",
    "/repos/acme/shop/issues/4/events": "commit_url",
    "/repos/acme/shop/deployments": "original_environment",
    "/repos/acme/shop/releases": "tag_name",
    "/repos/acme/shop/tags": "zipball_url",
    "/repos/acme/shop/actions/runs": "run_number",
    "/repos/acme/shop/actions/runs/{run}/jobs": "runner_name",
    "/repos/acme/shop/milestones": "due_on",
}
"""Paths, and a field that tells what was recorded of the same kind."""


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inside in value.values():
            yield from _objects(inside)
    elif isinstance(value, list):
        for row in value:
            yield from _objects(row)


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, Any]]:
    """Every object in every recorded answer."""
    answers = [row["body"] for row in replay.read(fixtures("github/http/hub4j.jsonl"))]
    folders = ("github/faros-airbyte-connectors", "github/misc")
    answers += [json.loads(path.read_text()) for folder in folders for path in fixtures(folder).glob("*.json")]
    return list(_objects(answers))


@pytest.mark.parametrize("path", CASES)
def test_fields_are_as_recorded(path: str, recorded: list[dict[str, Any]]):
    world, repository = busy()
    with GitHubServer(world) as server:
        said = ask(server, path.format(run=next(iter(repository["_runs"]))) + "?state=all").data
    rows = next(iter(v for v in said.values() if isinstance(v, list)), [said]) if "total_count" in said else said
    shown = rows[0] if isinstance(rows, list) else rows
    alike = [one for one in recorded if CASES[path] in one]
    assert alike
    known = {name for one in alike for name in one}
    assert CASES[path] in shown
    assert set(shown) - known - NEWER == set()
