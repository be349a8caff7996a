"""Issues: opening, nesting, moving. Their conversation is in `conversations`."""

from tests.github.accounts import Who
from tests.github.conversations import add_label, begin, happen
from tests.github.repositories import When, next_number
from tests.github.world import Item, World, change


@change
def create(
    world: World,
    repository: Item,
    *,
    author: Who = "ada",
    title: str = "Something is wrong",
    body: str = "",
    labels: tuple[str, ...] = (),
    type_name: str = "",
    number: int = 0,
    issue_id: int | None = None,
    at: When = None,
) -> Item:
    """An open issue. Its type (Bug, Feature, ...) shows in REST only: the GraphQL we serve has none."""
    born = begin(world, repository, "Issue", author=author, title=title, body=body, number=number, at=at)
    own = {"stateReason": None, "parent": None, "_children": [], "_type": type_name, "_closed_by": []}
    item = world.new("Issue", {**born, **own}, number=issue_id)
    repository["_issues"][item["number"]] = item
    for name in labels:
        add_label(world, item, name, by=author, at=at)
    return item


@change
def set_type(world: World, issue: Item, name: str, *, by: Who = "ada", at: When = None) -> None:
    """Give it a type, another one, or with "" none."""
    before, issue["_type"] = issue["_type"], name
    kind = "Changed" if before and name else "Added" if name else "Removed"
    happen(world, issue, f"IssueType{kind}Event", by=by, at=at)


@change
def nest(world: World, parent: Item, child: Item, *, by: Who = "ada", at: When = None) -> None:
    """Make one issue a sub-issue of another; both are updated."""
    child["parent"] = parent
    parent["_children"].append(child)
    happen(world, child, "ParentIssueAddedEvent", by=by, at=at, parent=parent)
    happen(world, parent, "SubIssueAddedEvent", by=by, at=at, subIssue=child)


@change
def unnest(world: World, child: Item, *, by: Who = "ada", at: When = None) -> None:
    parent, child["parent"] = child["parent"], None
    parent["_children"].remove(child)
    happen(world, child, "ParentIssueRemovedEvent", by=by, at=at, parent=parent)
    happen(world, parent, "SubIssueRemovedEvent", by=by, at=at, subIssue=child)


@change
def move(world: World, issue: Item, target: Item, *, by: Who = "ada", at: When = None) -> Item:
    """Transfer it to another repository: it is gone from the old one, and has a new number and node there."""
    source = issue["repository"]
    del source["_issues"][issue["number"]]
    world.forget(issue)
    number = next_number(target)
    fields = {key: value for key, value in issue.items() if key not in {"_id", "id", "databaseId", "fullDatabaseId"}}
    moved = world.new("Issue", {**fields, "number": number, "repository": target})
    target["_issues"][number] = moved
    world.moved_issues[source["_id"], issue["number"]] = moved
    happen(world, moved, "TransferredEvent", by=by, at=at, fromRepository=source, issue=moved)
    return moved


@change
def delete(world: World, issue: Item) -> None:
    """Nothing is left of it (REST says 410)."""
    del issue["repository"]["_issues"][issue["number"]]
    issue["repository"].setdefault("_deleted_issues", set()).add(issue["number"])
    world.forget(issue)
