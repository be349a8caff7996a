"""Identities: whom an e-mail, a login or a name of an organisation stands for.

Mappings are flat: an alias stands for an identity, and an identity is never an alias. A merge adds one row and touches
nothing else, so taking it back leaves what was there before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.engine import Connection, Engine

from devhealth.errors import InputError, UnknownName
from devhealth.models.people import normal_alias
from devhealth.relational import insert_into, reading_of, writing
from devhealth.semantic import organizations, team_members
from devhealth.semantic.tables import identity_mappings

_KEY = ("org_id", "alias")
_SAID = ("identity_id", "display_name", "is_bot")
"""What a row says of its alias."""

_Said = tuple[str, str | None, bool | None]


@dataclass(frozen=True, slots=True)
class Identity:
    """One person, or one program."""

    identity_id: str
    """What metrics call the person: the main e-mail, trimmed and lower case."""
    name: str | None = None
    aliases: tuple[str, ...] = ()
    """Other e-mails, logins and names of the same person."""
    is_bot: bool | None = None
    """None: as detected."""


def list_all(where: Connection | Engine, org_id: str) -> list[Identity]:
    """The identities of an organisation by id, each with its aliases in order."""
    with reading_of(where) as connection:
        rows = _rows(connection, org_id)
    aliases: dict[str, list[str]] = {}
    for alias, row in rows.items():
        others = aliases.setdefault(row.identity_id, [])
        if alias != row.identity_id:
            others.append(alias)
    return [_identity(person, rows.get(person), sorted(aliases[person])) for person in sorted(aliases)]


def replace_all(connection: Connection, org_id: str, identities: Iterable[Identity]) -> None:
    """Make these the identities of the organisation; rows that stay the same are not touched.

    Raises InputError for a text that stands for two people. That nobody is in two teams at once is for the caller to
    check when teams are written too: `team_members.check`.
    """
    organizations.lock(connection, org_id)
    wanted = _flat(identities)
    found = _rows(connection, org_id)
    stood = {alias: (row.identity_id, row.display_name, row.is_bot) for alias, row in found.items()}
    gone = [{"gone": alias} for alias in stood.keys() - wanted.keys()]
    if gone:
        connection.execute(delete(identity_mappings).where(*_is(org_id, bindparam("gone"))), gone)
    _put(connection, org_id, {alias: row for alias, row in wanted.items() if stood.get(alias) != row})


def merge(engine: Engine, org_id: str, alias: str, into: str) -> str:
    """Let an alias stand for a person; the id of that person. Harmless when repeated.

    When `into` is an alias itself, the person behind it is meant. Raises InputError when the alias stands for somebody
    else, has aliases of its own, or is the person already.
    """
    alias, into = _normal(alias), _normal(into)
    with writing(engine) as connection:
        organizations.lock(connection, org_id)
        rows = _rows(connection, org_id)
        person = str(rows[into].identity_id) if into in rows else into
        known = rows.get(alias)
        if known is not None and alias != person == known.identity_id:
            return person
        _check_merge(alias, person, into, rows)
        if known is None:
            _put(connection, org_id, {alias: (person, None, None)})
        else:  # it keeps its own name and bot flag for the day it is unmerged
            change = {"identity_id": person, "updated_at": datetime.now(UTC)}
            connection.execute(update(identity_mappings).where(*_is(org_id, alias)).values(change))
        team_members.check(connection, org_id)
    return person


def unmerge(engine: Engine, org_id: str, alias: str) -> str:
    """Let an alias stand for itself again; the id of the person it stood for.

    Raises UnknownName when it is nobody's alias.
    """
    alias = _normal(alias)
    with writing(engine) as connection:
        organizations.lock(connection, org_id)
        row = _rows(connection, org_id).get(alias)
        if row is None or row.identity_id == alias:
            raise UnknownName(f"{alias!r} is no alias of anybody in this organisation: there is nothing to take back.")
        if row.display_name is None and row.is_bot is None:
            connection.execute(delete(identity_mappings).where(*_is(org_id, alias)))
        else:
            _put(connection, org_id, {alias: (alias, row.display_name, row.is_bot)})
        team_members.check(connection, org_id)
    return str(row.identity_id)


def _check_merge(alias: str, person: str, into: str, rows: dict[str, Any]) -> None:
    if alias == person:
        behind = f"{into!r} is an alias of it: unmerge that first" if into != alias else "name two different ones"
        raise InputError(f"{alias!r} cannot be merged into itself: {behind}.")
    known = rows.get(alias)
    if known is not None and known.identity_id != alias:
        raise InputError(
            f"{alias!r} is an alias of {known.identity_id!r}: unmerge it before it is merged into {person!r}."
        )
    own = sorted(other for other, row in rows.items() if row.identity_id == alias and other != alias)
    if own:
        raise InputError(
            f"{alias!r} has aliases of its own, {', '.join(map(repr, own))}: unmerge them, merge them into {person!r}, "
            f"then merge {alias!r}."
        )


def _flat(identities: Iterable[Identity]) -> dict[str, _Said]:
    """Each alias with the person, name and bot flag of its row."""
    rows: dict[str, _Said] = {}
    people = list(identities)
    for identity in people:
        person = _normal(identity.identity_id)
        if person in rows:
            raise InputError(f"identity {person!r} is listed twice. List it once, with all its aliases.")
        rows[person] = (person, (identity.name or "").strip() or None, identity.is_bot)
    for identity in people:
        person = _normal(identity.identity_id)
        for alias in map(_normal, identity.aliases):
            other = rows.setdefault(alias, (person, None, None))[0]
            if other == alias != person:
                raise InputError(
                    f"{alias!r} is an alias of {person!r} and an identity of its own. "
                    f"Take the identity out and list its aliases under {person!r}, or take the alias out."
                )
            if other != person:
                raise InputError(f"{alias!r} is an alias of {other!r} and of {person!r}. Leave it with one of them.")
    return rows


def _normal(text: str) -> str:
    normal = normal_alias(text)
    if not normal:
        raise InputError(f"{text!r} names nobody: expected an e-mail, a login or a name.")
    return normal


def _identity(person: str, own: Any, aliases: list[str]) -> Identity:
    name, is_bot = (own.display_name, own.is_bot) if own is not None else (None, None)
    return Identity(person, name, tuple(aliases), is_bot)


def _rows(connection: Connection, org_id: str) -> dict[str, Any]:
    query = select(identity_mappings).where(identity_mappings.c.org_id == org_id).order_by(identity_mappings.c.alias)
    return {row.alias: row for row in connection.execute(query)}


def _is(org_id: str, alias: Any) -> tuple[Any, Any]:
    return identity_mappings.c.org_id == org_id, identity_mappings.c.alias == alias


def _put(connection: Connection, org_id: str, said: Mapping[str, _Said]) -> None:
    if not said:
        return
    now = datetime.now(UTC)
    rows = [
        {"org_id": org_id, "alias": alias, "created_at": now, "updated_at": now, **dict(zip(_SAID, row, strict=True))}
        for alias, row in said.items()
    ]
    insert = insert_into(connection, identity_mappings)
    changed = {name: insert.excluded[name] for name in (*_SAID, "updated_at")}
    connection.execute(insert.on_conflict_do_update(index_elements=_KEY, set_=changed), rows)
