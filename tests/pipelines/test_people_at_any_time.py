"""People and teams told before, during or after a sync, at once or bit by bit: the same tables, and back again."""

from textwrap import indent

from devhealth.pipelines import setup
from devhealth.pipelines.configuration.settling import settle
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.run import run_sync
from devhealth.relational import writing
from devhealth.semantic import database, identities, organizations, teams
from tests.integration.stored_tables import stored_tables
from tests.pipelines.configuration.conftest import put
from tests.pipelines.conftest import Shop, request
from tests.pipelines.test_people import ADA, AS_OF, BOB, HOME, commit

MAPPED, NOREPLY = "ada@mapped.example", "77+AdaL@users.noreply.github.com"
PEOPLE = """
identities:
  ada@example.org: {name: Ada Lovelace, aliases: [ada@home.example, AdaL, ada@mapped.example]}
  ci@example.org: {bot: true}
teams:
  old: {members: [{identity: ada@home.example, to: 2026-03-04}]}
  new: {members: [{identity: ada@example.org, from: 2026-03-04}]}
  shop: {repositories: [{glob: "sh*", from: 2026-03-07}]}
"""
NOBODY = "identities: {}\nteams: {}\n"
AT = {"at-the-first-page": "fetching", "half-way": "stored"}
"""Organisations that are told during their sync, and the event."""


def test_the_same_tables_whenever_people_are_told_and_the_earlier_ones_when_they_are_taken_back(settings, tmp_path):
    shop = history(tmp_path / "shop")
    tell(settings, "before", PEOPLE)
    for slug in ("nobody", "before", *AT, "after", "bit-by-bit"):
        setup.register_source(settings, slug, str(shop.path))
        assert not run_sync(settings, request(as_of=AS_OF, organisation=slug), telling(settings, slug)).failed
        compute_dirty(settings, AS_OF, slug)
    shop.path.rename(tmp_path / "moved away")  # nothing is fetched from here on
    plain = tables(settings, "nobody")
    assert tables(settings, "after") == plain
    tell(settings, "after", PEOPLE)
    tell_bit_by_bit(settings, "bit-by-bit")
    compute_dirty(settings, AS_OF)
    told = tables(settings, "before")
    assert people_in(told) == {ADA, BOB}
    assert people_in(plain) == {ADA, HOME, BOB, MAPPED, "adal@users.noreply.github.com", "ci@example.org"}
    assert {slug: tables(settings, slug) == told for slug in (*AT, "after", "bit-by-bit")} == dict.fromkeys(
        (*AT, "after", "bit-by-bit"), True
    )
    for slug in ("before", *AT, "after"):
        tell(settings, slug, NOBODY)
    take_back_bit_by_bit(settings, "bit-by-bit")
    compute_dirty(settings, AS_OF)
    for slug in ("before", *AT, "after", "bit-by-bit"):
        assert tables(settings, slug) == plain, slug


def history(path):
    """Seven days in March 2026; a mailmap renames one address, the others are for the organisation to know."""
    shop = Shop(path)
    (path / ".mailmap").write_text(f"Ada <{MAPPED}> <ada@old.example>\n")
    who = (ADA, HOME, "ada@old.example", BOB, NOREPLY, HOME, BOB, ADA, "ci@example.org")
    for number, email in enumerate(who):
        commit(shop, 2 + number * 3 // 4, email, number + 1)
    return shop


def tell(settings, slug, people):
    settle(settings, put(settings, f"organisations:\n  {slug}:\n{indent(people, '    ')}"))


def telling(settings, slug):
    """A listener to a sync that tells of people at the first event of its organisation's kind."""
    waiting = [AT[slug]] if slug in AT else []

    def listen(event, _unit, _count):
        if event in waiting:
            waiting.remove(event)
            tell(settings, slug, PEOPLE)

    return listen


def tell_bit_by_bit(settings, slug):
    """With metrics computed after every step."""
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, slug)
    for alias in (HOME, "AdaL", MAPPED):
        identities.merge(engine, org_id, alias, ADA)
        compute_dirty(settings, AS_OF, slug)
    tell(settings, slug, PEOPLE)


def take_back_bit_by_bit(settings, slug):
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, slug)
    with writing(engine) as connection:
        teams.replace_all(connection, org_id, [])
    compute_dirty(settings, AS_OF, slug)
    for alias in (MAPPED, HOME, "adal"):
        identities.unmerge(engine, org_id, alias)
        compute_dirty(settings, AS_OF, slug)
    tell(settings, slug, NOBODY)


def tables(settings, slug):
    """What is stored of an organisation and still holds, its ids replaced: the same for all that are alike."""
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, slug)
    found = stored_tables(settings, org_id)
    repo_ids = {row[1] for row in found["repositories"]}
    ids = {org_id: "organisation"} | dict.fromkeys(repo_ids, "repository")
    for name in ("identity_mappings", "team_assignments"):
        found[name] = [row for row in found[name] if not row[-1]]  # what is taken back stays, marked as removed
    return {
        name: sorted((tuple(ids.get(one, one) for one in map(_plain, row)) for row in rows), key=repr)
        for name, rows in found.items()
    }


def _plain(value):
    return tuple(value) if isinstance(value, list) else value


def people_in(found):
    return {row[2] for row in found["user_metrics_daily"]}
