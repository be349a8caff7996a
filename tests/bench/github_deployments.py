"""What a played GitHub is asked for to read the deployments of one repository."""

from collections.abc import Iterator

from tests.bench.github import BEGIN, MANY, cpu_to_store, played
from tests.bench.processes import result_of, store
from tests.bench.verdict import Measure
from tests.github import deployments, repositories
from tests.github.world import World


def github_deployments(uri: str) -> Iterator[Measure]:
    """A thousand deployments with three statuses each; then the same with nothing new, and with one that failed."""
    world = World(BEGIN)
    shop = repositories.create(world, "acme/shop")
    repositories.commit(world, shop)
    for _ in range(MANY):
        world.clock.advance(minutes=7)
        made = deployments.create(world, shop)
        for state in ("queued", "in_progress", "success"):
            deployments.set_status(world, made, state)
    world.clock.advance(hours=1)
    command = ["-m", "tests.bench.one_github", "acme/shop", "deployments"]
    yield cpu_to_store(world, uri, "deployments")
    with played(world) as (server, environ), store(uri) as home:
        sync = result_of(command, environ | home)
        asked = len(server.requests())
        yield Measure(f"requests for {MANY:,} deployments", asked, "requests", None, 20)
        yield Measure("peak memory of the sync", sync["peak"], "MB", None, 300)
        unchanged = result_of(command, environ | home)
        assert not unchanged["rows"]
        yield Measure("requests when none has changed", len(server.requests()) - asked, "requests", None, 1)
        asked = len(server.requests())
        server.order("deployments.set_status", on=made["id"], values=["failure"])
        changed = result_of(command, environ | home)
        assert changed["rows"]
        yield Measure("requests when one has failed later", len(server.requests()) - asked, "requests", None, 20)
