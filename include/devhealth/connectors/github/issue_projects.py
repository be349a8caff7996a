"""What moved in projects since a cursor: moving an issue in a project does not update the issue.

Looked at are the projects that are linked to the repository and those in which issues of it stood before. Where one was
updated since, it is listed, or all issues of the repository are, whichever is less, a hundred a request, and compared
with where the issues stood: that finds what came, went and moved, whether it is open or closed. An issue in a project
that is neither is seen with the issue's next update.
"""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from devhealth.connectors.github import paging
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.host import Place
from devhealth.connectors.github.issue_details import say_unread_projects
from devhealth.connectors.github.queries import query
from devhealth.errors import SourceForbidden, SourceNotFound
from devhealth.models.github_issue_pages import SETTLED, Project
from devhealth.transport.decoding import moment
from devhealth.transport.sizes import Sizes

_AT_ONCE = 100

Now = dict[str, tuple[str, int]]
"""Of each project `Project.at`, empty for what may change without a sign, and how many items it has."""
Places = dict[str, dict[int, int]]
"""Of each project the numbers of issues, and the second in which each was moved there."""


def updates(client: Client, place: Place, known: Mapping[str, Project]) -> Now | None:
    """What the projects are like now; None when they may not be read."""
    found: Now = {}
    variables = {"owner": place.owner, "name": place.repository}
    path = ("repository", "projectsV2")
    try:
        for page in paging.pages(client, query("linked_projects"), variables, path, Sizes(_AT_ONCE, 1)):
            found |= _updates(page, page.data["repository"]["projectsV2"]["nodes"])
        others = [project for project in known if project not in found]
        for first in range(0, len(others), _AT_ONCE):
            ids = others[first : first + _AT_ONCE]
            page = client.query(query("projects_by_id"), {"ids": ids}, owner=place.owner)
            found |= _updates(page, page.data["nodes"])
    except SourceForbidden as error:
        say_unread_projects(place.name, str(error))
        return None
    return found


def moved(
    client: Client, place: Place, repository: str, total: int, known: Mapping[str, Project], now: Now
) -> list[int]:
    """Numbers of the repository's issues, so many in all, that stand elsewhere than the cursor says."""
    before = {project: known.get(project) or Project("") for project in {**known, **now}}
    changed = {project for project, one in before.items() if not one.at or now.get(project, ("", 0))[0] != one.at}
    there = changed & now.keys()
    is_large = sum(now[project][1] for project in there) > total
    places = _of_issues(client, place) if is_large else _of_projects(client, there, repository, place.owner)
    found: set[int] = set()
    for project in changed:
        then, here = before[project].items, places.get(project, {}) if project in there else {}
        found |= {number for number in {**then, **here} if then.get(number) != here.get(number)}
    return sorted(found)


def second_of(text: str) -> int:
    """A time of GitHub as a number."""
    return int(moment(text).timestamp())


def _updates(page: Answer, nodes: list[Mapping[str, Any] | None]) -> Now:
    found: Now = {}
    for node in nodes:
        if node and node.get("id") and node.get("items") and node.get("updatedAt"):
            count = node["items"]["totalCount"]
            is_settled = moment(node["updatedAt"]) <= page.at - SETTLED
            found[node["id"]] = (f"{node['updatedAt']} {count}" if is_settled else "", count)
    return found


def _of_projects(client: Client, projects: Iterable[str], repository: str, owner: str) -> Places:
    found: Places = {}
    for project in projects:
        with contextlib.suppress(SourceForbidden, SourceNotFound):  # as good as gone: its issues are read anew
            found[project] = _of_project(client, project, repository, owner)
    return found


def _of_project(client: Client, project: str, repository: str, owner: str) -> dict[int, int]:
    found: dict[int, int] = {}
    path, sizes = ("node", "items"), Sizes(_AT_ONCE, 1)
    for page in paging.pages(client, query("project_issues"), {"id": project}, path, sizes, owner=owner):
        for item in page.data["node"]["items"]["nodes"]:
            content = item.get("content") if item and not item["isArchived"] else None
            if content and (content.get("repository") or {}).get("nameWithOwner") == repository:
                found[content["number"]] = second_of(item["updatedAt"])
    return found


def _of_issues(client: Client, place: Place) -> Places:
    """One that may not be read stands nowhere, and is read anew."""
    found: Places = {}
    variables, path = {"owner": place.owner, "name": place.repository}, ("repository", "issues")
    for page in paging.pages(client, query("issues_in_projects"), variables, path, Sizes(_AT_ONCE, 1)):
        for node in page.data["repository"]["issues"]["nodes"]:
            for item in ((node or {}).get("projectItems") or {"nodes": []})["nodes"]:
                if item and not item["isArchived"] and item.get("project"):
                    found.setdefault(item["project"]["id"], {})[node["number"]] = second_of(item["updatedAt"])
    return found
