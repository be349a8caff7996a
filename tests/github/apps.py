"""GitHub Apps: installations and the tokens they hand out, which end by the world's clock."""

from tests.github.accounts import organization
from tests.github.world import Item, World, change


@change
def install(world: World, owner: str, *, app_id: int = 7, lifetime: int = 3600) -> Item:
    """An installation for an organisation; its tokens live `lifetime` seconds. Clients compare the end of a token with
    their own clock: use a world that follows the real time."""
    item = {
        "id": world.number("Installation"),
        "app_id": app_id,
        "account": organization(world, owner),
        "lifetime": lifetime,
        "created_at": world.stamp(),
        "tokens": [],
    }
    world.installations.append(item)
    return item


@change
def new_token(world: World, installation: Item) -> tuple[str, str]:
    """(a token, when it ends)."""
    from datetime import timedelta

    token = f"ghs_{world.sha()[:36]}"
    ends = world.stamp(world.clock.now() + timedelta(seconds=installation["lifetime"]))
    installation["tokens"].append(token)
    world.expiries[token] = ends
    return token, ends
