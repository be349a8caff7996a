"""What a unit of target `prs` has to fetch: everything, what a window selects, or what the last run does not know.

Everything goes by time of update, the longest untouched first, so that nothing slips past while it is listed. The news
since a cursor are what was updated later, what was open then and is not any more, and what is open and was not known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from devhealth.connectors.github import paging, rest_pull_requests
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.host import Place
from devhealth.connectors.github.queries import query
from devhealth.connectors.github.searching import found_in
from devhealth.connectors.github.shared_lists import UNSHARED, SharedLists
from devhealth.errors import NotServed
from devhealth.models import github_pages
from devhealth.models.github_prs_pages import OVERLAP, PullRequestsCursor, PullRequestsState
from devhealth.models.observation import observed_at
from devhealth.models.unit import Window
from devhealth.transport.decoding import moment
from devhealth.transport.listing import Listing
from devhealth.transport.sizes import Sizes

SEARCHED = ("created", "merged", "closed")
"""What a window selects pull requests by."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A pull request as lists name it."""

    number: int
    id: str
    updated_at: datetime


def read_cursor(content: bytes | None) -> PullRequestsCursor | None:
    """The cursor of the last run; None when there is none, or one that cannot be read."""
    return github_pages.read_cursor(content, PullRequestsCursor)


def read_state(
    client: Client,
    place: Place,
    *,
    api: object,
    window: Window | None,
    cursor: PullRequestsCursor | None,
    shared: SharedLists = UNSHARED,
) -> PullRequestsState:
    """What is to be fetched of a window, or since a cursor, or at all.

    `shared` has what the windows of a backfill list together. Through GraphQL or, where that is not served or option
    `api` says so, REST.
    """
    if api != "rest":
        try:
            return _by_graphql(client, place, window, cursor)
        except NotServed:
            if api == "graphql":
                raise
    return _by_rest(client, place, window, cursor, shared)


def listed(client: Client, place: Place, direction: str, *, first: int = 100, after: str = "") -> Iterator[Answer]:
    """Pages of names by time of update, ASC or DESC."""
    variables = {"owner": place.owner, "name": place.repository, "direction": direction}
    path = ("repository", "pullRequests")
    return paging.pages(client, query("pull_requests_listed"), variables, path, Sizes(first, 1), after=after)


def names_in(nodes: list[Mapping[str, Any] | None]) -> list[Listed]:
    """The pull requests of such a page, of GraphQL or REST."""
    return [
        Listed(node["number"], node["id"] if "updatedAt" in node else "", updated_at(node)) for node in nodes if node
    ]


def updated_at(node: Mapping[str, Any]) -> datetime:
    """Of a pull request of GraphQL or REST."""
    return moment(node.get("updatedAt") or node["updated_at"])


def _by_graphql(
    client: Client, place: Place, window: Window | None, cursor: PullRequestsCursor | None
) -> PullRequestsState:
    fetched_at = observed_at()
    variables = {"owner": place.owner, "name": place.repository}
    open_now: dict[int, str] = {}
    answers = paging.pages(
        client, query("open_pull_requests"), variables, ("repository", "open"), Sizes(100, 1), owner=place.owner
    )
    first = None
    for answer in answers:
        first = first or answer
        if window:  # what is open is for the cursor of a run that leaves one
            break
        open_now |= {node["number"]: node["id"] for node in answer.data["repository"]["open"]["nodes"] if node}
    assert first is not None  # noqa: S101 - a list has a first page, or the client raises
    repository = first.data["repository"]
    state = PullRequestsState(
        fetched_at=fetched_at,
        at=first.at,
        host=place.api.host,
        repository=repository["nameWithOwner"],
        is_rest=False,
        total=repository["all"]["totalCount"],
        open=open_now,
        chosen=None,
    )
    if window:
        words = [f"repo:{state.repository} is:pr {what}" for what in SEARCHED]
        return msgspec.structs.replace(state, chosen=found_in(client, words, window, owner=place.owner))
    if cursor and all(cursor.open.values()):  # without their ids, of a cursor of REST, everything is read once more
        pages = (page.data["repository"]["pullRequests"] for page in listed(client, place, "DESC"))
        return _news(state, cursor, ((names_in(page["nodes"]), page["totalCount"]) for page in pages))
    return state


def _news(
    state: PullRequestsState, cursor: PullRequestsCursor, pages: Iterator[tuple[list[Listed], int | None]]
) -> PullRequestsState:
    chosen: dict[int, str] = {}
    recent: dict[int, datetime] = {}
    most = state.total
    for page, total in pages:
        most = max(most, total) if most is not None and total is not None else None
        for one in page:
            if not cursor.knows(one.number, one.updated_at):
                chosen[one.number] = one.id
            elif one.updated_at >= state.at - OVERLAP:
                recent[one.number] = one.updated_at
        if any(one.updated_at < cursor.until - OVERLAP for one in page):
            break
    chosen |= {number: node_id for number, node_id in cursor.open.items() if number not in state.open}
    chosen |= {number: node_id for number, node_id in state.open.items() if number not in cursor.open}
    return msgspec.structs.replace(state, chosen=chosen, recent=recent, most=most)


def _by_rest(
    client: Client, place: Place, window: Window | None, cursor: PullRequestsCursor | None, shared: SharedLists
) -> PullRequestsState:
    fetched_at = observed_at()
    repository = client.get(f"/repos/{place.name}")
    name = repository.data["full_name"]
    state = PullRequestsState(
        fetched_at=fetched_at,
        at=repository.at,
        host=place.api.host,
        repository=name,
        is_rest=True,
        total=None,
        open={},
        chosen=None,
    )
    newest_first = {"sort": "updated", "direction": "desc"}
    if window:
        chosen: dict[int, str] = {}
        for rows in _all_of_rest(client, name, shared):
            chosen |= {row["number"]: "" for row in rows if _is_within(row, window)}
        return msgspec.structs.replace(state, chosen=chosen)
    if cursor:
        opened = [page.data for page in rest_pull_requests.names(client, name, {"state": "open"})]
        state = msgspec.structs.replace(state, open={row["number"]: "" for rows in opened for row in rows})
        answers = rest_pull_requests.names(client, name, newest_first)
        return _news(state, cursor, ((names_in(page.data), None) for page in answers))
    return state


def _all_of_rest(client: Client, name: str, shared: SharedLists) -> Iterator[list[Mapping[str, Any]]]:
    after, listing = "", Listing(f"pull requests of {name}")
    while True:
        pages = rest_pull_requests.names(client, name, {"sort": "created", "direction": "asc"}, after=after)
        page = shared.page("pulls", after, partial(next, pages))
        if page is None:
            return
        rows = page.body
        yield rows
        after = page.next
        if not after:
            return
        listing.turn(after, (row["number"] for row in rows))


def _is_within(row: Mapping[str, Any], window: Window) -> bool:
    times = (moment(at) for at in (row.get(f"{what}_at") for what in SEARCHED) if at)
    return any(window.since <= at < window.before for at in times)
