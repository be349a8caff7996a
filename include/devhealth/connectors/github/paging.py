"""Lists of GraphQL to their ends: pages as large as GitHub can answer, and the rest of lists inside them.

A document asks for `$first` rows after `$after`, and for `$nested` rows of each list inside a row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.batches import combined
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.shapes import Place
from devhealth.errors import SourceError, TooMuchAsked
from devhealth.transport.listing import Listing, keys_of
from devhealth.transport.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Cut:
    """A list inside a node that goes on after a cursor."""

    id: str
    """Of the node."""
    after: str


def pages(
    client: Client,
    document: str,
    variables: Mapping[str, Any],
    path: Sequence[str],
    sizes: Sizes,
    *,
    after: str = "",
    owner: str = "",
) -> Iterator[Answer]:
    """The pages of the list at a path, to the last; the `next` of each is the cursor the following one starts after.

    Raises SourceNotFound or SourceForbidden where what the list stands in is not there or may not be read.
    """

    def question() -> tuple[str, dict[str, Any]]:
        return document, {**variables, "first": sizes.first, "nested": sizes.nested, "after": after or None}

    listing = Listing(f"{owner or variables.get('owner', '')} {'.'.join(path)}".strip())
    while True:
        sizes.heed(client.lessons)
        answer = _asked(client, question, sizes, owner)
        held = answer.require(*path)
        following = _end(held, after, ".".join(path))
        listing.turn(following, keys_of(held.get("nodes") or ()), held.get("totalCount"))
        yield replace(answer, next=following)
        if not following:
            return
        after = following


def cut_short(nodes: Iterable[Mapping[str, Any] | None], connection: str) -> list[Cut]:
    """The lists of that name which are longer than what the nodes hold of them. Each node has its `id`."""
    found = []
    for node in nodes:
        held = node.get(connection) if node else None
        if node and held and (following := _end(held, "", connection)):
            if not node.get("id"):
                raise SourceError(f"{connection}: expected the id of what a list that goes on belongs to, got none.")
            found.append(Cut(node["id"], following))
    return found


def rest_of(
    client: Client,
    document: str,
    cuts: Iterable[Cut],
    sizes: Sizes,
    variables: Mapping[str, Any] | None = None,
    *,
    owner: str = "",
) -> Iterator[Answer]:
    """What is left of these lists, to their ends: `sizes.first` lists a request, `sizes.nested` rows of each.

    The document asks for one of them: `node(id: $id)` with the `id` and the list of `$first` rows after `$after`. The
    `data` of an answer has a node under n0, n1, ...; null for one that is gone, which `Answer.errors` tells of.
    """
    waiting = list(cuts)
    listings: dict[str, Listing] = {}

    def question() -> tuple[str, dict[str, Any]]:
        batch = [{"id": cut.id, "after": cut.after} for cut in waiting[: sizes.first]]
        text, own = combined(document, batch)
        return text, {**(variables or {}), **own, "first": sizes.nested}

    while waiting:
        sizes.heed(client.lessons, is_rest=True)
        answer = _asked(client, question, sizes, owner)
        asked = [cut for number, cut in enumerate(waiting) if f"n{number}" in answer.data]
        if not asked:
            raise SourceError(f"{owner}: expected the rest of {len(waiting)} lists as n0, n1, ..., got none of it.")
        going_on = []
        for number, cut in enumerate(asked):
            node = answer.data[f"n{number}"]
            fields = node.values() if isinstance(node, dict) else ()
            held = next((one for one in fields if isinstance(one, dict) and "pageInfo" in one), None)
            if held and (following := _end(held, cut.after, cut.id)):
                rows = held.get("nodes")
                listing = listings.setdefault(cut.id, Listing(cut.id))
                listing.turn(following, keys_of(rows if isinstance(rows, list) else ()), held.get("totalCount"))
                going_on.append(Cut(cut.id, following))
        yield answer
        waiting = going_on + waiting[len(asked) :]


def _asked(client: Client, question: Callable[[], tuple[str, dict[str, Any]]], sizes: Sizes, owner: str) -> Answer:
    while True:
        document, variables = question()
        try:
            answer = client.query(document, variables, owner=owner, is_divisible=sizes.is_divisible)
        except TooMuchAsked:
            if not sizes.is_divisible:
                raise
            sizes.shrink()
        else:
            sizes.answered()
            return answer


def _end(connection: Mapping[str, Any], after: str, what: str) -> str:
    """The cursor a list goes on after; empty at its end."""
    try:
        info = msgspec.convert(connection.get("pageInfo"), Place)
    except msgspec.ValidationError as error:
        raise SourceError(f"{what}: whether the list goes on is not told: {error} (`pageInfo`).") from error
    if not info.has_next_page:
        return ""
    if not info.end_cursor or info.end_cursor == after:
        raise SourceError(f"GitHub says that {what} goes on, and not where. Run again; tell GitHub if it stays so.")
    return info.end_cursor
