"""What the played GitHub knows, and when it came to know it.

Everything is an `Item`: a plain dictionary with the scalar fields of the GraphQL type under their GraphQL names (times
as texts), references to other items, and what only we look at under names that begin with `_` (`_id` is the number
REST shows, `_reviews` the list behind a connection). The functions of `accounts`, `repositories`, `conversations`,
`pulls`, `issues`, `projects`, `pipelines` and `deployments` change it, and stamp it as GitHub does.
"""

import base64
import functools
import hashlib
import pickle
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from tests.github.clock import Clock, moment, stamp

Item = dict[str, Any]
Change = TypeVar("Change", bound=Callable[..., Any])

LARGEST_INT = 2**31 - 1
"""Numbers above it are NULL in `databaseId` (a GraphQL Int) and stand in `fullDatabaseId` only."""
_FIRST_NUMBER = {
    "PullRequestReview": 3_000_000_001,
    "PullRequestReviewComment": 2_150_000_001,
    "IssueComment": 2_200_000_001,
    "Event": 17_000_000_001,
    "Issue": 2_500_000_001,
    "PullRequest": 2_000_000_001,
    "WorkflowRun": 11_000_000_001,
    "CheckSuite": 30_000_000_001,
    "CheckRun": 31_000_000_001,
    "Deployment": 3_100_000_001,
    "DeploymentStatus": 9_000_000_001,
}


class World:
    """All of it, safe to read and change from several threads."""

    def __init__(self, at: datetime | None = None) -> None:
        self.clock = Clock(at)
        self.version = 0
        """Grows with every change."""
        self.lock = threading.RLock()
        self.nodes: dict[str, Item] = {}
        self.accounts: dict[str, Item] = {}
        """Users, bots and organisations by lower-cased login; bots with [bot]."""
        self.repositories: dict[int, Item] = {}
        self.names: dict[str, Item] = {}
        """Repositories by lower-cased owner/name."""
        self.moved: dict[str, Item] = {}
        """Where repositories of former names are now."""
        self.moved_issues: dict[tuple[int, int], Item] = {}
        """Where an issue (repository, number) was transferred to."""
        self.installations: list[Item] = []
        self.expiries: dict[str, str] = {}
        """Tokens that end, and when."""
        self._numbers: dict[str, int] = {}

    def stamp(self, at: datetime | str | None = None) -> str:
        """`at`, or now, as GitHub writes it."""
        if isinstance(at, str):
            at = moment(at)
        return stamp(at or self.clock.now())

    def number(self, kind: str) -> int:
        """The next number of a kind."""
        self._numbers[kind] = self._numbers.get(kind, _FIRST_NUMBER.get(kind, 1001) - 1) + 1
        return self._numbers[kind]

    def sha(self) -> str:
        """A commit id nobody has yet."""
        return hashlib.sha1(f"commit {self.number('sha')}".encode()).hexdigest()

    def new(self, kind: str, fields: Item, *, number: int | None = None, node_id: str = "") -> Item:
        """An item with its numbers, known by its node id from now on."""
        number = number or self.number("Event" if kind.endswith("Event") else kind)
        item = {
            "__typename": kind,
            "_order": self.number("order"),
            "_id": number,
            "id": node_id or _node_id(kind, number),
            "databaseId": number if number <= LARGEST_INT else None,
            "fullDatabaseId": str(number),
            **fields,
        }
        self.nodes[item["id"]] = item
        return item

    def forget(self, item: Item) -> None:
        self.nodes.pop(item["id"], None)

    def repository(self, name: str) -> Item:
        """By its present name."""
        return self.names[name.lower()]

    def save(self, path: Path) -> None:
        with self.lock:
            sys.setrecursionlimit(max(sys.getrecursionlimit(), 100_000))
            path.write_bytes(pickle.dumps(self))

    @staticmethod
    def load(path: Path) -> "World":
        """What `save` wrote."""
        world: World = pickle.loads(path.read_bytes())
        return world

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.lock = threading.RLock()


def change(function: Change) -> Change:
    """Marks a function that changes the world: one at a time, and every answer given before is stale."""

    @functools.wraps(function)
    def changing(world: World, *args: Any, **kwargs: Any) -> Any:
        with world.lock:
            try:
                return function(world, *args, **kwargs)
            finally:
                world.version += 1

    return cast(Change, changing)


def _node_id(kind: str, number: int) -> str:
    letters = "".join(letter for letter in kind if letter.isupper())
    return f"{letters}_{base64.urlsafe_b64encode(f'{kind}:{number}'.encode()).decode().rstrip('=')}"
