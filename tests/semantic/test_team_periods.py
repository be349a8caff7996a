"""Mappings of all teams made plain: one team for a repository or a person on a day, and the rest said aloud."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devhealth.semantic.identities import Identity
from devhealth.semantic.team_members import EVER
from devhealth.semantic.team_periods import LAST_DAY, TeamPeriod, resolve
from devhealth.semantic.teams import Team, TeamMapping

MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))
SHOP = {"r1": ("shop", "github.com/acme/shop")}
DAYS = st.integers(0, 9).map(lambda number: MARCH + timedelta(number))
STRETCHES = st.tuples(DAYS, st.none() | DAYS).filter(lambda days: days[1] is None or days[0] < days[1])


def owned(team_id, *mappings):
    return Team(team_id, team_id, repositories=mappings)


def joined(team_id, *mappings):
    return Team(team_id, team_id, members=mappings)


def periods(teams, identities=(), repositories=SHOP):
    return [(one.subject, one.valid_from, one.valid_to, one.team_id) for one in said(teams, identities, repositories)]


def said(teams, identities=(), repositories=SHOP) -> tuple[TeamPeriod, ...]:
    resolved = resolve(teams, identities, repositories)
    assert resolved.warnings == ()
    return resolved.periods


def test_the_more_specific_glob_holds_as_long_as_it_counts():
    teams = [owned("all", TeamMapping("**")), owned("shop", TeamMapping("acme/shop", APRIL, MAY))]
    assert periods(teams) == [("r1", EVER, APRIL, "all"), ("r1", APRIL, MAY, "shop"), ("r1", MAY, None, "all")]


def test_of_equal_globs_the_first_team_holds_with_a_warning():
    teams = [owned("b", TeamMapping("sho?")), owned("a", TeamMapping("?hop", valid_to=APRIL))]
    resolved = resolve(teams, [], SHOP)
    assert [(one.valid_to, one.team_id) for one in resolved.periods] == [(APRIL, "a"), (None, "b")]
    assert resolved.warnings == ("repository 'shop' is claimed by teams a, b alike from 1970-01-01: it counts for a",)


def test_a_glob_that_finds_nothing_is_told():
    resolved = resolve([owned("all", TeamMapping("acme/api"))], [], SHOP)
    assert resolved.periods == ()
    assert resolved.warnings == ("repository pattern 'acme/api' of team 'all' matches no repository",)


def test_members_count_under_all_that_they_are_known_by():
    ada = Identity("ada@example.org", aliases=("ada@home.example", "adal"))
    mappings = [
        TeamMapping("ada@home.example", MARCH, APRIL),
        TeamMapping("adal@users.noreply.github.com", APRIL, MAY),
        TeamMapping("bob@example.org"),
    ]
    assert periods([joined("a", *mappings)], [ada]) == [
        ("ada@example.org", MARCH, MAY, "a"),
        ("bob@example.org", EVER, None, "a"),
    ]


def test_a_noreply_address_of_its_own_is_not_the_login():
    identities = [Identity("ada", aliases=("adal",)), Identity("bob", aliases=("adal@users.noreply.github.com",))]
    assert periods([joined("a", TeamMapping("adal@users.noreply.github.com"))], identities) == [
        ("bob", EVER, None, "a")
    ]


def test_what_ends_after_the_last_day_of_a_store_does_not_end():
    mappings = [TeamMapping("ada", MARCH, date(3000, 1, 1)), TeamMapping("bob", LAST_DAY, date(3000, 1, 1))]
    assert periods([joined("a", *mappings)]) == [("ada", MARCH, None, "a")]


@given(st.lists(st.tuples(st.sampled_from("abc"), STRETCHES, st.sampled_from(["**", "sho*", "shop"])), max_size=6))
def test_on_every_day_the_most_specific_claim_holds_and_stretches_never_overlap(claims):
    teams = [
        owned(name, *(TeamMapping(glob, *days) for team_id, days, glob in claims if team_id == name)) for name in "abc"
    ]
    found = resolve(teams, [], SHOP).periods
    for day in (MARCH + timedelta(number) for number in range(-1, 12)):
        wanting = [(-len(glob.strip("*")), name) for name, (start, end), glob in claims if _on(day, start, end)]
        holding = [one.team_id for one in found if _on(day, one.valid_from, one.valid_to)]
        assert holding == [team_id for _, team_id in sorted(wanting)][:1]


def _on(day, start, end):
    return start <= day and (end is None or day < end)
