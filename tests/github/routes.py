"""Which function answers which REST path, and how lists are cut into pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlencode

from tests.github.messages import Reply, Request, problem
from tests.github.world import Item, World

Route = Callable[..., Reply]
ROUTES: list[tuple[re.Pattern[str], Route, bool]] = []
CAP = 1000


def route(pattern: str) -> Callable[[Route], Route]:
    """Registers a function of (world, request, the parts in braces) for a path.

    One that begins with /repos/{repository} answers under both forms of a repository's path, and gets the item. A part
    named `path` may have slashes.
    """

    def register(function: Route) -> Route:
        inside = pattern.startswith("/repos/{repository}")
        rest = pattern.removeprefix("/repos/{repository}") if inside else pattern
        digits = re.sub(r"\{(number|attempt|review)\}", r"(?P<\1>\\d+)", rest)
        whole = digits.replace("{path}", r"(?P<path>.+)")
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", whole)
        prefix = r"(?:/repos/(?P<_name>[^/]+/[^/]+)|/repositories/(?P<_id>\d+))" if inside else ""
        ROUTES.append((re.compile(f"{prefix}{expression}/?"), function, inside))
        return function

    return register


def answer(world: World, request: Request) -> Reply:
    """What REST says to a GET."""
    for pattern, function, inside in ROUTES:
        match = pattern.fullmatch(request.path)
        if match is None:
            continue
        parts = {name: unquote(value) for name, value in match.groupdict().items() if value and name[0] != "_"}
        if not inside:
            return function(world, request, **parts)
        found = _repository(world, request, match)
        return found if isinstance(found, Reply) else function(world, request, found, **parts)
    return problem(404, "Not Found")


def _repository(world: World, request: Request, match: re.Match[str]) -> Item | Reply:
    """The repository of a path, or why not: gone, blocked, forbidden, or moved to where its id leads."""
    name, number = match["_name"], match["_id"]
    item = world.names.get(unquote(name).lower()) if name else world.repositories.get(int(number))
    if item is None and name:
        item = world.moved.get(unquote(name).lower())
        if item is not None:
            rest = request.path.removeprefix(f"/repos/{name}")
            query = f"?{urlencode(request.query)}" if request.query else ""
            return moved(f"{request.api}/repositories/{item['_id']}{rest}{query}")
    if item is None or item["_state"] == "hidden":
        return problem(404, "Not Found")
    if item["_state"] == "blocked":
        reason = {"reason": "dmca", "created_at": item["updatedAt"], "html_url": "https://github.com/github/dmca"}
        return problem(451, "Repository access blocked", block=reason)
    if item["_state"] == "forbidden":
        return problem(403, "Resource not accessible by personal access token")
    return item


def moved(url: str) -> Reply:
    return replace(problem(301, "Moved Permanently", url=url), headers={"Location": url})


def listed(
    request: Request,
    items: Sequence[Item],
    show: Callable[[Item, str], Any],
    *,
    repository: Item | None = None,
    wrap: str = "",
    cap: int = 0,
    default: int = 30,
    more: Mapping[str, Any] | None = None,
) -> Reply:
    """One page of `items`: `per_page` up to 100, the `Link` to the others by the repository's id.

    `wrap` is the name of the list where the answer is an object with a total count; of `cap` items the rest is never
    shown, although counted.
    """
    size = min(100, max(1, request.number("per_page", default)))
    number = max(1, request.number("page", 1))
    reach = items[:cap] if cap else items
    shown = [show(item, request.api) for item in reach[(number - 1) * size : number * size]]
    body: Any = {"total_count": len(items), **(more or {}), wrap: shown} if wrap else shown
    link = _link(request, repository, number, -(-len(reach) // size))
    return Reply(body, headers={"Link": link} if link else {})


def _link(request: Request, repository: Item | None, number: int, last: int) -> str:
    path = request.path
    if repository is not None:
        path = re.sub(r"^/repos/[^/]+/[^/]+", f"/repositories/{repository['_id']}", path)
    pages = {"prev": min(number - 1, last), "next": number + 1, "last": last, "first": 1}
    wanted = ["prev"] * (number > 1) + ["next", "last"] * (number < last) + ["first"] * (number > 1)
    urls = {name: f"{request.api}{path}?{urlencode({**request.query, 'page': pages[name]})}" for name in wanted}
    return ", ".join(f'<{url}>; rel="{name}"' for name, url in urls.items())


def one(item: Item | None, show: Callable[[Item, str], Any], request: Request) -> Reply:
    """A single item, or 404."""
    return problem(404, "Not Found") if item is None else Reply(show(item, request.api))
