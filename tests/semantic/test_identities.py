"""Merging people and taking it back, on both databases."""

import pytest

from devhealth.errors import InputError, UnknownName
from devhealth.relational import reading, writing
from devhealth.semantic import identities, organizations
from devhealth.semantic.identities import Identity
from devhealth.semantic.tables import identity_mappings

ADA, HOME, BOB = "ada@example.org", "ada@home.example", "bob@example.org"


def say(engine, acme, *people):
    with writing(engine) as connection:
        identities.replace_all(connection, acme, people)


def rows(engine):
    with reading(engine) as connection:
        return sorted(connection.execute(identity_mappings.select()).all())


def test_what_is_said_is_listed_in_the_form_people_are_compared_in(engine, acme):
    say(
        engine,
        acme,
        Identity(BOB, is_bot=True),
        Identity(" Ada@Example.ORG", " Ada ", ("AdaL", HOME, "7+a@users.noreply.github.com")),
    )
    assert identities.list_all(engine, acme) == [
        Identity(ADA, "Ada", ("a@users.noreply.github.com", HOME, "adal")),
        Identity(BOB, is_bot=True),
    ]


def test_saying_the_same_again_touches_no_row(engine, acme):
    people = Identity(ADA, "Ada", (HOME,)), Identity(BOB)
    say(engine, acme, *people)
    before = rows(engine)
    say(engine, acme, *reversed(people))
    assert rows(engine) == before
    say(engine, acme)
    assert rows(engine) == []


def test_a_merge_is_one_more_alias_and_taking_it_back_leaves_what_was_there(engine, acme):
    say(engine, acme, Identity(ADA, "Ada"), Identity(HOME, "Ada at home", is_bot=False))
    before = identities.list_all(engine, acme)
    assert identities.merge(engine, acme, "ADA@home.example", ADA) == ADA
    merged = rows(engine)
    assert identities.merge(engine, acme, HOME, ADA) == ADA
    assert rows(engine) == merged
    assert identities.list_all(engine, acme) == [Identity(ADA, "Ada", (HOME,))]
    assert identities.merge(engine, acme, BOB, HOME) == ADA
    assert identities.unmerge(engine, acme, BOB) == identities.unmerge(engine, acme, HOME) == ADA
    assert identities.list_all(engine, acme) == before


@pytest.mark.parametrize(
    ("alias", "into", "said"),
    [
        (ADA, ADA, "cannot be merged into itself: name two different ones"),
        (ADA, HOME, "cannot be merged into itself: 'ada@home.example' is an alias of it: unmerge that first"),
        (HOME, BOB, "is an alias of 'ada@example.org': unmerge it before"),
        (ADA, BOB, "has aliases of its own, 'ada@home.example'"),
        (" ", BOB, "names nobody"),
    ],
)
def test_a_merge_that_makes_no_sense_stores_nothing(engine, acme, alias, into, said):
    identities.merge(engine, acme, HOME, ADA)
    before = rows(engine)
    with pytest.raises(InputError, match=said):
        identities.merge(engine, acme, alias, into)
    assert rows(engine) == before


@pytest.mark.parametrize("alias", [ADA, BOB])
def test_what_is_nobodys_alias_cannot_be_taken_back(engine, acme, alias):
    identities.merge(engine, acme, HOME, ADA)
    with pytest.raises(UnknownName, match="is no alias of anybody"):
        identities.unmerge(engine, acme, alias)


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ([Identity(ADA), Identity("ADA@example.org")], "is listed twice"),
        (
            [Identity(ADA, aliases=(HOME,)), Identity(BOB, aliases=(HOME,))],
            "of 'ada@example.org' and of 'bob@example.org'",
        ),
        ([Identity(ADA, aliases=(BOB,)), Identity(BOB)], "an identity of its own"),
        ([Identity(ADA, aliases=("",))], "names nobody"),
    ],
)
def test_a_text_that_stands_for_two_is_refused(engine, acme, people, said):
    say(engine, acme, Identity(BOB))
    before = rows(engine)
    with pytest.raises(InputError, match=said):
        say(engine, acme, *people)
    assert rows(engine) == before


def test_two_organisations_may_mean_others_by_the_same_alias(engine, acme):
    beta = organizations.ensure_organization(engine, "beta")
    identities.merge(engine, acme, HOME, ADA)
    identities.merge(engine, beta, HOME, BOB)
    identities.unmerge(engine, acme, HOME)
    assert identities.list_all(engine, acme) == []
    assert identities.list_all(engine, beta) == [Identity(BOB, aliases=(HOME,))]
