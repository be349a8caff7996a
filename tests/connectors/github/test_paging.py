"""Lists of GraphQL to their ends, in pages as large as the server can answer."""

import pytest
from graphql import build_schema, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.batches import combined
from devhealth.connectors.github.paging import Cut, cut_short, pages, rest_of
from devhealth.errors import SourceError, SourceNotFound, TooMuchAsked
from devhealth.transport.sizes import Lessons, Sizes

PULLS = "query($owner: String!, $first: Int!, $nested: Int!, $after: String) { repository(owner: $owner) { id } }"
REVIEWS = """query($id: ID!, $first: Int!, $after: String) {
  node(id: $id) { ... on PullRequest { id reviews(first: $first, after: $after) { nodes { ...R } pageInfo { endCursor
  hasNextPage } } } }
  rateLimit { cost }
}
fragment R on Review { id }
"""
SCHEMA = build_schema(
    """
    interface Node { id: ID! }
    type Query { node(id: ID!): Node rateLimit: RateLimit }
    type RateLimit { cost: Int! }
    type PullRequest implements Node { id: ID! reviews(first: Int!, after: String): Reviews }
    type Reviews { nodes: [Review!] pageInfo: PageInfo! }
    type Review { id: ID! }
    type PageInfo { endCursor: String hasNextPage: Boolean! }
    """
)


class Lists:
    """GitHub with lists of given lengths, which gives up above a number of nodes."""

    def __init__(self, lengths: dict[str, int], heaviest: int = 10_000) -> None:
        self.lengths, self.heaviest, self.asked, self.lessons = lengths, heaviest, [], Lessons()

    def query(self, document, variables, *, owner="", is_divisible=False) -> Answer:
        self.asked.append(variables)
        if "id0" in variables:
            count = sum(name.startswith("id") for name in variables)
            self._check(count * variables["first"])
            data = {
                f"n{one}": self._node(variables[f"id{one}"], variables["first"], variables[f"after{one}"])
                for one in range(count)
            }
            return Answer(200, _json({"data": data}), None, is_graphql=True)
        self._check(variables["first"] * (1 + variables["nested"]))
        held = self._page("pulls", variables["first"], variables["after"])
        return Answer(200, _json({"data": {"repository": {"pullRequests": held}}}), None, is_graphql=True)

    def _check(self, nodes: int) -> None:
        if nodes > self.heaviest:
            raise TooMuchAsked(f"{nodes} nodes")

    def _node(self, name, first, after):
        return {"id": name, "reviews": self._page(name, first, after)} if name in self.lengths else None

    def _page(self, name, first, after):
        start = int(after or 0)
        end = min(start + first, self.lengths[name])
        nodes = [{"id": f"{name}-{number}"} for number in range(start, end)]
        return {"nodes": nodes, "pageInfo": {"hasNextPage": end < self.lengths[name], "endCursor": str(end)}}


def _json(value) -> bytes:
    import msgspec

    return msgspec.json.encode(value)


def ids_of(answers) -> list[str]:
    return [node["id"] for one in answers for node in one.data["repository"]["pullRequests"]["nodes"]]


@given(st.integers(0, 300), st.integers(1, 100), st.integers(1, 20), st.integers(2, 500))
def test_no_row_is_lost_or_doubled_whatever_the_server_can_answer(length, first, nested, heaviest):
    lists, sizes = Lists({"pulls": length}, heaviest), Sizes(first, nested)
    answers = list(pages(lists, PULLS, {"owner": "acme"}, ("repository", "pullRequests"), sizes))
    assert ids_of(answers) == [f"pulls-{number}" for number in range(length)]
    assert answers[-1].next == ""
    assert all(1 <= one["first"] <= first and 1 <= one["nested"] <= nested for one in lists.asked)


def test_pages_shrink_at_once_and_grow_slowly():
    lists, sizes = Lists({"pulls": 1_000}, 300), Sizes(100, 9)
    list(pages(lists, PULLS, {}, ("repository", "pullRequests"), sizes))
    asked = [one["first"] for one in lists.asked]
    assert asked[:4] == [100, 50, 25, 25]
    assert asked.count(50) <= 4, "a size that was too much is not tried again and again"


def test_what_was_too_much_once_is_not_asked_for_by_the_next_page_or_list():
    lists, path = (
        Lists({"pulls": 120, **{f"r{number}": 40 for number in range(30)}}, 18),
        ("repository", "pullRequests"),
    )
    after = "0"
    while after:  # each page by itself, as a target that is resumed asks for it
        after = next(pages(lists, PULLS, {}, path, Sizes(100, 1), after=after)).next
    refused = [one for one in lists.asked if one["first"] * (1 + one.get("nested", 0)) > 18]
    assert len(refused) <= 5, "four while the size is found, and one when it grows again"
    seen = len(lists.asked)
    list(pages(lists, PULLS, {}, path, Sizes(34, 2)))
    assert lists.asked[seen]["first"] <= 12
    list(rest_of(lists, REVIEWS, [Cut(f"r{number}", "10") for number in range(30)], Sizes(20, 100)))
    sizes = Sizes(100, 1)
    sizes.heed(lists.lessons)
    assert sizes.first > 2, "rows with lists inside say nothing about plain ones"


def test_lists_inside_one_row_are_halved_when_the_row_is_too_much():
    sizes = Sizes(2, 8)
    steps = []
    while sizes.is_divisible:
        sizes.shrink()
        steps.append((sizes.first, sizes.nested))
    assert steps == [(1, 8), (1, 4), (1, 2), (1, 1)]
    for _ in range(1_000):
        sizes.answered()
    assert (sizes.first, sizes.nested) == (2, 8)


def test_smallest_question_that_is_too_much_is_an_error():
    with pytest.raises(TooMuchAsked):
        list(pages(Lists({"pulls": 3}, 1), PULLS, {}, ("repository", "pullRequests"), Sizes(4, 4)))


def test_list_goes_on_after_a_cursor():
    answers = pages(Lists({"pulls": 9}), PULLS, {}, ("repository", "pullRequests"), Sizes(4, 1), after="4")
    assert ids_of(answers) == [f"pulls-{number}" for number in range(4, 9)]


def test_list_of_a_repository_that_is_gone_is_no_empty_list():
    class Gone:
        lessons = Lessons()

        def query(self, *question, **options):
            errors = ()
            return Answer(200, b'{"data": {"repository": null}}', None, is_graphql=True, errors=errors)

    with pytest.raises(SourceNotFound):
        list(pages(Gone(), PULLS, {}, ("repository", "pullRequests"), Sizes()))


def test_cursor_that_stands_still_is_no_endless_loop():
    class Stuck(Lists):
        def _page(self, *question):
            return {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "4"}}

    with pytest.raises(SourceError, match=r"repository\.pullRequests goes on, and not where"):
        list(pages(Stuck({}), PULLS, {}, ("repository", "pullRequests"), Sizes()))


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 5), st.integers(1, 7), st.integers(1, 40))
def test_rest_of_every_list_is_fetched_in_batches(lengths, batch, rows, heaviest):
    lists = Lists({f"P{number}": length for number, length in enumerate(lengths)}, heaviest)
    held = 5
    nodes = [{"id": name, "reviews": lists._page(name, held, None)} for name in lists.lengths]
    answers = rest_of(lists, REVIEWS, cut_short(nodes, "reviews"), Sizes(batch, rows))
    found = [review["id"] for one in answers for node in one.data.values() for review in node["reviews"]["nodes"]]
    assert sorted(found) == sorted(f"{name}-{one}" for name, many in lists.lengths.items() for one in range(held, many))


def test_node_that_is_gone_ends_its_list_and_leaves_the_others():
    lists = Lists({"P1": 30})
    cuts = [Cut("P0", "10"), Cut("P1", "10")]
    found = [node for one in rest_of(lists, REVIEWS, cuts, Sizes(25, 10)) for node in one.data.values()]
    assert [node and len(node["reviews"]["nodes"]) for node in found] == [None, 10, 10]


def test_batched_document_is_valid_and_asks_for_each():
    document, variables = combined(REVIEWS, [{"id": "P1", "after": "a"}, {"id": "P2", "after": None}])
    assert variables == {"id0": "P1", "after0": "a", "id1": "P2", "after1": None}
    assert validate(SCHEMA, parse(document)) == []
    assert document.count("rateLimit") == 1
