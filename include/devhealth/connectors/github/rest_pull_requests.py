"""Pull requests through REST, where GraphQL is not served: six requests each, and more for longer lists.

Each page as (kind, when the pull request was asked for, answer).
Source: docs.github.com/rest/pulls
"""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.errors import SourceNotFound
from devhealth.models import github_prs_pages as kinds
from devhealth.models.observation import observed_at

MOST_COMMITS = 250
"""REST lists no more commits of a pull request, and does not say so."""


def names(client: Client, name: str, parameters: Mapping[str, Any], *, after: str = "") -> Iterator[Answer]:
    """Pages of the list of pull requests, thirty each."""
    return client.pages(f"/repos/{name}/pulls", {"state": "all", "per_page": 30, **parameters}, after=after)


def fetch(client: Client, name: str, number: int) -> Iterator[tuple[str, datetime, Answer | None]]:
    """The pull request and all of its lists; without an answer when it is not there any more."""
    path, fetched_at = f"/repos/{name}/pulls/{number}", observed_at()
    try:
        pull = client.get(path)
    except SourceNotFound:
        client.get(f"/repos/{name}")  # raises where all of the repository cannot be seen
        yield kinds.REST_GONE, fetched_at, None
        return
    yield kinds.REST_PULL, fetched_at, pull
    for kind, list_path in (
        (kinds.REST_REVIEWS, f"{path}/reviews"),
        (kinds.REST_LINE_COMMENTS, f"{path}/comments"),
        (kinds.REST_COMMENTS, f"/repos/{name}/issues/{number}/comments"),
        (kinds.REST_EVENTS, f"/repos/{name}/issues/{number}/events"),
        (kinds.REST_COMMITS, f"{path}/commits"),
    ):
        for answer in client.pages(list_path):
            yield kind, fetched_at, answer
            if kind == kinds.REST_REVIEWS:
                yield from _unpublished(client, path, fetched_at, answer.data)
    if pull.data.get("commits", 0) > MOST_COMMITS:
        base, head = (pull.data[side]["sha"] for side in ("base", "head"))
        with contextlib.suppress(
            SourceNotFound
        ):  # a base that was pushed over is gone; the row tells how many there are
            for answer in client.pages(f"/repos/{name}/compare/{base}...{head}"):
                yield kinds.REST_COMPARED, fetched_at, answer


def _unpublished(
    client: Client, path: str, fetched_at: datetime, reviews: list[Mapping[str, Any]]
) -> Iterator[tuple[str, datetime, Answer]]:
    """Comments of pending reviews, which stand in no other list."""
    for review in reviews:
        if review.get("state") == "PENDING":
            for answer in client.pages(f"{path}/reviews/{review['id']}/comments"):
                yield kinds.REST_LINE_COMMENTS, fetched_at, answer
