"""What happens to the issues of a repository and in its projects: random changes, for tests of properties."""

from collections.abc import Callable
from random import Random

from tests.github import conversations, issues, life, projects, repositories
from tests.github.life import PEOPLE
from tests.github.world import Item, World

_LABELS = ("bug", "chore", "feature", "incident", "sev1")
_TYPES = ("", "Bug", "Task", "Feature", "Outage")
Act = Callable[[World, Item, Random], object]


def live(world: World, repository: Item, random: Random, *, may_end: bool = True) -> str:
    """Does one thing, some time after the last; returns what it was."""
    world.clock.advance(seconds=random.choice((0, 1, 60, 5000)))
    name = random.choice(sorted(_DEEDS))
    if name == "a pull request":
        return life.live(world, repository, random)
    known = list(repository["_issues"].values())
    if not known or name == "an issue" or (name in _ENDINGS and not may_end):
        labels = tuple(random.sample(_LABELS, random.choice((0, 0, 1, 2))))
        author, kind = random.choice(PEOPLE), random.choice(_TYPES)
        issues.create(world, repository, author=author, labels=labels, type_name=kind)
        return "an issue"
    _DEEDS[name](world, random.choice(known), random)
    return name


def _relabel(world: World, issue: Item, random: Random) -> None:
    name = random.choice(_LABELS)
    change = conversations.remove_label if name in [n["name"] for n in issue["_labels"]] else conversations.add_label
    change(world, issue, name, by=random.choice(PEOPLE))


def _reassign(world: World, issue: Item, random: Random) -> None:
    who = random.choice(PEOPLE[:3])
    change = conversations.unassign if who in [p["login"] for p in issue["_assignees"]] else conversations.assign
    change(world, issue, who, by=random.choice(PEOPLE))


def _plan(world: World, issue: Item, random: Random) -> None:
    title = random.choice(("v1", "v2", ""))
    known = issue["repository"]["_milestones"].values()
    found = next((one for one in known if one["title"] == title), None)
    if title and found is None:
        found = repositories.milestone(world, issue["repository"], title)
    if found is not issue["milestone"]:
        conversations.set_milestone(world, issue, found)


def _close_or_reopen(world: World, issue: Item, random: Random) -> None:
    if issue["state"] == "OPEN":
        conversations.close(world, issue, reason=random.choice(("COMPLETED", "NOT_PLANNED", "DUPLICATE")))
    else:
        conversations.reopen(world, issue)


def _nest(world: World, issue: Item, random: Random) -> None:
    if issue["parent"] is not None:
        issues.unnest(world, issue)
        return
    others = [one for one in issue["repository"]["_issues"].values() if one is not issue and one["parent"] is None]
    if others and not issue["_children"]:
        issues.nest(world, random.choice(others), issue)


def _board(world: World, random: Random) -> Item:
    known = world.accounts["acme"]["_projects"]
    if len(known) < 2:
        return projects.create(world, "acme", f"Board {len(known)}")
    found: Item = random.choice(known)
    return found


def _move(world: World, issue: Item, random: Random) -> None:
    board = _board(world, random)
    item = next((one for one in issue["_items"] if one["project"] is board), None)
    if item is None:
        projects.add(world, board, issue)
    elif random.random() < 0.2:
        projects.remove(world, item)
    elif random.random() < 0.3:
        projects.set_iteration(world, item, random.choice(("Sprint 1", "Sprint 2")), start="2024-05-01")
    elif random.random() < 0.2:
        projects.set_estimate(world, item, random.choice((1, 2, 3)))
    else:
        projects.set_status(world, item, random.choice(projects.STATUSES))


def _delete(world: World, issue: Item, _random: Random) -> None:
    _leave(world, issue)
    issues.delete(world, issue)


def _transfer(world: World, issue: Item, _random: Random) -> None:
    _leave(world, issue)
    other = world.names.get("acme/other") or repositories.create(world, "acme/other")
    issues.move(world, issue, other)


def _leave(world: World, issue: Item) -> None:
    for item in list(issue["_items"]):
        projects.remove(world, item)
    for one in list(issue["_children"]):
        issues.unnest(world, one)
    if issue["parent"] is not None:
        issues.unnest(world, issue)


_ENDINGS = {"deleting", "a transfer"}
_DEEDS: dict[str, Act] = {
    "an issue": lambda _world, _issue, _random: None,
    "a pull request": lambda _world, _issue, _random: None,
    "a comment": lambda world, issue, random: conversations.comment(world, issue, random.choice(PEOPLE)),
    "a label": _relabel,
    "another label": _relabel,
    "an assignee": _reassign,
    "a milestone": _plan,
    "a type": lambda world, issue, random: issues.set_type(world, issue, random.choice(_TYPES)),
    "closing": _close_or_reopen,
    "nesting": _nest,
    "a move": _move,
    "another move": _move,
    "deleting": _delete,
    "a transfer": _transfer,
}
