"""What moved in projects since a cursor: moving an issue in a project does not update the issue.

Looked at are the projects that are linked to the repository and those in which issues of it stood before. One that was
updated since is listed, a hundred items a request, and compared with where its issues stood: that finds what came, went
and moved, whether it is open or closed. An issue in a project that is neither is seen with the issue's next update.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from devhealth.connectors.github import paging
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.host import Place
from devhealth.connectors.github.issue_details import say_unread_projects
from devhealth.connectors.github.paging import Sizes
from devhealth.connectors.github.queries import query
from devhealth.errors import SourceForbidden, SourceNotFound
from devhealth.models.github_issue_pages import SETTLED, Project

_AT_ONCE = 100


def updates(client: Client, place: Place, known: Mapping[str, Project]) -> dict[str, str] | None:
    """`Project.at` of each project, empty for what may go on without a sign; None when they may not be read."""
    found: dict[str, str] = {}
    variables = {"owner": place.owner, "name": place.repository}
    try:
        for page in paging.pages(
            client, query("linked_projects"), variables, ("repository", "projectsV2"), Sizes(_AT_ONCE, 1)
        ):
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
    client: Client, repository: str, owner: str, known: Mapping[str, Project], now: Mapping[str, str]
) -> list[int]:
    """Numbers of the repository's issues that stand elsewhere than the cursor says."""
    found: set[int] = set()
    for project in {**known, **now}:
        before = known.get(project) or Project("")
        if project in now and now[project] == before.at != "":
            continue
        items = _items(client, project, repository, owner) if project in now else {}
        found |= {number for number in {**before.items, **items} if before.items.get(number) != items.get(number)}
    return sorted(found)


def second_of(text: str) -> int:
    """A time of GitHub as a number."""
    return int(datetime.fromisoformat(text).timestamp())


def _updates(page: Answer, nodes: list[Mapping[str, Any] | None]) -> dict[str, str]:
    found = {}
    for node in nodes:
        if node and "id" in node:
            is_settled = datetime.fromisoformat(node["updatedAt"]) <= page.at - SETTLED
            found[node["id"]] = f"{node['updatedAt']} {node['items']['totalCount']}" if is_settled else ""
    return found


def _items(client: Client, project: str, repository: str, owner: str) -> dict[int, int]:
    found: dict[int, int] = {}
    sizes = Sizes(_AT_ONCE, 1)
    try:
        for page in paging.pages(
            client, query("project_issues"), {"id": project}, ("node", "items"), sizes, owner=owner
        ):
            for item in page.data["node"]["items"]["nodes"]:
                content = item.get("content") if item and not item["isArchived"] else None
                if content and content.get("repository", {}).get("nameWithOwner") == repository:
                    found[content["number"]] = second_of(item["updatedAt"])
    except (SourceForbidden, SourceNotFound):  # as good as gone: its issues are read anew, and not found in it
        return {}
    return found
