"""The search of GitHub, as far as qualifiers go; of what it finds it shows the first 1,000."""

import re
import shlex
from collections.abc import Iterator

from tests.github.clock import moment
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
    found = [item for item in pool if all(_holds(item, *term) for term in terms)]
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


def _holds(item: Item, name: str, value: str, negated: bool) -> bool:
    return _matches(item, name, value) is not negated


def _matches(item: Item, name: str, value: str) -> bool:
    if name in {"sort", "repo"}:
        return True
    if name in _TIMES:
        return _in_range(item.get(_TIMES[name]), value)
    if name in {"is", "type", "state"}:
        return value.lower() in _states(item)
    if name in {"org", "user"}:
        return str((item.get("repository") or item)["owner"]["login"]).lower() == value.lower()
    if name == "author":
        login = (item["author"] or {}).get("login", "ghost").lower()
        return value.lower() in {login, f"app/{login}"}
    if name == "label":
        return any(label["name"].lower() == value.lower() for label in item["_labels"])
    if name == "topic":
        return any(topic["topic"]["name"] == value for topic in item["_topics"])
    if name in {"archived", "fork", "template"}:
        repository = item.get("repository") or item
        flag = {"archived": "isArchived", "fork": "isFork", "template": "isTemplate"}[name]
        return value == "only" or repository[flag] is (value == "true") or (name == "fork" and value == "true")
    if name in {"", "in"}:
        return name == "in" or value.lower() in str(item.get("title") or item.get("name")).lower()
    raise ValueError(f"the local search has no qualifier {name!r}")


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


def _in_range(at: str | None, value: str) -> bool:
    """A qualifier of time: `a..b`, `>=a`, `<b`, `*..b`, or a day; days are whole and UTC."""
    if at is None:
        return False
    if ".." in value:
        low, _, high = value.partition("..")
        return (low == "*" or at >= _instant(low)) and (high == "*" or at <= _instant(high, end=True))
    match = re.match(r"(>=|<=|>|<)?(.*)", value)
    assert match is not None
    sign, bound = match.groups()
    if sign == ">=":
        return at >= _instant(bound)
    if sign == ">":
        return at > _instant(bound, end=True)
    if sign == "<=":
        return at <= _instant(bound, end=True)
    if sign == "<":
        return at < _instant(bound)
    return _instant(bound) <= at <= _instant(bound, end=True)


def _instant(text: str, *, end: bool = False) -> str:
    from tests.github.clock import stamp

    if "T" not in text:
        return f"{text}T23:59:59Z" if end else f"{text}T00:00:00Z"
    at = moment(text)
    assert at.tzinfo is not None, "the local search wants a zone"
    return stamp(at)
