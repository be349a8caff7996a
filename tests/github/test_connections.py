"""Pages of connections hold every item once, whatever happens between them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.github import conversations, graph
from tests.github.connections import page
from tests.github.costs import Cost
from tests.github.shop import shop
from tests.github.world import Item, World

PULLS = """query ($first: Int, $after: String, $last: Int, $before: String, $direction: OrderDirection!) {
  repository(owner: "acme", name: "shop") {
    pullRequests(first: $first, after: $after, last: $last, before: $before,
                 orderBy: {field: UPDATED_AT, direction: $direction}) {
      totalCount pageInfo { hasNextPage endCursor hasPreviousPage startCursor } nodes { number }
    }
  }
}"""


def pulls_page(world: World, **variables: Any) -> Item:
    limits = graph.Allowance(5000, 5000, 0, "2024-05-01T10:00:00Z")
    body = graph.answer(world, PULLS, {"direction": "ASC", **variables}, limits, Cost(points=1, nodes=1))
    assert "errors" not in body
    connection: Item = body["data"]["repository"]["pullRequests"]
    return connection


def numbers(connection: Item) -> list[int]:
    return [node["number"] for node in connection["nodes"]]


@pytest.mark.parametrize(("direction", "expected"), [("ASC", [1, 2, 3, 4, 5, 6, 7]), ("DESC", [7, 6, 5, 4, 3, 2, 1])])
def test_forward_and_backward_pages_hold_everything_once(direction: str, expected: list[int]):
    world, _ = shop(7)
    forward: list[int] = []
    after = None
    while True:
        got = pulls_page(world, first=3, after=after, direction=direction)
        assert got["totalCount"] == 7
        assert got["pageInfo"]["hasPreviousPage"] is (after is not None)
        forward += numbers(got)
        after = got["pageInfo"]["endCursor"]
        if not got["pageInfo"]["hasNextPage"]:
            break
    assert forward == expected
    backward = pulls_page(world, last=3, direction=direction)
    assert numbers(backward) == expected[-3:]
    before = pulls_page(world, last=3, before=backward["pageInfo"]["startCursor"], direction=direction)
    assert numbers(before) == expected[1:4]


def test_what_changes_between_ascending_pages_comes_again_and_nothing_is_skipped():
    world, repository = shop(6)
    first = pulls_page(world, first=2)
    world.clock.advance(minutes=1)
    conversations.comment(world, repository["_pulls"][1], "grace")
    rest = pulls_page(world, first=100, after=first["pageInfo"]["endCursor"])
    assert (numbers(first), numbers(rest)) == ([1, 2], [3, 4, 5, 6, 1])


def test_a_cursor_outlives_the_item_it_stands_on():
    world, repository = shop(1)
    pull = repository["_pulls"][1]
    comments = [conversations.comment(world, pull, "grace", str(number)) for number in range(5)]
    first = page(pull["_comments"], {"first": 2})
    after = first["pageInfo"]()["endCursor"]
    conversations.delete_comment(world, comments[0])
    assert page(pull["_comments"], {"first": 9, "after": after})["nodes"] == comments[2:]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 5), st.booleans())
def test_equal_values_on_a_border_are_neither_lost_nor_doubled(values: list[str], size: int, descending: bool):  # noqa: FBT001
    items = [{"_id": number, "at": value} for number, value in enumerate(values)]
    seen: list[Item] = []
    after = None
    while True:
        got = page(items, {"first": size, "after": after}, key=lambda item: item["at"], descending=descending)
        seen += got["nodes"]
        info = got["pageInfo"]()
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert seen == sorted(items, key=lambda item: (item["at"], item["_id"]), reverse=descending)
