"""Projects (v2): what stands in which status and iteration. Moving something there does not update the issue."""

from typing import Any

from tests.github.accounts import Who, account, organization
from tests.github.repositories import When
from tests.github.world import Item, World, change

STATUSES = ("Todo", "In Progress", "In Review", "Done")


@change
def create(world: World, owner: str, title: str = "Roadmap", *, statuses: tuple[str, ...] = STATUSES) -> Item:
    """A project of an organisation, with the fields Status, Iteration and Estimate."""
    now = world.stamp()
    holder = organization(world, owner)
    item = world.new(
        "ProjectV2",
        {
            "number": len(holder["_projects"]) + 1,
            "title": title,
            "closed": False,
            "closedAt": None,
            "public": False,
            "creator": account(world, "ada"),
            "createdAt": now,
            "updatedAt": now,
            "url": f"https://github.com/orgs/{owner}/projects/{len(holder['_projects']) + 1}",
            "_items": [],
            "_fields": {},
        },
    )
    options = [{"id": f"{n:08x}", "name": name, "color": "GRAY", "description": ""} for n, name in enumerate(statuses)]
    _field(world, item, "Status", "ProjectV2SingleSelectField", "SINGLE_SELECT", _options=options)
    _field(world, item, "Iteration", "ProjectV2IterationField", "ITERATION", _iterations=[])
    _field(world, item, "Estimate", "ProjectV2Field", "NUMBER")
    holder["_projects"].append(item)
    return item


def _field(world: World, project: Item, name: str, kind: str, data: str, **more: Any) -> None:
    now = world.stamp()
    fields = {"name": name, "dataType": data, "project": project, "createdAt": now, "updatedAt": now, **more}
    project["_fields"][name] = world.new(kind, fields)


@change
def add(world: World, project: Item, content: Item | None, *, by: Who = "ada", at: When = None) -> Item:
    """An issue or pull request comes into the project, without a status yet; None: a draft issue."""
    now = world.stamp(at)
    kind = {"Issue": "ISSUE", "PullRequest": "PULL_REQUEST"}.get((content or {}).get("__typename", ""), "DRAFT_ISSUE")
    draft = {"title": "An idea", "body": "", "creator": account(world, by), "createdAt": now, "updatedAt": now}
    fields = {
        "content": content or world.new("DraftIssue", draft),
        "type": kind,
        "project": project,
        "creator": account(world, by),
        "isArchived": False,
        "createdAt": now,
        "updatedAt": now,
        "_values": {},
    }
    item = world.new("ProjectV2Item", fields)
    project["_items"].append(item)
    if content is not None:
        content["_items"].append(item)
        _happen(world, content, "AddedToProjectV2Event", by, now)
    return item


@change
def remove(world: World, item: Item, *, by: Who = "ada", at: When = None) -> None:
    item["project"]["_items"].remove(item)
    item["content"].get("_items", [item]).remove(item)
    world.forget(item)
    if "_timeline" in item["content"]:
        _happen(world, item["content"], "RemovedFromProjectV2Event", by, world.stamp(at))


@change
def set_status(world: World, item: Item, status: str, *, by: Who = "ada", at: When = None) -> None:
    """Move it to a status of the project."""
    field = item["project"]["_fields"]["Status"]
    option = next(o for o in field["_options"] if o["name"] == status)
    shown = {"name": status, "optionId": option["id"], "color": option["color"], "description": ""}
    _value(world, item, field, "ProjectV2ItemFieldSingleSelectValue", by, at, shown)
    if "_timeline" in item["content"]:
        _happen(world, item["content"], "ProjectV2ItemStatusChangedEvent", by, world.stamp(at))


@change
def set_iteration(
    world: World, item: Item, title: str, *, start: str, days: int = 14, by: Who = "ada", at: When = None
) -> None:
    """Put it into the iteration of that title, which begins on the day `start` (2024-05-01)."""
    field = item["project"]["_fields"]["Iteration"]
    known = next((i for i in field["_iterations"] if i["title"] == title), None)
    if known is None:
        known = {"id": f"{len(field['_iterations']):08x}", "title": title, "startDate": start, "duration": days}
        field["_iterations"].append(known)
    shown = {"iterationId": known["id"], **{name: known[name] for name in ("title", "startDate", "duration")}}
    _value(world, item, field, "ProjectV2ItemFieldIterationValue", by, at, shown)


@change
def set_estimate(world: World, item: Item, number: float, *, by: Who = "ada", at: When = None) -> None:
    _value(
        world,
        item,
        item["project"]["_fields"]["Estimate"],
        "ProjectV2ItemFieldNumberValue",
        by,
        at,
        {"number": float(number)},
    )


def _value(world: World, item: Item, field: Item, kind: str, by: Who, at: When, shown: Item) -> None:
    now = world.stamp(at)
    known = item["_values"].get(field["name"])
    if known is None:
        base = {"field": field, "item": item, "creator": account(world, by), "createdAt": now}
        known = item["_values"][field["name"]] = world.new(kind, base)
    known.update(shown, updatedAt=now)
    item["updatedAt"] = item["project"]["updatedAt"] = now


def _happen(world: World, content: Item, kind: str, by: Who, now: str) -> None:
    """Seen in the REST timeline only, and no update of the issue."""
    event = world.new(kind, {"createdAt": now, "actor": account(world, by), "_subject": content})
    content["_timeline"].append(event)
