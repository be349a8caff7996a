"""The search of GitHub, as far as qualifiers go; of what it finds it shows the first 1,000."""

import re
import shlex
from collections.abc import Callable, Iterator
from datetime import timedelta

from tests.github.clock import moment, stamp
from tests.github.world import Item, World

CAP = 1000
_TIMES = {
    "created": "createdAt",
    "updated": "updatedAt",
    "closed": "closedAt",
    "merged": "mergedAt",
    "pushed": "pushedAt",
}


def find(world: World, text: str, kind: str) -> tuple[list[Item], int]:
    """(what it shows, how many there are) of kind ISSUE or REPOSITORY, newest first unless `sort:` says else."""
    terms = [_term(word) for word in shlex.split(text.replace("'", " "))]
    pool = (
        list(_issues(world, terms)) if kind == "ISSUE" else [r for r in world.repositories.values() if not r["_state"]]
    )
    found = [item for item in pool if all(_matches(item, name, value) is not negated for name, value, negated in terms)]
    sort = next((value for name, value, _ in terms if name == "sort"), "created-desc")
    name, _, direction = sort.partition("-")
    found.sort(key=lambda item: (item[_TIMES.get(name, "createdAt")] or "", item["_id"]), reverse=direction != "asc")
    return found[:CAP], len(found)


def _term(word: str) -> tuple[str, str, bool]:
    """(name, value, is negated)."""
    name, colon, value = word.lstrip("-").partition(":")
    return (name.lower(), value, word.startswith("-")) if colon else ("", word, False)


def _issues(world: World, terms: list[tuple[str, str, bool]]) -> Iterator[Item]:
    named = [value.lower() for name, value, negated in terms if name == "repo" and not negated]
    places = [world.names.get(v) or world.moved.get(v) for v in named] if named else list(world.repositories.values())
    for repository in places:
        if repository is not None and not repository["_state"]:
            yield from repository["_issues"].values()
            yield from repository["_pulls"].values()


def _matches(item: Item, name: str, value: str) -> bool:
    if name in _TIMES:
        return in_range(item.get(_TIMES[name]), value)
    if name not in _TESTS:
        raise ValueError(f"the local search has no qualifier {name!r}")
    return _TESTS[name](item, value.lower())


def _repository(item: Item) -> Item:
    found: Item = item.get("repository") or item
    return found


def _flag(name: str) -> Callable[[Item, str], bool]:
    return lambda item, value: value == "only" or _repository(item)[name] is (value == "true")


def _author(item: Item, value: str) -> bool:
    login = (item["author"] or {}).get("login", "ghost").lower()
    return value in {login, f"app/{login}"}


_TESTS: dict[str, Callable[[Item, str], bool]] = {
    "": lambda item, value: value in str(item.get("title") or item.get("name")).lower(),
    "in": lambda _item, _value: True,
    "sort": lambda _item, _value: True,
    "repo": lambda _item, _value: True,  # it chose where to look
    "is": lambda item, value: value in _states(item),
    "type": lambda item, value: value in _states(item),
    "state": lambda item, value: value in _states(item),
    "org": lambda item, value: _repository(item)["owner"]["login"].lower() == value,
    "user": lambda item, value: _repository(item)["owner"]["login"].lower() == value,
    "author": _author,
    "label": lambda item, value: any(label["name"].lower() == value for label in item["_labels"]),
    "topic": lambda item, value: any(topic["topic"]["name"] == value for topic in item["_topics"]),
    "archived": _flag("isArchived"),
    "template": _flag("isTemplate"),
    "fork": lambda item, value: value == "true" or _flag("isFork")(item, value),
}


def _states(item: Item) -> set[str]:
    kind = {"PullRequest": "pr", "Issue": "issue", "Repository": "repository"}[item["__typename"]]
    states = {kind, {"pr": "pull-request"}.get(kind, kind)}
    if kind == "repository":
        return states | {"private" if item["isPrivate"] else "public"}
    states.add("open" if item["state"] == "OPEN" else "closed")
    if kind == "pr":
        states.add("merged" if item["merged"] else "unmerged")
        states |= {"draft"} if item["isDraft"] else set()
    return states


def in_range(at: str | None, value: str) -> bool:
    """Whether a time is in `a..b`, `>=a`, `<b`, `*..b`, or a day; days are whole and UTC."""
    if at is None:
        return False
    low, dots, high = value.partition("..")
    if not dots:
        low, high = _ends(value)
    return (low == "*" or at >= _instant(low)) and (high == "*" or at <= _instant(high, end=True))


def _ends(value: str) -> tuple[str, str]:
    """A bound or a single day as a range with both ends in it."""
    match = re.match(r"(>=|<=|>|<)?(.*)", value)
    assert match is not None
    sign, bound = match.groups()
    if sign == ">":
        bound = stamp(moment(_instant(bound, end=True)) + timedelta(seconds=1))
    if sign == "<":
        bound = stamp(moment(_instant(bound)) - timedelta(seconds=1))
    return {">=": (bound, "*"), ">": (bound, "*"), "<=": ("*", bound), "<": ("*", bound)}.get(sign, (bound, bound))


def _instant(text: str, *, end: bool = False) -> str:
    if "T" not in text:
        return f"{text}T23:59:59Z" if end else f"{text}T00:00:00Z"
    at = moment(text)
    assert at.tzinfo is not None, "the local search wants a zone"
    return stamp(at)
