import pytest
from sqlalchemy.engine import Engine

from devhealth.errors import UnknownName
from devhealth.relational import writing
from devhealth.semantic import configurations, organizations
from devhealth.semantic.configurations import SyncConfiguration


def save(engine: Engine, org_id: str, name: str = "shop", **changes) -> SyncConfiguration:
    values = {"provider": "local_git", "sources": ["/srv/shop"], "targets": ["git"], "options": {"depth": 90}}
    return configurations.save(engine, org_id=org_id, name=name, **{**values, **changes})


def test_what_is_saved_is_listed(engine: Engine, acme: str):
    saved = save(engine, acme, options={"depth": 90, "any": True, "bots": ["x[bot]"], "odd": 'a"\\b\n'})
    assert saved == SyncConfiguration(
        org_id=acme,
        configuration_id=saved.configuration_id,
        name="shop",
        provider="local_git",
        sources=["/srv/shop"],
        targets=["git"],
        options={"depth": 90, "any": True, "bots": ["x[bot]"], "odd": 'a"\\b\n'},
        is_paused=False,
    )
    assert configurations.list_configurations(engine, acme, "local_git") == [saved]


def test_saving_again_replaces_and_keeps_the_pause(engine: Engine, acme: str):
    first = save(engine, acme, is_paused=True)
    second = save(engine, acme, targets=["git", "blame"])
    assert second.configuration_id == first.configuration_id
    assert second.is_paused
    assert configurations.list_configurations(engine, acme, "local_git") == [second]
    assert not save(engine, acme, is_paused=False).is_paused


def test_configurations_are_chosen_by_organisation_provider_and_name(engine: Engine, acme: str):
    beta = organizations.ensure_organization(engine, "beta")
    ours, other, theirs = save(engine, acme), save(engine, acme, "other"), save(engine, beta)
    hub = save(engine, acme, provider="github")
    assert configurations.list_configurations(engine, acme, "local_git") == [other, ours]
    assert configurations.list_configurations(engine, acme, "github") == [hub]
    assert configurations.list_configurations(engine, beta, "local_git") == [theirs]
    assert configurations.list_configurations(engine, acme, "local_git", ["shop"]) == [ours]
    everything = configurations.list_configurations(engine, None, "local_git")
    assert {(one.org_id, one.name) for one in everything} == {(acme, "shop"), (acme, "other"), (beta, "shop")}


def test_an_unknown_name_is_refused_with_those_there_are(engine: Engine, acme: str):
    beta = organizations.ensure_organization(engine, "beta")
    save(engine, acme)
    with pytest.raises(UnknownName, match=r"'typo'\. There are: shop"):
        configurations.list_configurations(engine, acme, "local_git", ["shop", "typo"])
    with pytest.raises(UnknownName, match=r"'shop'\. There is none yet"):
        configurations.list_configurations(engine, beta, "local_git", ["shop"])


def test_a_rule_a_schedule_and_a_reference_stay_unless_they_are_given(engine: Engine, acme: str):
    details = {"discovery": ["/srv/**"], "schedule": "@daily", "credential": "env:TOKEN"}
    assert {name: getattr(save(engine, acme, **details), name) for name in details} == details
    assert {name: getattr(save(engine, acme, targets=["blame"]), name) for name in details} == details
    emptied = save(engine, acme, discovery=[], schedule="", credential="")
    assert (emptied.discovery, emptied.schedule, emptied.credential) == ([], "", "")


def test_a_configuration_is_paused_and_resumed_by_name(engine: Engine, acme: str):
    save(engine, acme)
    other = save(engine, acme, "other")
    assert configurations.set_paused(engine, acme, "shop", is_paused=True)
    assert not configurations.set_paused(engine, acme, "shop", is_paused=True)
    assert [one.is_paused for one in configurations.list_configurations(engine, acme, "local_git")] == [False, True]
    assert configurations.set_paused(engine, acme, "shop", is_paused=False)
    assert configurations.list_configurations(engine, acme, "local_git")[0] == other
    with pytest.raises(UnknownName, match=r"'typo'\. There are: other, shop"):
        configurations.set_paused(engine, acme, "typo", is_paused=True)


def test_what_is_removed_is_gone_from_its_organisation_alone(engine: Engine, acme: str):
    ours, theirs = save(engine, acme), save(engine, organizations.ensure_organization(engine, "beta"))
    with writing(engine) as connection:
        configurations.remove(connection, acme, theirs.configuration_id)
        configurations.remove(connection, acme, ours.configuration_id)
    assert configurations.list_configurations(engine, None, "local_git") == [theirs]
