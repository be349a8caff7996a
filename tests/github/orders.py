"""Changing the world of a server in another process: orders as JSON, to `/_orders`."""

import importlib
from typing import Any

from tests.github import faults
from tests.github.server import GitHubServer
from tests.github.world import Item

_MODULES = {"accounts", "repositories", "conversations", "pulls", "issues", "projects", "pipelines", "deployments"}


def obey(server: GitHubServer, order: Item) -> Any:
    """Calls what the order names and says the node id of what came of it, if anything did.

    `{"call": "pulls.merge", "on": ["acme/shop", 3], "arguments": {"by": "grace"}}` merges pull request 3; `on` is a
    repository's name and, for what it holds, a number, or a node id; without it the function gets the world alone.
    `{"call": "clock.advance", "arguments": {"minutes": 5}}` moves the clock, and
    `{"call": "faults.secondary", "arguments": {...}, "when": "graphql", "times": 2}` plans a fault.
    """
    where, _, name = order["call"].partition(".")
    arguments = order.get("arguments", {})
    if where == "clock":
        getattr(server.world.clock, name)(**arguments)
        return None
    if where == "faults":
        made = getattr(faults, name)(*order.get("path", []), **arguments)
        when = getattr(faults, order.get("when", "anything"))
        server.faults.add(made, when=when, times=order.get("times", 1), after=order.get("after", 0))
        return None
    if where not in _MODULES:
        raise ValueError(f"no orders for {where}")
    function = getattr(importlib.import_module(f"tests.github.{where}"), name)
    with server.world.lock:
        subjects = [_subject(server, order["on"])] if "on" in order else []
        done = function(server.world, *subjects, *order.get("values", []), **arguments)
    return done["id"] if isinstance(done, dict) else None


def _subject(server: GitHubServer, on: Any) -> Item:
    if isinstance(on, str):
        return server.world.names.get(on.lower()) or server.world.nodes[on]
    repository = server.world.repository(on[0])
    if len(on) == 1:
        return repository
    found: Item = repository["_pulls"].get(on[1]) or repository["_issues"][on[1]]
    return found
