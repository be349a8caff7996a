"""What happens in a repository when people work: random changes, for tests of properties."""

from collections.abc import Callable
from random import Random

from tests.github import conversations, issues, pulls
from tests.github.world import Item, World

PEOPLE = ("ada", "grace", "hopper", "dependabot[bot]")
_LABELS = ("bug", "chore", "feature")
Act = Callable[[World, Item, Random], object]


def live(world: World, repository: Item, random: Random) -> str:
    """Does one thing that is possible now, some time after the last; returns what it was."""
    world.clock.advance(seconds=random.choice((0, 1, 60, 5000)))
    name = random.choice(sorted(_DEEDS))
    deed = _DEEDS[name]
    done = deed(world, repository, random)
    return name if done is not None else "nothing"


def _some(items: list[Item], random: Random) -> Item | None:
    return random.choice(items) if items else None


def _open_pull(repository: Item, random: Random) -> Item | None:
    return _some([p for p in repository["_pulls"].values() if p["state"] == "OPEN"], random)


def _any_pull(repository: Item, random: Random) -> Item | None:
    return _some(list(repository["_pulls"].values()), random)


def _subject(repository: Item, random: Random) -> Item | None:
    return _some([*repository["_pulls"].values(), *repository["_issues"].values()], random)


def _comments(repository: Item) -> list[Item]:
    return [c for one in [*repository["_pulls"].values(), *repository["_issues"].values()] for c in one["_comments"]]


def _on(choose: Callable[[Item, Random], Item | None], act: Callable[[World, Item, Random], object]) -> Act:
    """The deed on what `choose` finds; None if it finds nothing."""

    def deed(world: World, repository: Item, random: Random) -> object:
        found = choose(repository, random)
        if found is None:
            return None
        act(world, found, random)
        return True

    return deed


def _relabel(world: World, subject: Item, random: Random) -> None:
    name = random.choice(_LABELS)
    change = conversations.remove_label if name in [n["name"] for n in subject["_labels"]] else conversations.add_label
    change(world, subject, name, by=random.choice(PEOPLE))


def _review(world: World, pull: Item, random: Random) -> None:
    state = random.choice(("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "PENDING"))
    pulls.review(world, pull, random.choice(PEOPLE), state, comments=["Why?"] * random.choice((0, 0, 1, 3)))


def _reply(world: World, pull: Item, random: Random) -> None:
    said = [c for thread in pull["_threads"] for c in thread["_comments"] if c["state"] == "SUBMITTED"]
    pulls.line_comment(world, pull, random.choice(PEOPLE), reply_to=_some(said, random))


def _close_or_reopen(world: World, subject: Item, random: Random) -> None:
    if subject["state"] == "OPEN":
        conversations.close(world, subject, by=random.choice(PEOPLE))
    elif subject["state"] == "CLOSED":
        conversations.reopen(world, subject, by=random.choice(PEOPLE))


def _merge(world: World, pull: Item, random: Random) -> None:
    pulls.merge(world, pull, by=random.choice(PEOPLE), method=random.choice(("merge", "squash", "rebase")))


def _delete_line_comment(world: World, pull: Item, random: Random) -> None:
    said = [c for thread in pull["_threads"] for c in thread["_comments"]]
    if said:
        pulls.delete_line_comment(world, random.choice(said))


def _redraft(world: World, pull: Item, random: Random) -> None:
    (pulls.ready if pull["isDraft"] else pulls.to_draft)(world, pull, by=random.choice(PEOPLE))


_DEEDS: dict[str, Act] = {
    "a pull request": lambda world, repository, random: pulls.create(
        world, repository, author=random.choice(PEOPLE), commits=random.choice((1, 3)), draft=random.random() < 0.2
    ),
    "an issue": lambda world, repository, random: issues.create(world, repository, author=random.choice(PEOPLE)),
    "a comment": _on(_subject, lambda world, one, random: conversations.comment(world, one, random.choice(PEOPLE))),
    "a comment edited": _on(
        lambda repository, random: _some(_comments(repository), random),
        lambda world, one, random: conversations.edit_comment(world, one, f"Better {random.random()}"),
    ),
    "a comment deleted": _on(
        lambda repository, random: _some(_comments(repository), random),
        lambda world, one, _random: conversations.delete_comment(world, one),
    ),
    "a label": _on(_subject, _relabel),
    "a review": _on(_open_pull, _review),
    "a reply": _on(_any_pull, _reply),
    "a reply deleted": _on(_any_pull, _delete_line_comment),
    "a push": _on(_open_pull, lambda world, one, random: pulls.push(world, one, random.choice(PEOPLE))),
    "a force-push": _on(_open_pull, lambda world, one, _random: pulls.force_push(world, one)),
    "a request": _on(_open_pull, lambda world, one, random: pulls.request_review(world, one, random.choice(PEOPLE))),
    "a draft": _on(_open_pull, _redraft),
    "a merge": _on(_open_pull, _merge),
    "closing": _on(_subject, _close_or_reopen),
}
