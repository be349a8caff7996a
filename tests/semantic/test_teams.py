"""Teams as they are told, on both databases; nobody is in two of them on one day."""

from datetime import date

import pytest

from devhealth.errors import InputError
from devhealth.relational import reading, writing
from devhealth.semantic import identities, organizations, teams
from devhealth.semantic.tables import team_mappings
from devhealth.semantic.teams import Team, TeamMapping

MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))
ADA, HOME = "ada@example.org", "ada@home.example"


def say(engine, acme, *listed):
    with writing(engine) as connection:
        teams.replace_all(connection, acme, listed)


def joined(team_id, *mappings):
    return Team(team_id, team_id, members=mappings)


def rows(engine):
    with reading(engine) as connection:
        return sorted(connection.execute(team_mappings.select()).all(), key=repr)


def test_repositories_projects_and_members_are_kept_with_their_days(engine, acme):
    platform = Team(
        "platform",
        "Platform",
        repositories=(TeamMapping("acme/*"), TeamMapping("acme/legacy-*", MARCH, MAY)),
        projects=(TeamMapping("PLAT"),),
        members=(TeamMapping(ADA, MARCH, APRIL), TeamMapping(ADA, MAY)),
    )
    say(engine, acme, platform, Team("empty", " "))
    assert teams.list_all(engine, acme) == [Team("empty", "empty"), platform]
    before = rows(engine)
    say(engine, acme, platform, Team("empty", "Empty"))
    assert rows(engine) == before
    say(engine, acme, Team("platform", "Core", projects=(TeamMapping("PLAT", valid_to=MAY),)))
    assert teams.list_all(engine, acme) == [Team("platform", "Core", projects=(TeamMapping("PLAT", valid_to=MAY),))]


def test_a_person_leaves_one_team_on_the_day_of_joining_the_next(engine, acme):
    identities.merge(engine, acme, HOME, ADA)
    before, after = TeamMapping(ADA, MARCH, APRIL), TeamMapping(HOME, APRIL)
    say(engine, acme, joined("a", before), joined("b", after))
    with pytest.raises(
        InputError, match=r"'ada@example.org' is in two teams at once: 'a' \(from 2026-03-01 to 2026-04-02"
    ):
        say(engine, acme, joined("a", TeamMapping(ADA, MARCH, date(2026, 4, 2))), joined("b", after))
    assert [one.members for one in teams.list_all(engine, acme)] == [(before,), (after,)]


def test_a_merge_that_puts_a_person_into_two_teams_is_refused(engine, acme):
    say(engine, acme, joined("a", TeamMapping(ADA)), joined("b", TeamMapping(HOME, valid_to=MAY)))
    with pytest.raises(InputError, match="end one of them before 1970-01-01"):
        identities.merge(engine, acme, HOME, ADA)
    assert identities.list_all(engine, acme) == []


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ([Team("a", "A"), Team(" a ", "B")], "team 'a' is listed twice"),
        ([Team("unassigned", "A")], "other than 'unassigned'"),
        ([Team("", "A")], "cannot be called so"),
        ([joined("a", TeamMapping(ADA, MAY, MAY))], "before it begins on 2026-05-01"),
        ([joined("a", TeamMapping(ADA, date(1969, 12, 31)))], "no day is before 1970-01-01"),
        (
            [joined("a", TeamMapping(ADA), TeamMapping("ADA@example.org", valid_to=MAY))],
            "listed twice for the same first",
        ),
        ([Team("a", "A", projects=(TeamMapping(" "),))], "project ' ' of team 'a' is empty"),
        ([Team("a", "A", repositories=(TeamMapping("{1..9999}/{1..9999}"),))], "no usable glob"),
    ],
)
def test_teams_that_make_no_sense_are_refused_whole(engine, acme, listed, said):
    say(engine, acme, joined("old", TeamMapping(ADA)))
    before = rows(engine)
    with pytest.raises(InputError, match=said):
        say(engine, acme, Team("fine", "Fine"), *listed)
    assert (rows(engine), [one.team_id for one in teams.list_all(engine, acme)]) == (before, ["old"])


def test_two_organisations_have_teams_of_one_name(engine, acme):
    beta = organizations.ensure_organization(engine, "beta")
    say(engine, acme, joined("a", TeamMapping(ADA)))
    say(engine, beta, joined("a", TeamMapping(HOME)), joined("b", TeamMapping(ADA)))
    say(engine, beta)
    assert teams.list_all(engine, acme) == [joined("a", TeamMapping(ADA))]
    assert teams.list_all(engine, beta) == []
