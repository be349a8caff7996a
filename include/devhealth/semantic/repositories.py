"""Repositories: each gets its id once and keeps it under every name, URL and provider id it ever had.

So a local clone, a copy read through an API and a renamed repository are one. What identifies
a repository, in this order:

1. its provider id, when that is more than a name (a number, a UUID: it is not among the aliases);
2. its aliases, in the order given: the first known one decides. An alias of a repository that the same host knows under
   another such id is a name that was handed on: it goes to the newcomer;
3. nothing known: it is a new repository.

Aliases that belong to yet another repository stay there, with a warning: rows stored under two ids cannot be made one
here. Organisations never share a repository.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, select, update
from sqlalchemy.engine import Connection, Engine

from devhealth.models.source import SourceIdentity
from devhealth.relational import insert_into, reading, reading_of, writing
from devhealth.semantic import departures, organizations
from devhealth.semantic.tables import repositories, repository_aliases

_NAMESPACE = uuid.UUID("8a3d2b54-6f0b-5d5e-8d7c-6b1c52a3e9f4")
_PROVIDER_ID = "id:"
_AT_ONCE = 500

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a repository is called now, and the provider it was first known by."""

    name: str
    provider: str


def register_all(
    engine: Engine, org_id: str, provider: str, identities: Sequence[SourceIdentity]
) -> dict[SourceIdentity, str]:
    """As `register`, for many; hundreds that are known as they are, or not at all, cost a few statements.

    Those that were gone have come back.
    """
    wanted = {one: _wanted(one.provider_host, one.provider_id, one.aliases) for one in identities}
    with reading(engine) as connection:
        owners = _owners(connection, org_id, [alias for aliases in wanted.values() for alias in aliases])
        query = select(repositories.c.repo_id, repositories.c.name).where(repositories.c.org_id == org_id)
        called = {row.repo_id: row.name for row in connection.execute(query)}
    found = _newcomers(
        engine, org_id, provider, {one: all_ for one, all_ in wanted.items() if not owners.keys() & all_}
    )
    for one, aliases in wanted.items():
        if one in found:
            continue
        known = {owners.get(alias, "") for alias in aliases}
        repo_id = next(iter(known)) if len(known) == 1 else ""
        is_as_known = repo_id and called.get(repo_id) == one.name
        found[one] = (
            repo_id
            if is_as_known
            else register(
                engine,
                org_id,
                provider=provider,
                host=one.provider_host,
                provider_id=one.provider_id,
                name=one.name,
                aliases=one.aliases,
            )
        )
    back = departures.of_organization(engine, org_id).keys() & found.values()
    departures.note(engine, org_id, back, None)
    return found


def _newcomers(
    engine: Engine, org_id: str, provider: str, wanted: dict[SourceIdentity, list[str]]
) -> dict[SourceIdentity, str]:
    """Those of them that nothing is known of and that share no alias with another one, registered at once."""
    shared = Counter(alias for aliases in wanted.values() for alias in aliases)
    alone = {one: aliases for one, aliases in wanted.items() if aliases and max(map(shared.__getitem__, aliases)) == 1}
    if len(alone) < 2:  # noqa: PLR2004 - one is registered as quickly by itself
        return {}
    with writing(engine) as connection:
        organizations.lock(connection, org_id)
        owners = _owners(connection, org_id, [alias for aliases in alone.values() for alias in aliases])
        query = select(repositories.c.provider_host, repositories.c.provider_id).where(repositories.c.org_id == org_id)
        seen = {(row.provider_host, row.provider_id) for row in connection.execute(query)}
        new = [
            one
            for one, aliases in alone.items()
            if not owners.keys() & aliases and (one.provider_host, one.provider_id) not in seen
        ]
        if len({(one.provider_host, one.provider_id) for one in new}) < len(new):
            return {}
        rows = [_row(org_id, provider, one.provider_host, one.provider_id, one.name) for one in new]
        found = {one: str(row["repo_id"]) for one, row in zip(new, rows, strict=True)}
        now = datetime.now(UTC)
        aliased = [
            {"org_id": org_id, "alias": alias, "repo_id": found[one], "created_at": now}
            for one in new
            for alias in alone[one]
        ]
        for table, all_rows in ((repositories, rows), (repository_aliases, aliased)):
            for start in range(0, len(all_rows), _AT_ONCE):
                connection.execute(insert_into(connection, table), all_rows[start : start + _AT_ONCE])
    return found


def register(
    engine: Engine, org_id: str, *, provider: str, host: str, provider_id: str, name: str, aliases: Iterable[str]
) -> str:
    """The id of a repository, known or new; aliases not seen before are added, the name becomes the newest.

    Two processes that register the same repository at once get the same id. Raises UnknownName for an organisation
    that does not exist.
    """
    wanted = _wanted(host, provider_id, aliases)
    ids = [alias for alias in wanted if alias.startswith(_PROVIDER_ID)]
    names = wanted[len(ids) :]
    with reading(engine) as connection:
        owners = _owners(connection, org_id, wanted)
        if len(owners) == len(wanted) and len(set(owners.values())) == 1:
            repo_id = next(iter(owners.values()))
            if _name(connection, org_id, repo_id) == name:
                return repo_id
    with writing(engine) as connection:
        organizations.lock(connection, org_id)
        owners = _owners(connection, org_id, wanted)
        is_newcomer = bool(ids) and ids[0] not in owners
        passed_on = _known_otherwise(connection, org_id, host, owners) if is_newcomer else set()
        candidates = [owners[alias] for alias in wanted if alias in owners and owners[alias] not in passed_on]
        candidates += _first_seen_as(connection, org_id, host, provider_id)
        repo_id = candidates[0] if candidates else _insert(connection, org_id, provider, host, provider_id, name)
        _add_aliases(connection, org_id, repo_id, wanted, owners, passed_on)
        connection.execute(
            update(repositories)
            .where(repositories.c.org_id == org_id, repositories.c.repo_id == repo_id, repositories.c.name != name)
            .values(name=name)
        )
    kept = sorted(alias for alias in names if owners.get(alias, repo_id) not in {repo_id, *passed_on})
    if kept:
        _LOG.warning("%s (%s) is also called %s, which is another repository: it stays there", name, repo_id, kept)
    return repo_id


def find(engine: Engine, org_id: str, *, host: str, provider_id: str, aliases: Iterable[str]) -> str | None:
    """The id of a repository known by its provider id or by one of the aliases; None for one never registered."""
    wanted = [f"{_PROVIDER_ID}{host}:{provider_id}", *aliases]
    with reading(engine) as connection:
        owners = _owners(connection, org_id, wanted)
        known = [owners[alias] for alias in wanted if alias in owners]
        return next(iter(known + _first_seen_as(connection, org_id, host, provider_id)), None)


def names(where: Connection | Engine, org_id: str) -> dict[str, tuple[str, ...]]:
    """All that each repository of an organisation is or was called, its name first; without provider ids."""
    table, other = repositories.c, repository_aliases.c
    is_its = and_(other.org_id == table.org_id, other.repo_id == table.repo_id)
    query = (
        select(table.repo_id, table.name, other.alias)
        .select_from(repositories.outerjoin(repository_aliases, is_its))
        .where(table.org_id == org_id)
        .order_by(table.repo_id, other.alias)
    )
    found: dict[str, list[str]] = {}
    with reading_of(where) as connection:
        for row in connection.execute(query):
            called = found.setdefault(row.repo_id, [row.name])
            if row.alias and not row.alias.startswith(_PROVIDER_ID):
                called.append(row.alias)
    return {repo_id: tuple(dict.fromkeys(called)) for repo_id, called in found.items()}


def called(where: Connection | Engine, org_id: str) -> dict[str, str]:
    """What tells each repository of an organisation from its others, by id: see `told_apart`."""
    table, other = repositories.c, repository_aliases.c
    with reading_of(where) as connection:
        query = select(table.repo_id, table.name).where(table.org_id == org_id).order_by(table.repo_id)
        named = {row.repo_id: row.name for row in connection.execute(query)}
        twice = sorted(repo_id for some in _namesakes(named) for repo_id in some)
        places: dict[str, list[str]] = {}
        for start in range(0, len(twice), _AT_ONCE):
            some = twice[start : start + _AT_ONCE]
            aliased = select(other.repo_id, other.alias).where(other.org_id == org_id, other.repo_id.in_(some))
            for row in connection.execute(aliased.order_by(other.created_at, other.alias)):
                if not row.alias.startswith(_PROVIDER_ID):
                    places.setdefault(row.repo_id, []).append(row.alias)
    return told_apart(named, places)


def told_apart(named: Mapping[str, str], places: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The name of each repository, where others have it too as much of a place it is at as it takes: a/repo, b/repo.

    The id stands behind the name where no place tells them apart.
    """
    found = dict(named)
    for some in _namesakes(named):
        taken = set(named.values())
        ends = {repo_id: _ends(named[repo_id], places.get(repo_id, ())) for repo_id in some}
        counted = Counter(end for of_one in ends.values() for end in of_one)
        for repo_id in some:
            free = (end for end in ends[repo_id] if counted[end] == 1 and end not in taken)
            found[repo_id] = next(free, f"{named[repo_id]} ({repo_id[:8]})")
    return found


def _namesakes(named: Mapping[str, str]) -> list[list[str]]:
    by_name: dict[str, list[str]] = {}
    for repo_id, name in named.items():
        by_name.setdefault(name, []).append(repo_id)
    return [some for some in by_name.values() if len(some) > 1]


def _ends(name: str, places: Sequence[str]) -> list[str]:
    """A place from its last part on, longer and longer: the first one whose end is the name, else the first one."""
    known = [place.removesuffix(".git") for place in places]
    fitting = (place for place in known if place.lower().endswith(name.lower()))
    place = next(fitting, next(iter(known), ""))
    parts = place.split("/")
    shortest = name.count("/") + 2
    return ["/".join(parts[-count:]) for count in range(shortest, len(parts) + 1)]


def registered(engine: Engine, org_id: str) -> dict[str, Registered]:
    """The repositories of an organisation, by id."""
    table = repositories.c
    query = select(table.repo_id, table.name, table.provider).where(table.org_id == org_id)
    with reading(engine) as connection:
        return {row.repo_id: Registered(row.name, row.provider) for row in connection.execute(query)}


def _wanted(host: str, provider_id: str, aliases: Iterable[str]) -> list[str]:
    """What identifies a repository, the provider id first where it is more than a name."""
    names = list(dict.fromkeys(alias for alias in aliases if alias))
    is_name = provider_id in names or f"{host}/{provider_id}" in names
    return names if is_name else [f"{_PROVIDER_ID}{host}:{provider_id}", *names]


def _owners(connection: Connection, org_id: str, wanted: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    table = repository_aliases.c
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = select(table.alias, table.repo_id).where(table.org_id == org_id, table.alias.in_(some))
        found |= {row.alias: row.repo_id for row in connection.execute(query)}
    return found


def _known_otherwise(connection: Connection, org_id: str, host: str, owners: dict[str, str]) -> set[str]:
    """Which of these owners the host knows under an id of its own."""
    query = select(repository_aliases.c.repo_id).where(
        repository_aliases.c.org_id == org_id,
        repository_aliases.c.repo_id.in_(sorted(set(owners.values()))),
        repository_aliases.c.alias.startswith(f"{_PROVIDER_ID}{host}:", autoescape=True),
    )
    return set(connection.execute(query).scalars())


def _first_seen_as(connection: Connection, org_id: str, host: str, provider_id: str) -> list[str]:
    query = select(repositories.c.repo_id).where(
        repositories.c.org_id == org_id,
        repositories.c.provider_host == host,
        repositories.c.provider_id == provider_id,
    )
    return list(connection.execute(query).scalars())


def _name(connection: Connection, org_id: str, repo_id: str) -> str | None:
    query = select(repositories.c.name).where(repositories.c.org_id == org_id, repositories.c.repo_id == repo_id)
    return connection.execute(query).scalar()


def _insert(connection: Connection, org_id: str, provider: str, host: str, provider_id: str, name: str) -> str:
    row = _row(org_id, provider, host, provider_id, name)
    connection.execute(insert_into(connection, repositories).values(row))
    return str(row["repo_id"])


def _row(org_id: str, provider: str, host: str, provider_id: str, name: str) -> dict[str, object]:
    return {
        "org_id": org_id,
        "repo_id": str(uuid.uuid5(_NAMESPACE, f"{org_id}\n{host}\n{provider_id}")),
        "provider": provider,
        "provider_host": host,
        "provider_id": provider_id,
        "name": name,
        "created_at": datetime.now(UTC),
    }


def _add_aliases(
    connection: Connection, org_id: str, repo_id: str, wanted: list[str], owners: dict[str, str], passed_on: set[str]
) -> None:
    now = datetime.now(UTC)
    rows = [
        {"org_id": org_id, "alias": alias, "repo_id": repo_id, "created_at": now}
        for alias in wanted
        if alias not in owners or owners[alias] in passed_on
    ]
    if not rows:
        return
    statement = insert_into(connection, repository_aliases).values(rows)
    changed = {"repo_id": statement.excluded.repo_id, "created_at": statement.excluded.created_at}
    connection.execute(statement.on_conflict_do_update(index_elements=["org_id", "alias"], set_=changed))
