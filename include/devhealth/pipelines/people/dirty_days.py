"""From whom a change of people and teams touches to the days it makes dirty."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from importlib import resources
from typing import Any

from sqlalchemy.engine import Engine

from devhealth.metrics import engine as metrics_engine
from devhealth.models.people import AccountIdentity
from devhealth.pipelines.days import TouchedDays
from devhealth.pipelines.people import accounts
from devhealth.pipelines.people.accounts import Days
from devhealth.pipelines.people.changes import Difference, Touched, touched_by_identities, touched_by_teams
from devhealth.pipelines.people.said import Said
from devhealth.relational import writing
from devhealth.semantic import dirty_ranges, repositories

_REASON = "people or teams changed"
_AT_ONCE = 5_000
"""Subjects in one query."""


def mark(client: Any, engine: Engine, difference: Difference, now_said: Said, today: date) -> int:
    """Mark the days whose metrics read differently once a difference is written; the count of ranges.

    Only days with commits, pull requests or reviews of those who are touched, and short gaps between them; where blame
    tells owners, the day of its newest snapshot and `today` too, as lines of any age count there.
    """
    members = touched_by_teams(difference, "person")
    by_identity = _by_organisation(touched_by_identities(difference))
    by_member = _by_organisation(_under_all_aliases(members, now_said))
    by_repository = _by_organisation(touched_by_teams(difference, "repository"))
    merged: dict[tuple[str, str], TouchedDays] = defaultdict(TouchedDays)
    for org_id in sorted({*by_identity, *by_member, *by_repository}):
        repo_ids = sorted(repositories.names(engine, org_id))
        for days in (
            _of_identities(client, org_id, repo_ids, by_identity[org_id], today),
            _days(client, "days_of_people", org_id, repo_ids, by_member[org_id]),
            _days(client, "days_of_members", org_id, repo_ids, by_member[org_id]),
            _days(client, "days_of_repositories", org_id, repo_ids, by_repository[org_id]),
        ):
            for repo_id, of_repository in days.items():
                merged[org_id, repo_id].add(of_repository)
    return _marked(engine, merged)


def mark_accounts(client: Any, engine: Engine, changed: list[AccountIdentity]) -> int:
    """Mark the days of pull requests whose people are others once `changed`, of one organisation, is written."""
    merged: dict[tuple[str, str], TouchedDays] = defaultdict(TouchedDays)
    for repo_id, days in accounts.touched_days(client, changed).items():
        merged[changed[0].org_id, repo_id].add(days)
    return _marked(engine, merged)


def _marked(engine: Engine, merged: dict[tuple[str, str], TouchedDays]) -> int:
    with writing(engine) as connection:
        return sum(
            dirty_ranges.add(connection, org_id, repo_id, days.ranges(), _REASON)
            for (org_id, repo_id), days in sorted(merged.items())
        )


def _by_organisation(touched: list[Touched]) -> dict[str, list[Touched]]:
    found: dict[str, list[Touched]] = defaultdict(list)
    for one in touched:
        found[one.org_id].append(one)
    return found


def _under_all_aliases(people: list[Touched], now_said: Said) -> list[Touched]:
    """The same days for all that the people commit as."""
    aliases = defaultdict(list)
    for row in now_said.identities.values():
        aliases[row.org_id, row.identity_id].append(row.alias)
    return [
        dataclasses.replace(one, subject=alias)
        for one in people
        for alias in dict.fromkeys([one.subject, *aliases[one.org_id, one.subject]])
    ]


def _of_identities(client: Any, org_id: str, repo_ids: list[str], touched: list[Touched], today: date) -> Days:
    days = _days(client, "days_of_people", org_id, repo_ids, touched)
    if days:
        for repo_id, snapshots in _rows(client, "days_of_blame", org_id=org_id, repo_ids=sorted(days)):
            days[repo_id].update([*snapshots, today])
    return days


def _days(client: Any, query: str, org_id: str, repo_ids: list[str], touched: list[Touched]) -> Days:
    days: Days = defaultdict(set)
    for start in range(0, len(touched), _AT_ONCE):
        some = touched[start : start + _AT_ONCE]
        arrays = {
            "subjects": [one.subject for one in some],
            "first_days": [one.since for one in some],
            "days_after": [one.before for one in some],
        }
        for repo_id, found in _rows(client, query, org_id=org_id, repo_ids=repo_ids, **arrays):
            days[repo_id].update(found)
    return days


def _rows(client: Any, query: str, **parameters: Any) -> Iterable[tuple[str, list[date]]]:
    text = resources.files("devhealth.pipelines.people").joinpath(f"{query}.sql").read_text()
    rows: Iterable[tuple[str, list[date]]] = metrics_engine.execute(client, text, parameters)
    return rows
