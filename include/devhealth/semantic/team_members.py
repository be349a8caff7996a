"""The rule that a person counts for one team on a day, whatever alias the teams know the person by."""

from collections import defaultdict
from datetime import date
from itertools import combinations
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.engine import Connection

from devhealth.errors import InputError
from devhealth.semantic.tables import identity_mappings, team_mappings

EVER = date(1970, 1, 1)
"""`valid_from` of what has always been so."""


def check(connection: Connection, org_id: str) -> None:
    """Raise InputError, with names and days, when somebody is in two teams of the organisation on the same day.

    To be called in the transaction that writes identities, teams or both, after the last of them.
    """
    by_person = defaultdict(list)
    for row in connection.execute(_memberships(org_id)):
        by_person[row.person].append(row)
    for person, rows in by_person.items():
        for one, other in combinations(rows, 2):
            starts, ends = max(one.valid_from, other.valid_from), min(_end(one), _end(other))
            if one.team_id != other.team_id and starts < ends:
                raise InputError(
                    f"{person!r} is in two teams at once: {_told(one)} and {_told(other)}. "
                    f"On any day a person counts for one team: end one of them before {starts}, or take one out."
                )


def _memberships(org_id: str) -> Any:
    known, member = identity_mappings.c, team_mappings.c
    same = and_(known.org_id == member.org_id, known.alias == member.pattern)
    return (
        select(
            func.coalesce(known.identity_id, member.pattern).label("person"),
            member.team_id,
            member.pattern,
            member.valid_from,
            member.valid_to,
        )
        .select_from(team_mappings.outerjoin(identity_mappings, same))
        .where(member.org_id == org_id, member.kind == "member")
        .order_by("person", member.valid_from, member.team_id)
    )


def _end(row: Any) -> date:
    return row.valid_to or date.max


def _told(row: Any) -> str:
    since = "since ever" if row.valid_from == EVER else f"from {row.valid_from}"
    return f"{row.team_id!r} ({since}{f' to {row.valid_to}' if row.valid_to else ''}, listed as {row.pattern!r})"
