"""The difference between what is said of people and what a store holds, and whose days it touches."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import msgspec

from devhealth.models.people import IdentityMapping, TeamAssignment
from devhealth.pipelines.people.said import Key, PeopleRecord, by_key
from devhealth.semantic.team_members import EVER
from devhealth.semantic.team_periods import LAST_DAY

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Touched:
    """Days on which what counts for somebody, or for a repository, is another one; `before` exclusive."""

    org_id: str
    subject: str
    """A recorded e-mail, login or name; or the id of a repository."""
    since: date = EVER
    before: date = LAST_DAY


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows one store lacks, removals included, beside those it holds."""

    identities: list[IdentityMapping]
    teams: list[TeamAssignment]
    held_identities: list[IdentityMapping]
    held_teams: list[TeamAssignment]


def rows_to_write(wanted: dict[Key, PeopleRecord], held: Iterable[PeopleRecord], at: datetime) -> list[PeopleRecord]:
    """What makes a store hold the wanted rows: new and changed ones, and those that are gone marked as removed.

    Their version is `at`, or later when the store holds rows from after it.
    """
    there: dict[Key, PeopleRecord] = by_key(held)
    version = max([at, *(row.fetched_at + MICROSECOND for row in there.values())])
    rows = [row for key, row in wanted.items() if key not in there or _facts(row) != _facts(there[key])]
    gone = [row for key, row in there.items() if key not in wanted and not row.is_removed]
    rows += [msgspec.structs.replace(row, is_removed=True) for row in gone]
    return [msgspec.structs.replace(row, fetched_at=version) for row in rows]


def touched_by_identities(difference: Difference) -> list[Touched]:
    """The aliases whose commits become somebody else's, or a bot's."""
    before = by_key(difference.held_identities)
    return [
        Touched(row.org_id, row.alias)
        for row in difference.identities
        if _meaning(row) != _meaning(before.get((row.org_id, row.alias), _nobody(row)))
    ]


def touched_by_teams(difference: Difference, kind: str) -> list[Touched]:
    """The days on which a repository or a person, as `kind` says, counts for another team."""
    held, rows = difference.held_teams, difference.teams
    after = by_key(held) | by_key(rows)
    changed = {(row.org_id, row.subject) for row in rows if row.kind == kind}
    periods: dict[tuple[str, str], tuple[list[TeamAssignment], list[TeamAssignment]]] = defaultdict(lambda: ([], []))
    for number, source in enumerate((held, after.values())):
        for row in source:
            if row.kind == kind and not row.is_removed and (row.org_id, row.subject) in changed:
                periods[row.org_id, row.subject][number].append(row)
    return [
        Touched(org_id, subject, since, before)
        for (org_id, subject), (old, new) in sorted(periods.items())
        for since, before in _days_that_differ(old, new)
    ]


def _days_that_differ(old: list[TeamAssignment], new: list[TeamAssignment]) -> Iterator[tuple[date, date]]:
    borders = {day for row in old + new for day in (row.valid_from, row.valid_to or LAST_DAY)}
    for start, end in pairwise(sorted(borders)):
        if _team_on(start, old) != _team_on(start, new):
            yield start, end


def _team_on(day: date, rows: list[TeamAssignment]) -> str | None:
    held = (row.team_id for row in rows if row.valid_from <= day and (row.valid_to is None or day < row.valid_to))
    return next(held, None)


def _meaning(row: IdentityMapping) -> tuple[str, bool | None]:
    return (row.alias, None) if row.is_removed else (row.identity_id, row.is_bot)


def _nobody(row: IdentityMapping) -> IdentityMapping:
    return msgspec.structs.replace(row, is_removed=True)


def _facts(row: PeopleRecord) -> tuple[object, ...]:
    """Everything but the version, which is the last column."""
    return msgspec.structs.astuple(row)[:-1]
