"""Pages of GraphQL connections, with cursors that hold while the world changes."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

from tests.github.world import Item

Key = Callable[[Item], str]


def page(items: Sequence[Item], args: Item, *, key: Key | None = None, descending: bool = False, **more: Any) -> Item:
    """The connection over `items`.

    With `key` they are put into its order, and a cursor stands between values, as GitHub's do: what is changed while
    somebody pages moves, and nothing else is skipped or repeated. Without, a cursor remembers the item it stands on.
    """
    if key is not None:
        items = sorted(items, key=lambda item: (key(item), item["_id"]), reverse=descending)
    start, end = _bounds(items, args, key, descending=descending)
    total = len(items)
    window = items[start:end]

    def cursor(position: int) -> str:
        item = items[position]
        place = [key(item), item["_id"]] if key else [position, item.get("id", "")]
        return base64.b64encode(json.dumps(place).encode()).decode()

    return {
        "nodes": window,
        "totalCount": total,
        "edges": lambda: [{"cursor": cursor(start + i), "node": node} for i, node in enumerate(window)],
        "pageInfo": lambda: {
            "__typename": "PageInfo",
            "startCursor": cursor(start) if window else None,
            "endCursor": cursor(start + len(window) - 1) if window else None,
            "hasNextPage": end < total,
            "hasPreviousPage": start > 0,
        },
        **more,
    }


def _bounds(items: Sequence[Item], args: Item, key: Key | None, *, descending: bool) -> tuple[int, int]:
    start, end = 0, len(items)
    if args.get("after"):
        start = _place(items, args["after"], key, descending=descending, beyond=True)
    if args.get("before"):
        end = _place(items, args["before"], key, descending=descending, beyond=False)
    if args.get("first") is not None:
        end = min(end, start + args["first"])
    if args.get("last") is not None:
        start = max(start, end - args["last"])
    return start, max(start, end)


def _place(items: Sequence[Item], text: str, key: Key | None, *, descending: bool, beyond: bool) -> int:
    """Where the items after a cursor begin (`beyond`), or those before it end."""
    try:
        value, number = json.loads(base64.b64decode(text))
    except ValueError:
        raise GraphQLError(
            f"`{text}` does not appear to be a valid cursor.", extensions={"type": "INVALID_CURSOR_ARGUMENTS"}
        ) from None
    if key is not None:
        sign = -1 if descending else 1
        return sum(
            1 for item in items if _compare((key(item), item["_id"]), (value, number)) * sign < (1 if beyond else 0)
        )
    for position, item in enumerate(items):
        if item.get("id", "") == number and number:
            return position + 1 if beyond else position
    return min(value if number else value + 1, len(items)) if beyond else min(value, len(items))


def _compare(one: tuple[str, int], other: tuple[str, int]) -> int:
    return (one > other) - (one < other)
