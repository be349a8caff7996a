"""What a played GitHub is asked for to read the runs of workflows of one repository."""

from collections.abc import Iterator

from tests.bench.github import BEGIN, MANY, cpu_to_store, played
from tests.bench.processes import result_of, store
from tests.bench.verdict import Measure
from tests.github import pipelines, repositories
from tests.github.world import World


def github_runs(uri: str) -> Iterator[Measure]:
    """A thousand runs with two jobs each; then the same with nothing new, and with one that was repeated."""
    world = World(BEGIN)
    shop = repositories.create(world, "acme/shop")
    for number in range(MANY):
        world.clock.advance(minutes=7)
        run = pipelines.create(world, shop, jobs=("build", "test"))
        pipelines.start(world, run)
        pipelines.finish(world, run, "failure" if number % 9 == 0 else "success")
    world.clock.advance(hours=1)
    command = ["-m", "tests.bench.one_github", "acme/shop", "cicd"]
    yield cpu_to_store(world, uri, "cicd")
    with played(world) as (server, environ), store(uri) as home:
        sync = result_of(command, environ | home)
        asked = len(server.requests())
        yield Measure(f"requests for {MANY:,} workflow runs", asked, "requests", None, 1_020)
        yield Measure("peak memory of the sync", sync["peak"], "MB", None, 300)
        server.order("clock.advance", arguments={"days": 1})
        unchanged = result_of(command, environ | home)
        assert not unchanged["rows"]
        yield Measure("requests when none has changed", len(server.requests()) - asked, "requests")
        asked = len(server.requests())
        server.order("pipelines.rerun", on=run["id"])
        server.order("clock.advance", arguments={"days": 1})
        repeated = result_of(command, environ | home)
        assert repeated["rows"]
        yield Measure("requests when one is repeated", len(server.requests()) - asked, "requests", None, 20)
