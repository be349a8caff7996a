"""What GraphQL fields show that are not simply kept: (type, field) -> function of (world, item, arguments)."""

import re
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError

from tests.github import accounts, search
from tests.github.connections import page
from tests.github.world import Item, World

Field = Callable[[World, Item, Item], Any]
FIELDS: dict[tuple[str, str], Field] = {}


def field(*names: str) -> Callable[[Field], Field]:
    """Registers a function for `Type.field`s."""

    def register(function: Field) -> Field:
        for name in names:
            kind, _, short = name.partition(".")
            FIELDS[kind, short] = function
        return function

    return register


def refuse(kind: str, message: str) -> GraphQLError:
    """An error as GitHub answers it beside the data."""
    return GraphQLError(message, extensions={"type": kind})


def present(items: list[Item | None]) -> list[Item]:
    return [item for item in items if item is not None and not item.get("_deleted")]


# The root.


@field("Query.id")
def _query_id(_world: World, _item: Item, _args: Item) -> str:
    return "Q"


@field("Query.viewer")
def viewer(world: World, _item: Item, _args: Item) -> Item:
    """Whose token it is: always the same."""
    known: Item | None = world.accounts.get("reader")
    return known if known is not None else accounts.user(world, "reader")


@field("Query.repository")
def repository(world: World, _item: Item, args: Item) -> Item:
    name = f"{args['owner']}/{args['name']}"
    found = world.names.get(name.lower())
    if found is None and args.get("followRenames", True) is not False:
        found = world.moved.get(name.lower())
    return readable(found, f"a Repository with the name '{name}'")


def readable(found: Item | None, what: str) -> Item:
    """The repository, or the error that stands for it."""
    if found is None or found["_state"] == "hidden":
        raise refuse("NOT_FOUND", f"Could not resolve to {what}.")
    if found["_state"] == "blocked":
        raise refuse("FORBIDDEN", "Repository access blocked")
    if found["_state"] == "forbidden":
        raise refuse("FORBIDDEN", "Resource not accessible by personal access token")
    return found


@field("Query.node")
def node(world: World, _item: Item, args: Item) -> Item:
    found = world.nodes.get(args["id"])
    if found is None or found.get("_state") == "hidden":
        raise refuse("NOT_FOUND", f"Could not resolve to a node with the global id of '{args['id']}'")
    if found["__typename"] == "Repository":
        return readable(found, "it")
    if _belongs(found) is not None:
        readable(_belongs(found), f"a node with the global id of '{args['id']}'")
    return found


def _belongs(item: Item) -> Item | None:
    return item.get("repository") or (item.get("pullRequest") or {}).get("repository")


@field("Query.nodes")
def nodes(world: World, _item: Item, args: Item) -> list[Item | GraphQLError]:
    if len(args["ids"]) > 100:
        raise refuse("ARGUMENT_LIMIT", f"You may not provide more than 100 node ids; you provided {len(args['ids'])}.")
    found: list[Item | GraphQLError] = []
    for node_id in args["ids"]:
        try:
            found.append(node(world, {}, {"id": node_id}))
        except GraphQLError as error:
            found.append(error)
    return found


@field("Query.organization")
def organization(world: World, _item: Item, args: Item) -> Item:
    found = world.accounts.get(args["login"].lower())
    if found is None or found["__typename"] != "Organization":
        raise refuse("NOT_FOUND", f"Could not resolve to an Organization with the login of '{args['login']}'.")
    return found


@field("Query.user")
def user(world: World, _item: Item, args: Item) -> Item:
    found = world.accounts.get(args["login"].lower())
    if found is None or found["__typename"] != "User" or found.get("_suspended"):
        raise refuse("NOT_FOUND", f"Could not resolve to a User with the login of '{args['login']}'.")
    return found


@field("Query.repositoryOwner")
def owner(world: World, _item: Item, args: Item) -> Item | None:
    return world.accounts.get(args["login"].lower())


@field("Query.topic")
def topic(world: World, _item: Item, args: Item) -> Item | None:
    return next(
        (n for n in list(world.nodes.values()) if n["__typename"] == "Topic" and n["name"] == args["name"]), None
    )


@field("Query.search")
def searched(world: World, _item: Item, args: Item) -> Item:
    found, total = search.find(world, args["query"], args["type"])
    is_repositories = args["type"] == "REPOSITORY"
    counts = {"issueCount": 0 if is_repositories else total, "repositoryCount": total if is_repositories else 0}
    return page(found, args, **counts, userCount=0)


# Owners.


@field("Organization.repositories", "User.repositories")
def repositories_of(world: World, item: Item, args: Item) -> Item:
    found = [
        r
        for r in world.repositories.values()
        if r["owner"] is item
        and r["_state"] != "hidden"
        and (args.get("isArchived") is None or r["isArchived"] == args["isArchived"])
        and (args.get("isFork") is None or r["isFork"] == args["isFork"])
    ]
    return ordered(found, args)


@field("Organization.repository", "User.repository")
def repository_of(world: World, item: Item, args: Item) -> Item:
    return repository(world, {}, {"owner": item["login"], "name": args["name"]})


@field("Organization.team")
def team(_world: World, item: Item, args: Item) -> Item | None:
    return next((t for t in item["_teams"] if t["slug"] == args["slug"].lower()), None)


@field("Organization.teams")
def teams(_world: World, item: Item, args: Item) -> Item:
    return page([t for t in item["_teams"] if (args.get("query") or "") in t["slug"]], args)


@field("Team.repositories")
def team_repositories(world: World, item: Item, args: Item) -> Item:
    found = [r for r in item["_repositories"] if r["_id"] in world.repositories and r["_state"] != "hidden"]
    return ordered([r for r in found if (args.get("query") or "") in r["name"]], args)


@field("Team.members")
def members(_world: World, item: Item, args: Item) -> Item:
    connection = page(present(item["_members"]), args)
    edges = connection["edges"]
    return {**connection, "edges": lambda: [{**edge, "role": "MEMBER"} for edge in edges()]}


# Orders.

_ORDERS = {
    "UPDATED_AT": "updatedAt",
    "CREATED_AT": "createdAt",
    "PUSHED_AT": "pushedAt",
    "NAME": "name",
}


def ordered(items: list[Item], args: Item) -> Item:
    """The page in the order asked for; by creation if none is."""
    order = args.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    name = _ORDERS.get(order["field"])
    if name is None:
        return page(
            items,
            args,
            key=lambda item: f"{_measure(item, order['field']):09d}",
            descending=order["direction"] == "DESC",
        )
    return page(items, args, key=lambda item: str(item[name] or ""), descending=order["direction"] == "DESC")


def _measure(item: Item, name: str) -> int:
    return len(item["_comments"]) if name == "COMMENTS" else 0


def snake(name: str) -> str:
    """`ReadyForReviewEvent` as READY_FOR_REVIEW_EVENT."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
