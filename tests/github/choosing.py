"""Which rows of a REST list are asked for, and in which order."""

from tests.github.clock import moment, stamp
from tests.github.messages import Request
from tests.github.world import Item

_TIMES = {"created": "createdAt", "updated": "updatedAt", "pushed": "pushedAt", "full_name": "nameWithOwner"}


def in_order(items: list[Item], request: Request, sort: str, direction: str = "desc") -> list[Item]:
    name = _TIMES.get(request.query.get("sort", sort), "createdAt")
    is_descending = request.query.get("direction", "asc" if name == "nameWithOwner" else direction) == "desc"
    return sorted(items, key=lambda item: (item[name] or "", item["_id"]), reverse=is_descending)


def in_state(items: list[Item], request: Request) -> list[Item]:
    wanted = request.query.get("state", "open")
    return items if wanted == "all" else [i for i in items if (i["state"] == "OPEN") is (wanted == "open")]


def since(items: list[Item], request: Request) -> list[Item]:
    since = request.query.get("since")
    return [item for item in items if item["updatedAt"] >= stamp(moment(since))] if since else items
