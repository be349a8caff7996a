"""Which team a repository or a person counts for, day by day: the mappings of all teams made plain.

Of several globs that match a repository the one with the most literal characters holds, of equals the one of the team
that comes first by id, with a warning. People are looked up through their identities; `team_members.check` keeps them
out of two teams at once, and where it was bypassed the first team by id holds, with a warning.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from operator import itemgetter

from devhealth.models.people import noreply_addresses
from devhealth.semantic import repository_globs
from devhealth.semantic.identities import Identity
from devhealth.semantic.team_members import EVER
from devhealth.semantic.teams import Team, TeamMapping

LAST_DAY = date(2149, 6, 6)
"""The last day a store can hold; what ends later does not end."""


@dataclass(frozen=True, slots=True, order=True)
class TeamPeriod:
    """The team of one repository or person over some days; periods of one subject never overlap."""

    kind: str
    """repository or person."""
    subject: str
    """Id of the repository or of the identity."""
    valid_from: date
    valid_to: date | None
    """The day after the last one; None: until further notice."""
    team_id: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """All periods of one organisation, and what its teams should be told."""

    periods: tuple[TeamPeriod, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A team that wants a subject over some days."""

    team_id: str
    valid_from: date
    valid_to: date
    specificity: int


def resolve(
    teams: Sequence[Team], identities: Iterable[Identity], repositories: Mapping[str, Sequence[str]]
) -> Resolved:
    """The periods of every repository and person some team speaks of; `repositories` maps ids to all their names."""
    warnings: list[str] = []
    of_repositories = _claims_of_repositories(teams, repositories, warnings)
    of_people = _claims_of_people(teams, identities)
    periods = [
        TeamPeriod(kind, subject, start, None if end == date.max else end, team_id)
        for kind, claims in (("repository", of_repositories), ("person", of_people))
        for subject in sorted(claims)
        for start, end, team_id in _disjoint(claims[subject], _called(kind, subject, repositories), warnings)
    ]
    return Resolved(tuple(periods), tuple(warnings))


def _claims_of_repositories(
    teams: Sequence[Team], repositories: Mapping[str, Sequence[str]], warnings: list[str]
) -> dict[str, list[_Claim]]:
    claims: dict[str, list[_Claim]] = defaultdict(list)
    spellings = {repo_id: repository_globs.spellings(names) for repo_id, names in repositories.items()}
    for team in teams:
        for mapping in team.repositories:
            is_match = repository_globs.matcher(mapping.pattern)
            matched = [repo_id for repo_id, names in spellings.items() if is_match(names)]
            for repo_id in matched:
                claims[repo_id] += _claim(team, mapping, repository_globs.literal_length(mapping.pattern))
            if not matched:
                warnings.append(
                    f"repository pattern {mapping.pattern!r} of team {team.team_id!r} matches no repository"
                )
    return claims


def _claims_of_people(teams: Sequence[Team], identities: Iterable[Identity]) -> dict[str, list[_Claim]]:
    people = list(identities)
    person_of = {
        address: person.identity_id
        for person in people
        for alias in person.aliases
        for address in noreply_addresses(alias)
    }
    person_of |= {alias: person.identity_id for person in people for alias in (person.identity_id, *person.aliases)}
    claims: dict[str, list[_Claim]] = defaultdict(list)
    for team in teams:
        for mapping in team.members:
            claims[person_of.get(mapping.pattern, mapping.pattern)] += _claim(team, mapping, 0)
    return claims


def _claim(team: Team, mapping: TeamMapping, specificity: int) -> list[_Claim]:
    start, end = max(mapping.valid_from, EVER), mapping.valid_to or date.max
    end = date.max if end > LAST_DAY else end
    return [_Claim(team.team_id, start, end, specificity)] if start < min(end, LAST_DAY) else []


def _disjoint(claims: list[_Claim], called: str, warnings: list[str]) -> Iterator[tuple[date, date, str]]:
    """Stretches of days with their team, neighbours of one team joined."""
    borders = sorted({day for claim in claims for day in (claim.valid_from, claim.valid_to)})
    held = []
    for start, end in pairwise(borders):
        wanting = [claim for claim in claims if claim.valid_from <= start and end <= claim.valid_to]
        best = max((claim.specificity for claim in wanting), default=0)
        tied = sorted({claim.team_id for claim in wanting if claim.specificity == best})
        if len(tied) > 1:
            warnings.append(
                f"{called} is claimed by teams {', '.join(tied)} alike from {start}: it counts for {tied[0]}"
            )
        held.append((start, end, tied[0] if tied else None))
    for team_id, stretches in groupby(held, key=itemgetter(2)):  # borders leave no gap: neighbours touch
        whole = list(stretches)
        if team_id is not None:
            yield whole[0][0], whole[-1][1], team_id


def _called(kind: str, subject: str, repositories: Mapping[str, Sequence[str]]) -> str:
    return f"repository {repositories[subject][0]!r}" if kind == "repository" else repr(subject)
