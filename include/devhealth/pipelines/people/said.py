"""What the semantic database says about people and teams, as the records the stores hold of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from sqlalchemy.engine import Engine

from devhealth.models.people import IdentityMapping, TeamAssignment, noreply_addresses
from devhealth.models.table import table_of
from devhealth.relational import reading
from devhealth.semantic import identities, repositories, team_periods, teams
from devhealth.semantic.identities import Identity
from devhealth.semantic.team_periods import TeamPeriod

PeopleRecord = TypeVar("PeopleRecord", IdentityMapping, TeamAssignment)
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """All records of some organisations, by key, and what their teams should be told."""

    identities: dict[Key, IdentityMapping]
    teams: dict[Key, TeamAssignment]
    warnings: tuple[str, ...]


def read(engine: Engine, org_ids: Sequence[str], at: datetime) -> Said:
    """What holds for these organisations now; `at` becomes the version of the records."""
    people: list[IdentityMapping] = []
    assignments: list[TeamAssignment] = []
    warnings: list[str] = []
    with reading(engine) as connection:
        for org_id in org_ids:
            persons, listed = identities.list_all(connection, org_id), teams.list_all(connection, org_id)
            people += _mappings(org_id, persons, at)
            if listed:
                resolved = team_periods.resolve(listed, persons, repositories.names(connection, org_id))
                assignments += (_assignment(org_id, period, at) for period in resolved.periods)
                warnings += resolved.warnings
    return Said(by_key(people), by_key(assignments), tuple(warnings))


def by_key(records: Iterable[PeopleRecord]) -> dict[Key, PeopleRecord]:
    """The records by what they are recognised by."""
    listed = list(records)
    key = attrgetter(*table_of(type(listed[0])).key) if listed else None
    return {key(record): record for record in listed} if key else {}


def _mappings(org_id: str, persons: list[Identity], at: datetime) -> Iterator[IdentityMapping]:
    explicit = {alias for person in persons for alias in (person.identity_id, *person.aliases)}
    for person in persons:
        own = (person.identity_id,) if person.name or person.is_bot is not None else ()
        addresses = {address for alias in person.aliases for address in noreply_addresses(alias)}
        for alias in (*own, *person.aliases, *sorted(addresses - explicit)):
            yield IdentityMapping(
                org_id=org_id,
                alias=alias,
                identity_id=person.identity_id,
                name=person.name,
                is_bot=person.is_bot,
                is_removed=False,
                fetched_at=at,
            )


def _assignment(org_id: str, period: TeamPeriod, at: datetime) -> TeamAssignment:
    return TeamAssignment(
        org_id=org_id,
        kind=period.kind,
        subject=period.subject,
        valid_from=period.valid_from,
        valid_to=period.valid_to,
        team_id=period.team_id,
        is_removed=False,
        fetched_at=at,
    )
