"""Rules that find repositories, looked up at each plan on the host the credential is for.

    org:acme             all repositories of an organisation; user:ada, of a person
    team:acme/platform   those a team has access to
    topic:acme/payments  those of an owner that carry a topic
    acme/shop-*          those of an owner whose name matches; `*`, `?`, `[ab]` and `{one,other}`

Archived repositories, forks and templates are left out unless the options say otherwise. The listing tells of each
repository what a survey would, so finding a thousand costs ten requests and looking for news in them none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wcmatch import glob

from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client, open_client
from devhealth.connectors.github.host import default_host, place_of
from devhealth.connectors.github.marks import lacks_projects, place_named, surveyed
from devhealth.connectors.github.queries import query
from devhealth.errors import InputError, NotServed, SourceError, SourceForbidden, SourceNotFound, TooMuchAsked
from devhealth.models.source import Surveyed
from devhealth.settings import Settings
from devhealth.transport.listing import Listing, keys_of

IS_LOCAL = False

_FLAGS = glob.BRACE | glob.IGNORECASE
_KINDS = ("org", "user", "team", "topic")
_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_RULE = re.compile(rf"(?P<kind>{'|'.join(_KINDS)}):(?P<owner>{_LOGIN})(?:/(?P<rest>[\w.-]+))?")
_GLOB = re.compile(rf"(?P<owner>{_LOGIN})/(?P<rest>[^/]*[*?\[{{][^/]*)")
_TAKES_A_NAME = {"team", "topic"}
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """`kind` is org, user, team, topic or glob; `rest` the team, the topic or the pattern."""

    kind: str
    owner: str
    rest: str


def location_of(text: str, folder: Path) -> str:
    """The source as configurations keep it: acme/shop, or its URL. Raises InputError."""
    try:
        place_of(text, Settings(home=folder))
    except SourceNotFound as error:
        raise InputError(str(error)) from None
    return text


def rule_of(text: str, folder: Path) -> str:
    """The rule as configurations keep it. Raises InputError."""
    del folder
    _parsed(text)
    return text


def discover(rule: str, options: Mapping[str, object], settings: Settings) -> Mapping[str, Surveyed | None]:
    """The repositories that a rule finds, as acme/shop, with what the listing told of them; by name.

    Raises SourceNotFound for an owner or team that is not there, RateLimited, InputError.
    """
    parsed, api = _parsed(rule), default_host(settings)
    with open_client(settings, api, owner=parsed.owner) as client:
        found = {}
        for name, node, at in _listed(client, parsed, options):
            if _is_wanted(parsed, name, node, options):
                one = surveyed(name, place_named(api, name), node, at, options) if "databaseId" in node else None
                found[name] = one
    return dict(sorted(found.items()))


def _parsed(text: str) -> Rule:
    if match := _RULE.fullmatch(text):
        kind, owner, rest = match["kind"], match["owner"], match["rest"] or ""
        if bool(rest) == (kind in _TAKES_A_NAME):
            return Rule(kind, owner, rest)
    elif match := _GLOB.fullmatch(text):
        return Rule("glob", match["owner"], match["rest"])
    raise InputError(
        f"the rule {text!r} is not understood: expected org:OWNER, user:OWNER, team:OWNER/TEAM, topic:OWNER/TOPIC, or "
        "a glob of one owner's repositories such as acme/shop-*."
    )


def _listed(client: Client, rule: Rule, options: Mapping[str, object]) -> Iterator[tuple[str, Any, Any]]:
    """Name, node and GitHub's clock of each repository, wanted or not."""
    if options.get("api") != "rest":
        try:
            yield from _by_graphql(client, rule)
        except NotServed:
            pass
        else:
            return
    kind = "users" if rule.kind == "user" else "orgs"
    path = f"/orgs/{rule.owner}/teams/{rule.rest}/repos" if rule.kind == "team" else f"/{kind}/{rule.owner}/repos"
    for answer in client.pages(path):
        for node in answer.data:
            yield node["full_name"], node, answer.at


def _by_graphql(client: Client, rule: Rule) -> Iterator[tuple[str, Any, Any]]:
    variables: dict[str, Any] = {"login": rule.owner, "after": None}
    if rule.kind == "team":
        variables["team"] = rule.rest
    name, without, size = f"{'team' if rule.kind == 'team' else 'owner'}_repositories", "", _AT_ONCE
    listing = Listing(f"repositories of {rule.owner}")
    while True:
        try:
            answer = _asked(client, query(name, without=without), {**variables, "size": size}, is_whole=not without)
        except TooMuchAsked:
            if size == 1:
                raise
            size //= 2
            continue
        if answer is None:
            without = "project_marks"
            continue
        held = _repositories_in(answer, client, rule)
        for place, node in enumerate(held["nodes"]):
            if node is None:
                raise _unread(answer, rule, place)
            yield node["nameWithOwner"], node, answer.at
        if not held["pageInfo"]["hasNextPage"]:
            return
        variables["after"] = held["pageInfo"]["endCursor"]
        if not variables["after"]:
            raise SourceError(f"{client.api.host} says that the repositories of {rule.owner} go on, and not where.")
        listing.turn(variables["after"], keys_of(held["nodes"]))


def _repositories_in(answer: Answer, client: Client, rule: Rule) -> Mapping[str, Any]:
    owner = (answer.data.get("organization") or {} if rule.kind == "team" else answer.data).get("owner")
    if owner is None:
        raise _nobody(client, rule, [error.message for error in answer.errors])
    found: Mapping[str, Any] = owner["repositories"]
    return found


def _unread(answer: Answer, rule: Rule, place: int) -> NotServed | SourceForbidden:
    path: tuple[str | int, ...] = ("owner", "repositories", "nodes", place)
    path = ("organization", *path) if rule.kind == "team" else path
    if answer.error_below(*path):
        return NotServed(f"a list of a repository of {rule.owner} may not be read, so that GraphQL has none.")
    error = answer.error_at(*path)
    return SourceForbidden(f"a repository of {rule.owner} may not be read: {error.message if error else ''}")


def _asked(client: Client, text: str, variables: Mapping[str, Any], *, is_whole: bool) -> Answer | None:
    """None: projects, which a whole question asks for, may not be read."""
    try:
        answer = client.query(text, variables, is_divisible=variables["size"] > 1)
    except SourceForbidden:
        if not is_whole:
            raise
        return None
    return None if is_whole and lacks_projects(answer.errors) else answer


def _nobody(client: Client, rule: Rule, reasons: list[str]) -> SourceNotFound:
    what = f"the team {rule.rest} of {rule.owner}" if rule.kind == "team" else rule.owner
    said = f" ({reasons[0]})" if reasons else ""
    return SourceNotFound(
        f"{what} is not on {client.api.host}, or the credential may not see it{said}. Check the name and the token."
    )


def _is_wanted(rule: Rule, name: str, node: Mapping[str, Any], options: Mapping[str, object]) -> bool:
    """`node` is a repository as GraphQL or as REST has it."""
    is_of_kind = {
        "archived": node.get("isArchived", node.get("archived")),
        "forks": node.get("isFork", node.get("fork")),
        "templates": node.get("isTemplate", node.get("is_template")),
    }
    if any(is_it and not options.get(kind, False) for kind, is_it in is_of_kind.items()):
        return False
    if rule.kind == "glob":
        return glob.globmatch(name.partition("/")[2], rule.rest, flags=_FLAGS)
    return rule.kind != "topic" or rule.rest.lower() in _topics(node)


def _topics(node: Mapping[str, Any]) -> set[str]:
    if "topics" in node:
        return set(node["topics"])
    return {one["topic"]["name"] for one in (node.get("repositoryTopics") or {"nodes": ()})["nodes"]}
