"""After anything that people do, GraphQL, REST and the world agree."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.github import graph
from tests.github.costs import Cost
from tests.github.life import live
from tests.github.messages import Request
from tests.github.routes import answer
from tests.github.shop import shop

SEEN = """{ repository(owner: "acme", name: "shop") { pullRequests(first: 100) { nodes {
  number title state isDraft createdAt updatedAt mergedAt closedAt additions deletions headRefOid author { login }
  labels(first: 50) { nodes { name } } commits(first: 100) { nodes { commit { oid } } }
  comments(first: 100) { nodes { fullDatabaseId updatedAt } } reviewDecision
  reviews(first: 100) { nodes { fullDatabaseId state submittedAt comments(first: 50) { totalCount } } }
  reviewThreads(first: 100) { nodes { comments(first: 50) { nodes { fullDatabaseId state replyTo { id } } } } }
  timelineItems(first: 100) { nodes { __typename } }
} } } }"""


@examples(30)
@given(st.integers(0, 10_000), st.integers(5, 60))
def test_graphql_and_rest_say_the_same(seed: int, deeds: int):
    random = Random(seed)
    world, repository = shop(2)
    for _ in range(deeds):
        live(world, repository, random)
    body = graph.answer(world, SEEN, {}, graph.Allowance(1, 1, 0, ""), Cost(points=1, nodes=1))
    assert "errors" not in body

    def rest(path: str) -> list[dict[str, object]]:
        query = {"per_page": "100", "state": "all"}
        return answer(world, Request("GET", f"/repos/acme/shop{path}", query, {}, b"", "", "")).body

    rows = {row["number"]: row for row in rest("/pulls")}
    for pull in body["data"]["repository"]["pullRequests"]["nodes"]:
        row, number = rows[pull["number"]], pull["number"]
        assert (row["updated_at"], row["merged_at"], row["closed_at"]) == (
            pull["updatedAt"], pull["mergedAt"], pull["closedAt"]
        )  # fmt: skip
        assert row["state"] == ("open" if pull["state"] == "OPEN" else "closed")
        assert pull["updatedAt"] == repository["_pulls"][number]["updatedAt"]
        assert [str(r["id"]) for r in rest(f"/pulls/{number}/reviews")] == _ids(pull["reviews"])
        assert [str(c["id"]) for c in rest(f"/issues/{number}/comments")] == _ids(pull["comments"])
        assert [c["sha"] for c in rest(f"/pulls/{number}/commits")] == [
            node["commit"]["oid"] for node in pull["commits"]["nodes"]
        ]
        said = [node for thread in pull["reviewThreads"]["nodes"] for node in thread["comments"]["nodes"]]
        submitted = sorted(node["fullDatabaseId"] for node in said if node["state"] == "SUBMITTED")
        assert sorted(str(c["id"]) for c in rest(f"/pulls/{number}/comments")) == submitted
        if pull["commits"]["nodes"]:
            assert pull["headRefOid"] == pull["commits"]["nodes"][-1]["commit"]["oid"]


def _ids(connection: dict[str, list[dict[str, str]]]) -> list[str]:
    return [node["fullDatabaseId"] for node in connection["nodes"]]
