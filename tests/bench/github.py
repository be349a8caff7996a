"""What a played GitHub is asked for, counted by itself, and how fast its answers become rows."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.processes import result_of, store
from tests.bench.verdict import Measure
from tests.github import conversations, pulls, repositories
from tests.github.own_process import OwnProcess
from tests.github.world import World

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
MANY = 1_000


def github(uri: str) -> Iterator[Measure]:
    """A thousand pull requests; a thousand repositories, first with nothing new, then with one change."""
    yield from _pull_requests(uri)
    yield from _repositories(uri)


def _pull_requests(uri: str) -> Iterator[Measure]:
    world = World(BEGIN)
    shop = repositories.create(world, "acme/shop")
    for number in range(MANY):
        world.clock.advance(minutes=7)
        pull = pulls.create(world, shop, author="ada", commits=1 + number % 4)
        for _ in range(number % 3):
            pulls.review(world, pull, "grace", "APPROVED", comments=["Why?"] * (number % 2))
        conversations.comment(world, pull, "hopper")
        pulls.merge(world, pull, by="grace")
    world.clock.advance(days=1)
    with played(world) as (server, environ), store(uri) as home:
        sync = result_of(["-m", "tests.bench.one_github", "acme/shop", "prs"], environ | home)
        asked = server.requests()
    yield Measure(f"requests for {MANY:,} pull requests", len(asked), "requests", None, 60)
    yield Measure("points for them", sum(one.cost for one in asked), "points")
    yield Measure("peak memory of the sync", sync["peak"], "MB", None, 300)
    yield cpu_to_store(world, uri, "prs")


def cpu_to_store(world: World, uri: str, target: str) -> Measure:
    """The CPU from the pages of acme/shop to its stored rows; 500 ms for a thousand are two thousand a second."""
    with played(world) as (_, environ), store(uri) as home:
        stored = result_of(["-m", "tests.bench.one_store", "acme/shop", target], environ | home)
    return Measure("CPU from their pages to stored rows", stored["cpu"] * 1_000, "ms", None, 500)


def _repositories(uri: str) -> Iterator[Measure]:
    world = World(BEGIN)
    for number in range(MANY):
        repository = repositories.create(world, f"acme/part-{number:04}")
        pulls.create(world, repository)
    world.clock.advance(days=1)
    command = ["-m", "tests.bench.one_github", "org:acme", "prs"]
    with played(world) as (server, environ), store(uri) as home:
        first = result_of(command, environ | home)
        yield Measure(f"first sync of {MANY:,} repositories", first["seconds"], "s")
        before = len(server.requests())
        again = result_of(command, environ | home)
        assert not again["rows"]
        asked = len(server.requests()) - before
        yield Measure(f"requests for {MANY:,} unchanged ones", asked, "requests", None, 15)
        yield Measure("time for them", again["seconds"], "s", None, 5)
        server.order("conversations.comment", on=["acme/part-0500", 1], values=["ada"])
        server.order("clock.advance", arguments={"minutes": 5})
        before = len(server.requests())
        changed = result_of(command, environ | home)
        assert changed["rows"]
        yield Measure("requests when one has changed", len(server.requests()) - before, "requests", None, 20)


@contextmanager
def played(world: World) -> Iterator[tuple[OwnProcess, dict[str, str]]]:
    """A server of the world in its own process, and the environment that leads to it."""
    with tempfile.TemporaryDirectory(prefix="devhealth-bench-") as folder, OwnProcess(world, Path(folder)) as server:
        yield server, {"GITHUB_API_URL": server.api_url, "GITHUB_TOKEN": "one"}
