"""Costs and refusals of queries, by the examples GitHub documents."""

import pytest

from tests.github import graph
from tests.github.costs import Cost
from tests.github.server import GitHubServer
from tests.github.shop import query, shop

DOCUMENTED = """query {
  viewer {
    repositories(first: 100) {
      edges { node { id issues(first: 50) { edges { node { id labels(first: 60) { edges { node { id name } } } } } } } }
    }
  }
}"""


def test_the_documented_example_costs_51_points():
    assert graph.cost(DOCUMENTED, {}) == Cost(points=51, nodes=100 + 100 * 50 + 100 * 50 * 60)


def test_a_query_without_connections_costs_a_point():
    assert graph.cost("{ rateLimit { cost } }", {}) == Cost(points=1, nodes=0)


def test_sizes_may_come_from_variables_with_defaults_and_fragments():
    text = """query ($n: Int = 40) { viewer { ...All } }
      fragment All on User { repositories(first: $n) { nodes { pullRequests(last: 50) { nodes { id } } } } }"""
    assert graph.cost(text, {}) == Cost(points=1, nodes=40 + 40 * 50)
    assert graph.cost(text, {"n": 100}) == Cost(points=1, nodes=100 + 100 * 50)


@pytest.mark.parametrize(
    ("connection", "kind"),
    [
        ("repositories(first: 101) { nodes { id } }", "EXCESSIVE_PAGINATION"),
        ("repositories { nodes { id } }", "MISSING_PAGINATION_BOUNDARIES"),
        (
            "repositories(first: 99) { nodes { issues(first: 99) { nodes { labels(first: 60) { nodes { id } } } } } }",
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
    ],
)
def test_a_query_that_asks_for_too_much_is_refused(connection: str, kind: str):
    refused = graph.cost(f"{{ viewer {{ {connection} }} }}", {})
    assert isinstance(refused, list)
    assert refused[0]["type"] == kind


def test_a_total_needs_no_page_size():
    assert graph.cost("{ viewer { repositories { totalCount } } }", {}) == Cost(points=1, nodes=1)


def test_points_are_counted_by_token_and_shown_in_answer_and_headers():
    world, _ = shop(0)
    with GitHubServer(world) as server:
        first = query(server, "{ rateLimit { cost remaining used } }")
        query(server, DOCUMENTED)
        other = query(server, "{ rateLimit { cost remaining used } }", token="two")
        last = query(server, "{ rateLimit { remaining } }")
    assert first.data["data"]["rateLimit"] == {"cost": 1, "remaining": 4999, "used": 1}
    assert other.data["data"]["rateLimit"]["remaining"] == 4999
    assert last.data["data"]["rateLimit"]["remaining"] == 4947
    assert (last.headers["x-ratelimit-remaining"], last.headers["x-ratelimit-resource"]) == ("4947", "graphql")
    assert [seen.cost for seen in server.requests] == [1, 51, 1, 1]


def test_answers_above_a_number_of_nodes_fail_as_502():
    world, _ = shop(0)
    with GitHubServer(world, heaviest=2000) as server:
        assert query(server, DOCUMENTED).status == 502
        assert query(server, "{ viewer { repositories(first: 100) { nodes { id } } } }").status == 200
