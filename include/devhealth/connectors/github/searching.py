"""Issues and pull requests that a search finds, all of them: GitHub shows a thousand results of a search at most.

Source: docs.github.com/search-github/searching-on-github/searching-issues-and-pull-requests
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from devhealth.connectors.github import paging
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.queries import query
from devhealth.models.unit import Window
from devhealth.transport.listing import Share
from devhealth.transport.sizes import Sizes

MOST_RESULTS = 1_000
_SECOND = timedelta(seconds=1)


def found_in(client: Client, searches: Iterable[str], window: Window, *, owner: str) -> dict[int, str]:
    """Numbers and node ids of what any of the searches finds, each ending in the name of a time: `... created`.

    A window with more results than GitHub shows is cut in halves.
    """
    found: dict[int, str] = {}
    for search in searches:
        waiting: list[tuple[datetime, datetime, Share | None]] = [(window.since, window.before, None)]
        while waiting:
            since, before, share = waiting.pop()
            text = f"{search}:{_span(since, before)}"
            some = _found(client, text, owner, share, is_divisible=before - since > _SECOND)
            if isinstance(some, Share):
                middle = since + max((before - since) // 2 // _SECOND, 1) * _SECOND
                waiting += [(since, middle, some), (middle, before, some)]
            else:
                found |= some
    return found


def _found(client: Client, text: str, owner: str, share: Share | None, *, is_divisible: bool) -> dict[int, str] | Share:
    """What one search finds; of too much what its parts may find."""
    found: dict[int, str] = {}
    variables = {"query": text}
    for page in paging.pages(client, query("pull_requests_found"), variables, ("search",), Sizes(100, 1), owner=owner):
        count = page.data["search"]["issueCount"]
        if share:
            share.take(count, text)
            share = None
        if count > MOST_RESULTS and is_divisible:
            return Share(count)
        found |= {node["number"]: node["id"] for node in page.data["search"]["nodes"] if node and node.get("id")}
    return found


def _span(since: datetime, before: datetime) -> str:
    """Whole seconds, both ends included, as searches have them."""
    return f"{since:%Y-%m-%dT%H:%M:%SZ}..{before - _SECOND:%Y-%m-%dT%H:%M:%SZ}"
