"""Answers GraphQL queries from a world, with the rules GitHub has for them."""

import contextlib
import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    build_schema,
    parse,
    validate,
)

from tests.github import fields_conversation, fields_delivery, fields_repository  # noqa: F401 - they register their fields
from tests.github.costs import Cost, price
from tests.github.execution import Execution, Resolve
from tests.github.fields import FIELDS
from tests.github.world import Item, World


@dataclass(frozen=True)
class Allowance:
    """What `rateLimit` shows; costs are counted by the server."""

    limit: int
    remaining: int
    used: int
    reset_at: str


@functools.cache
def schema() -> GraphQLSchema:
    built = build_schema((Path(__file__).parent / "schema.graphql").read_text())
    for kind in built.type_map.values():
        if hasattr(kind, "resolve_type"):
            kind.resolve_type = lambda value, _info, _kind: value["__typename"]
    return built


@functools.cache
def document(text: str) -> DocumentNode | list[GraphQLError]:
    """The parsed query, or what is wrong with it."""
    try:
        parsed = parse(text)
    except GraphQLSyntaxError as error:
        return [error]
    return validate(schema(), parsed) or parsed


def cost(text: str, variables: Item) -> Cost | list[Item]:
    """What the query costs, or the errors it is refused with."""
    parsed = document(text)
    if isinstance(parsed, list):
        return [{"message": error.message, "locations": _locations(error)} for error in parsed]
    return price(schema(), parsed, variables)


def operation(body: bytes) -> str:
    """The name of the operation a request sends; empty when it has none."""
    with contextlib.suppress(ValueError, KeyError):
        match = re.search(r"\bquery\s+(\w+)", json.loads(body)["query"])
        return match[1] if match else ""
    return ""


def answer(world: World, text: str, variables: Item, limits: Allowance, spent: Cost) -> Item:
    """The whole body of the answer to a query that has a price."""
    parsed = document(text)
    assert not isinstance(parsed, list)
    execution = Execution(schema(), parsed, variables, resolver(world, limits, spent))
    body: Item = {"data": execution.run()}
    if execution.errors:
        body["errors"] = [shown(error) for error in execution.errors]
    return body


def shown(error: GraphQLError) -> Item:
    """An error in the form GitHub gives it: the type beside the message."""
    kind = (error.extensions or {}).get("type")
    head = {"type": kind} if kind else {}
    return {**head, "path": error.path, "locations": _locations(error), "message": error.message}


def _locations(error: GraphQLError) -> list[Item]:
    return [{"line": place.line, "column": place.column} for place in error.locations or []]


def resolver(world: World, limits: Allowance, spent: Cost) -> Resolve:
    """How fields are read from the world."""

    def resolve(kind: str, name: str, item: Item, args: Item) -> Any:
        compute = FIELDS.get((kind, name))
        if compute is not None:
            value = compute(world, item, args)
        elif name == "rateLimit":
            value = _rate_limit(limits, spent)
        else:
            value = item.get(name)
            if callable(value):
                value = value()
        return None if isinstance(value, dict) and value.get("_deleted") else value

    return resolve


def _rate_limit(limits: Allowance, spent: Cost) -> Item:
    return {
        "cost": spent.points,
        "nodeCount": spent.nodes,
        "limit": limits.limit,
        "remaining": limits.remaining,
        "used": limits.used,
        "resetAt": limits.reset_at,
    }
