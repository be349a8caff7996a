"""What was true of a repository's issues when a unit began: how many, what moved in projects, what a window selects.

Issues are listed through REST, which alone tells their types, a hundred a request; what happened to them comes through
GraphQL. Where that is not served, or the option `api` says so, everything comes through REST: without projects, a move
in one being told of with the issue's next update, and without knowing when a closed issue is deleted.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from devhealth.connectors.github import issue_projects
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.host import Place
from devhealth.connectors.github.queries import query
from devhealth.errors import NotServed, SourceError
from devhealth.models import github_pages
from devhealth.models.github_issue_pages import IssuesCursor, IssuesState
from devhealth.models.observation import observed_at
from devhealth.models.unit import Window
from devhealth.transport.listing import Share

SEARCHED = ("created", "closed")
"""What a window selects issues by."""
FULL = 900
"""Results of a search that are listed, of the thousand GitHub shows: some may come until they are."""

_SECOND = timedelta(seconds=1)


def read_cursor(content: bytes | None) -> IssuesCursor | None:
    """The cursor of the last run; None when there is none, or one that cannot be read."""
    return github_pages.read_cursor(content, IssuesCursor)


def read_state(
    client: Client, place: Place, *, api: object, window: Window | None, cursor: IssuesCursor | None
) -> IssuesState:
    """The state before a window, or what came since a cursor, or everything is read."""
    fetched_at = observed_at()
    answer = None if api == "rest" else _counted(client, place, is_required=api == "graphql")
    if answer is None:
        answer = client.get(f"/repos/{place.name}")
        state = _state(place, answer, answer.data["full_name"], fetched_at, is_rest=True)
    else:
        state = _state(place, answer, answer.require("repository", "nameWithOwner"), fetched_at)
        total, open_now = (answer.require("repository", name, "totalCount") for name in ("issues", "open"))
        newest = max((node["number"] for node in answer.data["repository"]["issues"]["nodes"] if node), default=0)
        state = msgspec.structs.replace(state, total=total, open=open_now, newest=newest)
    if window:
        return msgspec.structs.replace(state, searches=[*_searches(client, state.repository, window)])
    if state.is_rest:
        return state
    known = cursor.projects if cursor else {}
    now = issue_projects.updates(client, place, known)
    if now is None:
        return state
    moved = issue_projects.moved(client, place, state.repository, state.total or 0, known, now) if cursor else []
    return msgspec.structs.replace(state, projects={project: at for project, (at, _) in now.items()}, moved=moved)


def _counted(client: Client, place: Place, *, is_required: bool) -> Answer | None:
    try:
        return client.query(query("issues_counted"), {"owner": place.owner, "name": place.repository})
    except NotServed:
        if is_required:
            raise
        return None


def _state(
    place: Place, answer: Answer, repository: str, fetched_at: datetime, *, is_rest: bool = False
) -> IssuesState:
    return IssuesState(
        fetched_at=fetched_at,
        at=answer.at,
        host=place.api.host,
        repository=repository,
        is_rest=is_rest,
    )


def _searches(client: Client, repository: str, window: Window) -> Iterator[str]:
    """Texts that find what was opened or closed in the window, none of them too much."""
    for what in SEARCHED:
        waiting: list[tuple[datetime, datetime, Share | None]] = [(window.since, window.before, None)]
        while waiting:
            since, before, share = waiting.pop()
            text = (
                f"repo:{repository} is:issue {what}:{since:%Y-%m-%dT%H:%M:%SZ}..{before - _SECOND:%Y-%m-%dT%H:%M:%SZ}"
            )
            answer = client.get("/search/issues", {"q": text, "per_page": 1}).data
            if share:
                share.take(answer["total_count"], text)
            if answer["total_count"] <= FULL and not answer.get("incomplete_results"):
                if answer["total_count"]:
                    yield text
            elif before - since > _SECOND:
                middle = since + max((before - since) // 2 // _SECOND, 1) * _SECOND
                parts = Share(answer["total_count"])
                waiting += [(since, middle, parts), (middle, before, parts)]
            elif answer["total_count"] <= FULL:
                raise SourceError(f"GitHub cannot search {repository} in time. Sync again later.")
            else:
                yield text
