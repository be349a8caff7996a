"""Teams: which repositories, projects and people count for them, and when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.engine import Connection, Engine

from devhealth.errors import InputError
from devhealth.models.people import UNASSIGNED, normal_alias
from devhealth.relational import reading_of
from devhealth.semantic import organizations, repository_globs, team_members
from devhealth.semantic.tables import team_mappings, teams
from devhealth.semantic.team_members import EVER

_FIELDS = {"repository": "repositories", "project": "projects", "member": "members"}
"""Kind of a mapping to the field of a team that holds such."""

_Key = tuple[str, str, str, date]


@dataclass(frozen=True, slots=True, order=True)
class TeamMapping:
    """A glob of repository names, a project key or an identity, and the days it counts for its team."""

    pattern: str
    valid_from: date = EVER
    """The first day."""
    valid_to: date | None = None
    """The day after the last one; None: until further notice."""


@dataclass(frozen=True, slots=True)
class Team:
    """One team of an organisation."""

    team_id: str
    name: str
    repositories: tuple[TeamMapping, ...] = ()
    projects: tuple[TeamMapping, ...] = ()
    members: tuple[TeamMapping, ...] = ()


def list_all(where: Connection | Engine, org_id: str) -> list[Team]:
    """The teams of an organisation by id, their mappings by pattern and first day."""
    its = team_mappings.c
    is_its = and_(its.org_id == teams.c.org_id, its.team_id == teams.c.team_id)
    query = (
        select(teams.c.team_id, teams.c.name, its.kind, its.pattern, its.valid_from, its.valid_to)
        .select_from(teams.outerjoin(team_mappings, is_its))
        .where(teams.c.org_id == org_id)
    )
    with reading_of(where) as connection:
        rows = connection.execute(query).all()
    names = {row.team_id: row.name for row in rows}
    fields: dict[str, dict[str, list[TeamMapping]]] = {team_id: {} for team_id in sorted(names)}
    mapped = (row for row in rows if row.kind)
    for row in sorted(mapped, key=lambda row: (row.team_id, row.kind, row.pattern, row.valid_from)):
        mapping = TeamMapping(row.pattern, row.valid_from, row.valid_to)
        fields[row.team_id].setdefault(_FIELDS[row.kind], []).append(mapping)
    return [
        Team(team_id, names[team_id], **{field: tuple(listed) for field, listed in by_field.items()})
        for team_id, by_field in fields.items()
    ]


def replace_all(connection: Connection, org_id: str, wanted: Iterable[Team]) -> None:
    """Make these the teams of the organisation; rows that stay the same are not touched.

    Identities that change together with teams are written first. Raises InputError for a team listed twice, for days
    that end before they begin, for a glob that cannot be read and for a person in two teams on one day.
    """
    organizations.lock(connection, org_id)
    listed = [_checked(team) for team in wanted]
    names = {team.team_id: team.name for team in listed}
    if len(names) < len(listed):
        twice = next(team for team in names if sum(one.team_id == team for one in listed) > 1)
        raise InputError(f"team {twice!r} is listed twice. List it once, with all its repositories and members.")
    mappings = dict(_rows(listed))
    found = _mappings(connection, org_id)
    for key in found.keys() - mappings.keys():
        connection.execute(delete(team_mappings).where(_is(org_id, key)))
    _put_teams(connection, org_id, names)
    now = datetime.now(UTC)
    for key, valid_to in mappings.items():
        if key not in found:
            row = dict(zip(("team_id", "kind", "pattern", "valid_from"), key, strict=True))
            connection.execute(insert(team_mappings).values(org_id=org_id, valid_to=valid_to, created_at=now, **row))
        elif found[key] != valid_to:
            connection.execute(update(team_mappings).where(_is(org_id, key)).values(valid_to=valid_to))
    team_members.check(connection, org_id)


def _put_teams(connection: Connection, org_id: str, names: dict[str, str]) -> None:
    mine = teams.c.org_id == org_id
    known = {row.team_id: row.name for row in connection.execute(select(teams.c.team_id, teams.c.name).where(mine))}
    for team_id in known.keys() - names.keys():
        connection.execute(delete(teams).where(mine, teams.c.team_id == team_id))
    for team_id, name in names.items():
        if team_id not in known:
            row = {"org_id": org_id, "team_id": team_id, "name": name, "created_at": datetime.now(UTC)}
            connection.execute(insert(teams).values(row))
        elif known[team_id] != name:
            connection.execute(update(teams).where(mine, teams.c.team_id == team_id).values(name=name))


def _checked(team: Team) -> Team:
    team_id = team.team_id.strip()
    if not team_id or team_id == UNASSIGNED:
        raise InputError(f"team {team.team_id!r} cannot be called so: expected a name other than {UNASSIGNED!r}.")
    for mapping in team.repositories:
        repository_globs.check(mapping.pattern, f"team {team_id!r}")
    return Team(team_id, team.name.strip() or team_id, team.repositories, team.projects, team.members)


def _rows(listed: list[Team]) -> Iterator[tuple[_Key, date | None]]:
    met = set()
    for team in listed:
        for kind, field in _FIELDS.items():
            for mapping in getattr(team, field):
                pattern = normal_alias(mapping.pattern) if kind == "member" else mapping.pattern.strip()
                key = (team.team_id, kind, pattern, mapping.valid_from)
                _check_mapping(team.team_id, kind, pattern, mapping, is_twice=key in met)
                met.add(key)
                yield key, mapping.valid_to


def _check_mapping(team_id: str, kind: str, pattern: str, mapping: TeamMapping, *, is_twice: bool) -> None:
    what = f"{kind} {mapping.pattern!r} of team {team_id!r}"
    if not pattern:
        raise InputError(f"{what} is empty: expected the name of a {kind}.")
    if is_twice:
        raise InputError(f"{what} is listed twice for the same first day, {mapping.valid_from}. Take one out.")
    if mapping.valid_from < EVER:
        raise InputError(f"{what} begins on {mapping.valid_from}: no day is before {EVER}. Leave the first day out.")
    if mapping.valid_to is not None and mapping.valid_to <= mapping.valid_from:
        raise InputError(
            f"{what} ends on {mapping.valid_to}, before it begins on {mapping.valid_from}: "
            "the first day counts, the last one does not."
        )


def _mappings(connection: Connection, org_id: str) -> dict[_Key, date | None]:
    query = select(team_mappings).where(team_mappings.c.org_id == org_id)
    return {(row.team_id, row.kind, row.pattern, row.valid_from): row.valid_to for row in connection.execute(query)}


def _is(org_id: str, key: _Key) -> Any:
    table = team_mappings.c
    columns = (table.team_id, table.kind, table.pattern, table.valid_from)
    return and_(table.org_id == org_id, *(column == value for column, value in zip(columns, key, strict=True)))
