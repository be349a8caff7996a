import pytest
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, UnknownName
from devhealth.semantic import database, organizations
from devhealth.settings import Settings
from tests.processes import at_once


def test_a_slug_always_has_the_same_id(engine: Engine):
    first = organizations.ensure_organization(engine, "acme")
    assert organizations.ensure_organization(engine, "acme") == first
    assert organizations.organization_id(engine, "acme") == first
    assert organizations.ensure_organization(engine, "beta") != first
    assert [one.slug for one in organizations.list_organizations(engine)] == ["acme", "beta"]


def test_an_organisation_is_made_on_its_tier_once(engine: Engine):
    made = organizations.create_organization(engine, "acme", "team")
    assert organizations.list_organizations(engine) == [made]
    assert (made.org_id, made.tier) == (organizations.ensure_organization(engine, "acme"), "team")
    with pytest.raises(InputError, match="organisation acme exists already"):
        organizations.create_organization(engine, "acme")
    assert organizations.create_organization(engine, "beta").tier == "community"
    with pytest.raises(UnknownName, match=r"'gold' does not exist\. There are: community, team, enterprise"):
        organizations.create_organization(engine, "gamma", "gold")
    with pytest.raises(InputError, match="no valid slug"):
        organizations.create_organization(engine, "Gamma")
    assert [one.slug for one in organizations.list_organizations(engine)] == ["acme", "beta"]


def test_an_unknown_organisation_is_refused_with_those_there_are(engine: Engine):
    with pytest.raises(UnknownName, match=r"'acme' does not exist\. There is none yet"):
        organizations.organization_id(engine, "acme")
    organizations.ensure_organization(engine, "beta")
    with pytest.raises(UnknownName, match="There are: beta"):
        organizations.organization_id(engine, "acme")


@pytest.mark.parametrize("slug", ["", "Acme", "a b", "-a", "a-", "a" * 65, "ä", "a\n", "a'; drop table x"])
def test_a_slug_that_is_none_is_refused(engine: Engine, slug: str):
    with pytest.raises(InputError, match="no valid slug"):
        organizations.ensure_organization(engine, slug)


def test_twenty_processes_make_one_organisation(settings: Settings):
    database.upgrade(settings)

    def ensure(number: int) -> str:
        return organizations.ensure_organization(database.open_semantic(settings), "acme")

    assert len(set(at_once(20, ensure))) == 1
