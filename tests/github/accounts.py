"""Users, bots, organisations and teams."""

from collections.abc import Iterable

from tests.github.world import Item, World, change

Who = str | Item | None
"""A login, made on first use; an account; or None: whoever it was, the account is deleted."""


def account(world: World, who: Who) -> Item | None:
    """The account of a login, made if there is none: `dependabot[bot]` is a bot, anything else a user."""
    if who is None or isinstance(who, dict):
        return who
    known = world.accounts.get(who.lower())
    if known is not None:
        return known
    return _add(world, "Bot" if who.endswith("[bot]") else "User", who)


@change
def user(world: World, login: str, *, name: str = "", email: str = "", number: int | None = None) -> Item:
    return _add(world, "User", login, name=name, email=email, number=number)


@change
def mannequin(world: World, login: str) -> Item:
    """The stand-in for somebody of an import from elsewhere."""
    return _add(world, "Mannequin", login)


@change
def organization(world: World, login: str, *, number: int | None = None) -> Item:
    """The organisation, an account that owns repositories and teams."""
    known = world.accounts.get(login.lower())
    return known if known is not None else _add(world, "Organization", login, number=number)


@change
def rename(world: World, who: Who, login: str) -> None:
    """Everything it did shows the new login from now on."""
    item = account(world, who)
    assert item is not None
    world.accounts.pop(_rest_login(item).lower())
    item.update(login=login, updatedAt=world.stamp())
    world.accounts[_rest_login(item).lower()] = item


@change
def delete(world: World, who: Who) -> None:
    """What it did has no author any more (in REST: a ghost)."""
    item = account(world, who)
    assert item is not None
    item["_deleted"] = True
    world.accounts.pop(_rest_login(item).lower(), None)
    world.forget(item)


@change
def suspend(world: World, who: Who) -> None:
    """Its profile and repositories cannot be read; what it did elsewhere stays."""
    item = account(world, who)
    assert item is not None
    item["_suspended"] = True


@change
def team(world: World, slug: str, *, members: Iterable[Who] = (), repositories: Iterable[Item] = ()) -> Item:
    """`acme/platform`, a team of the organisation acme."""
    login, _, name = slug.partition("/")
    owner = organization(world, login)
    now = world.stamp()
    item = world.new(
        "Team",
        {
            "name": name,
            "slug": name,
            "combinedSlug": slug,
            "organization": owner,
            "privacy": "VISIBLE",
            "description": None,
            "parentTeam": None,
            "createdAt": now,
            "updatedAt": now,
            "url": f"https://github.com/orgs/{login}/teams/{name}",
            "_members": [account(world, who) for who in members],
            "_repositories": list(repositories),
        },
    )
    owner["_teams"].append(item)
    return item


def _add(world: World, kind: str, login: str, *, name: str = "", email: str = "", number: int | None = None) -> Item:
    now = world.stamp()
    shown = login.removesuffix("[bot]")
    item = world.new(
        kind,
        {
            "login": shown,
            "name": name or None,
            "email": email,
            "description": None,
            "createdAt": now,
            "updatedAt": now,
            "url": f"https://github.com/{'apps/' if kind == 'Bot' else ''}{shown}",
            "resourcePath": f"/{'apps/' if kind == 'Bot' else ''}{shown}",
            "_teams": [],
            "_projects": [],
        },
        number=number or world.number("account"),
    )
    world.accounts[login.lower()] = item
    return item


def _rest_login(item: Item) -> str:
    return f"{item['login']}[bot]" if item["__typename"] == "Bot" else str(item["login"])
