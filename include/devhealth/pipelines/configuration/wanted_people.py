"""Identities and teams of a document: nobody under two identities, nobody in two teams on one day."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from devhealth.errors import InputError
from devhealth.models.people import UNASSIGNED, normal_alias
from devhealth.pipelines.configuration import document
from devhealth.pipelines.configuration.problems import Key, Problem
from devhealth.semantic import repository_globs
from devhealth.semantic.identities import Identity
from devhealth.semantic.team_members import EVER
from devhealth.semantic.teams import Team, TeamMapping

Path = tuple[Key, ...]
Dated = document.Member | document.Repositories | document.Project


def identities(
    path: Path, section: Mapping[str, document.Identity] | None, problems: list[Problem]
) -> dict[str, Identity] | None:
    """The identities by id, in the one form in which people are compared."""
    if section is None:
        return None
    path = (*path, "identities")
    owners: dict[str, str] = {}
    for key in section:
        _claim((*path, key), key, key, owners, problems)
    found = {}
    for key, one in section.items():
        person = normal_alias(key)
        for place, alias in enumerate(one.aliases):
            if normal_alias(alias) != person:
                _claim((*path, key, "aliases", place), alias, key, owners, problems)
        aliases = {normal_alias(alias) for alias in one.aliases} - {person}
        found[person] = Identity(person, (one.name or "").strip() or None, tuple(sorted(aliases)), one.bot)
    return found


def teams(path: Path, section: Mapping[str, document.Team] | None, problems: list[Problem]) -> dict[str, Team] | None:
    """The teams by id, what counts for them in order."""
    if section is None:
        return None
    path = (*path, "teams")
    ids = [key.strip() for key in section]
    found = {}
    for (key, one), team_id in zip(section.items(), ids, strict=True):
        if not team_id or team_id == UNASSIGNED:
            problems.append(Problem((*path, key), f"a team cannot be called {key!r}: give it another name"))
        if ids.count(team_id) > 1:
            problems.append(Problem((*path, key), f"team {team_id!r} is listed twice: list it once"))
        found[team_id] = Team(
            team_id,
            (one.name or "").strip() or team_id,
            repositories=_mappings((*path, key, "repositories"), one.repositories, problems),
            projects=_mappings((*path, key, "projects"), one.projects, problems),
            members=_mappings((*path, key, "members"), one.members, problems),
        )
    return found


def check_members(
    path: Path,
    wanted: Mapping[str, Team],
    people: Mapping[str, Identity],
    section: Mapping[str, document.Team] | None,
) -> Iterator[Problem]:
    """A problem for each person who is in two teams on one day, whatever alias the teams know the person by.

    `section` is what the document says of teams: None when the teams are those stored, and its identities the news.
    """
    person_of = {alias: one.identity_id for one in people.values() for alias in one.aliases}
    by_person: dict[str, list[tuple[str, TeamMapping]]] = {}
    for team in wanted.values():
        for member in team.members:
            person = person_of.get(member.pattern, member.pattern)
            for other_id, other in by_person.setdefault(person, []):
                starts = max(other.valid_from, member.valid_from)
                if other_id != team.team_id and starts < min(_end(other), _end(member)):
                    since = "" if starts == EVER else f" from {starts} on"
                    text = f"{person!r} is in {other_id!r} and in {team.team_id!r} at once{since}: end one before"
                    yield Problem(_place(path, team.team_id, member, section), f"{text}, or take one out")
            by_person[person].append((team.team_id, member))


def _place(path: Path, team_id: str, member: TeamMapping, section: Mapping[str, document.Team] | None) -> Path:
    for key, team in (section or {}).items():
        for place, item in enumerate(team.members if key.strip() == team_id else ()):
            if _mapping(item, "members") == member:
                return (*path, "teams", key, "members", place)
    return (*path, "identities")


def _claim(path: Path, alias: str, key: str, owners: dict[str, str], problems: list[Problem]) -> None:
    """Note that a text stands for an identity; a problem when it is nothing, or stands for another one already."""
    normal = normal_alias(alias)
    if not normal:
        problems.append(Problem(path, "names nobody: expected an e-mail, a login or a name"))
    elif normal not in owners:
        owners[normal] = key
    elif alias == key:
        problems.append(Problem(path, f"{owners[normal]!r} and {key!r} are one identity: list it once"))
    elif owners[normal] != key:
        what = "an identity of its own" if normal == normal_alias(owners[normal]) else f"an alias of {owners[normal]!r}"
        problems.append(Problem(path, f"{alias!r} is {what} and an alias of {key!r}: leave it with one of them"))


def _mappings(path: Path, listed: Iterable[str | Dated], problems: list[Problem]) -> tuple[TeamMapping, ...]:
    found: dict[tuple[str, date], TeamMapping] = {}
    for place, item in enumerate(listed):
        one = _mapping(item, str(path[-1]))
        below = (*path, place)
        if not one.pattern:
            problems.append(Problem(below, "is empty"))
        if path[-1] == "repositories":
            try:
                repository_globs.check(one.pattern, "")
            except InputError:
                problems.append(Problem(below, f"{one.pattern!r} is no usable glob: write a simpler one"))
        if one.valid_from < EVER:
            problems.append(Problem(below, f"begins on {one.valid_from}: no day is before {EVER}, leave it out"))
        if one.valid_to is not None and one.valid_to <= one.valid_from:
            text = f"ends on {one.valid_to} and begins on {one.valid_from}: `from` is the first day, `to` the day after"
            problems.append(Problem(below, f"{text} the last one"))
        if (one.pattern, one.valid_from) in found:
            problems.append(Problem(below, f"{one.pattern!r} is listed twice from the same day on: keep one"))
        found[one.pattern, one.valid_from] = one
    return tuple(sorted(found.values(), key=lambda one: (one.pattern, one.valid_from)))


def _mapping(item: str | Dated, kind: str) -> TeamMapping:
    if isinstance(item, str):
        return TeamMapping(_normal(item, kind))
    text = item.identity if isinstance(item, document.Member) else _named(item)
    return TeamMapping(_normal(text, kind), item.valid_from or EVER, item.valid_to)


def _normal(text: str, kind: str) -> str:
    return normal_alias(text) if kind == "members" else text.strip()


def _named(item: document.Repositories | document.Project) -> str:
    return item.glob if isinstance(item, document.Repositories) else item.key


def _end(member: TeamMapping) -> date:
    return member.valid_to or date.max
