"""A GitHub of our own, on loopback: REST and the GraphQL we use, served from a world in memory.

    world = World(datetime(2024, 5, 1, tzinfo=UTC))
    shop = repositories.create(world, "acme/shop")
    pull = pulls.create(world, shop, author="ada")
    pulls.review(world, pull, "grace")
    with GitHubServer(world) as server:
        ...  # server.api_url; server.requests; server.faults.add(faults.secondary(), when=faults.graphql)

The clock stands still until `world.clock.advance(minutes=5)`; without a date it is the real one.
"""

from tests.github.server import GitHubServer
from tests.github.world import World

__all__ = ["GitHubServer", "World"]
