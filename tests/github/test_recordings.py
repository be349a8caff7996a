"""The recorded repository is served as it was, and recorded exchanges as they were."""

import itertools
import json
from typing import Any

import pytest

from tests.fixtures import fixtures
from tests.github import recordings, replay
from tests.github.server import GitHubServer
from tests.github.shop import ask, query
from tests.github.world import World

NAME = "faros-ai/airbyte-connectors"
KNOWN_LATER = {"mergeable", "mergeable_state", "rebaseable"}
"""What GitHub works out when asked: no matter of the recording."""

TOTALS = """{ repository(owner: "faros-ai", name: "airbyte-connectors") {
  databaseId issues { totalCount } pullRequests(first: 100) {
    totalCount nodes { state additions reviews { totalCount } commits { totalCount }
      reviewThreads(first: 100) { nodes { comments { totalCount } } } } }
  defaultBranchRef { target { ... on Commit { history { totalCount } } } } releases { totalCount }
} }"""


@pytest.fixture(scope="module")
def world() -> World:
    return recordings.load(fixtures("github/faros-airbyte-connectors"))


def test_graphql_has_the_recorded_totals(world: World):
    with GitHubServer(world) as server:
        said = query(server, TOTALS).data["data"]["repository"]
    pulls = said["pullRequests"]["nodes"]
    states = [pull["state"] for pull in pulls]
    assert {state: states.count(state) for state in set(states)} == {"MERGED": 34, "CLOSED": 3, "OPEN": 1}
    assert sum(pull["reviews"]["totalCount"] for pull in pulls) == 121
    assert sum(t["comments"]["totalCount"] for pull in pulls for t in pull["reviewThreads"]["nodes"]) == 87
    assert said["defaultBranchRef"]["target"]["history"]["totalCount"] == 77
    assert (said["issues"]["totalCount"], said["releases"]["totalCount"]) == (1, 1)


def test_rest_says_of_every_pull_request_what_was_recorded(world: World):
    rows = json.loads(fixtures("github/faros-airbyte-connectors/pull_details.json").read_text())
    wrong = []
    with GitHubServer(world) as server:
        for row in rows:
            shown = ask(server, f"/repos/{NAME}/pulls/{row['number']}").data
            wrong += [
                (row["number"], name, value, row[name])
                for name, value in shown.items()
                if name in row.keys() - KNOWN_LATER
                and not isinstance(row[name], dict | list)
                and str(value) != str(row[name]).replace("https://api.github.com", server.url)
            ]
        issues = ask(server, f"/repos/{NAME}/issues?state=all&per_page=100").data
    assert wrong == []
    assert len(issues) == 39


@pytest.mark.parametrize("file", ["hub4j", "octokit"])
def test_every_recorded_exchange_is_played_in_turn(file: str):
    recorded = replay.read(fixtures(f"github/http/{file}.jsonl"))
    for _, scenario in itertools.groupby(recorded, key=lambda row: row["scenario"]):
        rows = list(scenario)
        with replay.Replay(rows) as server:
            answers = [ask(server, row["url"]) for row in rows]
        assert [said.status for said in answers] == [row["status"] for row in rows]
        assert not any("api.github.com" in str(value) for said in answers for value in said.headers.values())
        ids = [[_id(said.data), _id(row["body"])] for said, row in zip(answers, rows, strict=True)]
        assert all(answered == written for answered, written in ids)


def _id(body: Any) -> Any:
    """What tells one answer from another: its id, or those of its rows."""
    if isinstance(body, list):
        return [_id(row) for row in body]
    return body.get("id", body.get("sha")) if isinstance(body, dict) else None


def test_templates_of_time_are_filled_in():
    assert int(replay.fill("{{now offset='3 seconds' format='unix'}}")) > 1_700_000_000
    assert replay.fill("{{now timezone='GMT' format='EEE, dd MMM yyyy HH:mm:ss z'}}").endswith(" GMT")
