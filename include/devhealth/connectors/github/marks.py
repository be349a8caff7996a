"""What one look at a repository tells: who it is, and by target a text that changes when something moved.

A mark holds counts and newest times, so that a deletion shows too. What GitHub does not tell at a glance, the runs of
workflows on other branches than the default one, is looked for once a day: the day is in their mark. The mark of
deployments holds the first ten of each list; where there are more, the rest is looked at once a week. The mark of work
items holds the projects that are linked to the repository, where they may be read, since moves there update no issue;
that of incidents the rule of the configuration, so that another rule is news.
Source: docs.github.com/graphql/reference/objects#repository
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from devhealth.connectors.github.answer import FieldError
from devhealth.connectors.github.host import ApiHost, Place
from devhealth.models.github_incidents_pages import rule_of
from devhealth.models.source import SourceIdentity, Surveyed

SHOWN = 10
"""Deployments, tags and releases that their mark tells of."""


def surveyed(
    location: str, place: Place, node: Mapping[str, Any], at: datetime, options: Mapping[str, object]
) -> Surveyed:
    """A repository from a node with the fields of the fragments `marks` and `project_marks`; `at` is GitHub's clock.

    One with no more than its name has no marks: each target is asked for news by itself.
    """
    marks = _marks(node, at, options) if "pullRequests" in node else {}
    return Surveyed(identity(location, place, node["databaseId"], node["nameWithOwner"]), marks)


def lacks_projects(errors: Iterable[FieldError]) -> bool:
    """Whether an answer is not whole because projects may not be read: it has to be asked for without them."""
    return any("projectsV2" in error.path for error in errors)


def identity(location: str, place: Place, database_id: int, name: str) -> SourceIdentity:
    """Who a repository is; one that was renamed or transferred goes by both names."""
    api = place.api
    aliases = dict.fromkeys((f"{api.host}/{name}".lower(), place.alias))
    return SourceIdentity(api.host, str(database_id), name, location, tuple(aliases))


def place_named(api: ApiHost, name: str) -> Place:
    """The repository that the host calls acme/shop."""
    owner, _, repository = name.partition("/")
    return Place(api, owner, repository)


def _marks(node: Mapping[str, Any], at: datetime, options: Mapping[str, object]) -> dict[str, str]:
    pushed = (
        node.get("pushedAt"),
        *(_count(node.get(name)) for name in ("branches", "tags")),
        node.get("defaultBranchRef"),
    )
    issues, rule = _newest(node.get("issues")), rule_of(options)
    said = {
        "git": (*pushed[:3], _default_branch(node)),
        "prs": _newest(node.get("pullRequests")),
        "work-items": (issues, _newest(node.get("projectsV2"))),
        "incidents": (issues, rule.labels, rule.types) if rule else (),
        "deployments": _deliveries(node, at),
        "cicd": (*pushed, f"{at:%Y-%m-%d}"),
    }
    return {target: json.dumps(mark, separators=(",", ":"), sort_keys=True) for target, mark in said.items()}


def _deliveries(node: Mapping[str, Any], at: datetime) -> list[Any]:
    lists = [_newest(node.get(name)) for name in ("deployments", "tags", "releases")]
    is_longer = any(found and found[0] > SHOWN for found in lists)
    return [*lists, f"{at:%G-W%V}" if is_longer else ""]


def _newest(connection: Mapping[str, Any] | None) -> list[Any]:
    """Null where the token may not read the list: then there is no news of it either."""
    return [connection["totalCount"], *connection["nodes"]] if connection else []


def _default_branch(node: Mapping[str, Any]) -> list[str] | None:
    branch = node.get("defaultBranchRef")
    return [branch["name"], branch["target"]["oid"]] if branch and branch.get("target") else None


def _count(connection: Mapping[str, Any] | None) -> int | None:
    return connection["totalCount"] if connection else None
