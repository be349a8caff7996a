"""Documents against both kinds of semantic database: what changes, what does not, and what a kill leaves."""

import dataclasses
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from devhealth.errors import InputError, StoreError
from devhealth.pipelines import setup
from devhealth.pipelines.configuration import yaml_tree
from devhealth.pipelines.configuration.apply import apply
from devhealth.pipelines.configuration.compare import FieldChange
from devhealth.pipelines.configuration.read import what_can_be_read
from devhealth.relational import reading
from devhealth.semantic import configurations, credentials, database, identities, organizations, repositories, teams
from devhealth.semantic.tables import sync_configurations, sync_watermarks
from devhealth.settings import Settings
from tests.pipelines.configuration.conftest import FULL, KEY, SECRET, put, rows, said
from tests.pipelines.conftest import Shop
from tests.processes import at_once

SHOP = "organisations: {acme: {configurations: {shop: {provider: local_git, sources: [/srv/shop], targets: [git]}}}}"


def engine_of(settings: Settings):
    return database.open_semantic(settings)


def acme_of(settings: Settings) -> str:
    return organizations.organization_id(engine_of(settings), "acme")


def test_a_document_sets_up_everything_it_names(settings):
    plan = put(settings, FULL)
    assert said(plan) == [
        "add organisations acme",
        "add credentials git-host",
        "add configurations shop",
        "add identities ada@example.org",
        "add teams platform",
    ]
    engine, acme = engine_of(settings), acme_of(settings)
    assert organizations.list_organizations(engine)[0].tier == "team"
    assert credentials.load(engine, KEY, acme, "git-host").fields == {"token": SECRET}
    (shop,) = configurations.list_configurations(engine, acme, "local_git")
    assert dataclasses.asdict(shop) == {
        "org_id": acme,
        "configuration_id": shop.configuration_id,
        "name": "shop",
        "provider": "local_git",
        "sources": ["/srv/git/shop", "https://git.example.com/acme/api.git"],
        "targets": ["blame", "git"],
        "options": {
            "counts_any_branch": True,
            "depth_days": 365,
            "bot_patterns": ["ci@acme"],
            "default_branch": "main",
        },
        "is_paused": True,
        "discovery": ["/srv/git/*.git"],
        "schedule": "@daily",
        "credential": "stored:git-host",
    }
    (ada,) = identities.list_all(engine, acme)
    assert (ada.name, ada.aliases, ada.is_bot) == ("Ada Lovelace", ("ada@home.example", "adal"), False)
    (platform,) = teams.list_all(engine, acme)
    assert [str(one.valid_to) for one in platform.members] == ["None", "2026-07-01"]


def test_applying_it_again_changes_nothing_and_writes_nothing(settings):
    put(settings, FULL)
    before = rows(settings)
    assert put(settings, FULL).changes == []
    assert rows(settings) == before


def test_a_dry_run_says_the_same_and_stores_nothing(settings):
    put(settings, "organisations: {beta: {}}")
    before = rows(settings)
    dry = put(settings, FULL, is_dry=True)
    assert rows(settings) == before
    assert dry.changes == put(settings, FULL).changes


def test_what_changes_is_told_by_field_and_only_that_is_written(settings):
    put(settings, FULL)
    before = rows(settings)
    text = FULL.replace("depth_days: 365", "depth_days: 90").replace("Ada Lovelace", "Ada King").replace(", adal]", "]")
    plan = put(settings, text)
    assert said(plan) == ["change configurations shop", "change identities ada@example.org"]
    assert [change.fields for change in plan.changes] == [
        [FieldChange("options.depth_days", 365, 90)],
        [
            FieldChange("name", "Ada Lovelace", "Ada King"),
            FieldChange("aliases", ["ada@home.example", "adal"], ["ada@home.example"]),
        ],
    ]
    after = rows(settings)
    touched = {name for name in after if after[name] != before[name]}
    assert touched == {"sync_configurations", "identity_mappings"}


def test_a_changed_secret_is_told_as_one_and_never_by_value(settings):
    put(settings, FULL)
    plan = put(settings, FULL, environ={"TOKEN": "planted-other"})
    assert plan.changes[0].fields == [FieldChange("fields.token", None, "(secret, changed)")]
    assert "planted" not in repr(plan)
    assert credentials.load(engine_of(settings), KEY, acme_of(settings), "git-host").fields == {
        "token": "planted-other"
    }
    assert SECRET not in repr(rows(settings))


def test_absent_sections_and_organisations_stay_and_present_ones_are_the_whole_truth(settings):
    put(settings, FULL + FULL.replace("organisations:", "").replace("  acme:", "  beta:"))
    beta = [row for table in rows(settings).values() for row in table if "beta" in row]
    plan = put(settings, "organisations: {acme: {teams: {}, identities: {bob: }}}")
    assert said(plan) == ["remove identities ada@example.org", "add identities bob", "remove teams platform"]
    engine, acme = engine_of(settings), acme_of(settings)
    assert teams.list_all(engine, acme) == []
    assert [one.identity_id for one in identities.list_all(engine, acme)] == ["bob"]
    assert len(configurations.list_configurations(engine, acme, "local_git")) == 1
    assert [row for table in rows(settings).values() for row in table if "beta" in row] == beta
    other = organizations.organization_id(engine, "beta")
    assert len(teams.list_all(engine, other)) == len(identities.list_all(engine, other)) == 1


def test_a_removed_configuration_keeps_what_its_sources_brought(settings):
    put(settings, SHOP)
    engine, acme = engine_of(settings), acme_of(settings)
    repo_id = repositories.register(
        engine, acme, provider="local_git", host="local", provider_id="/srv/shop", name="shop", aliases=["/srv/shop"]
    )
    with engine.begin() as connection:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        values = {"org_id": acme, "repo_id": repo_id, "target": "git", "at": now, "updated_at": now}
        connection.execute(sync_watermarks.insert().values(values))
    assert said(put(settings, "organisations: {acme: {configurations: {}}}")) == ["remove configurations shop"]
    after = rows(settings)
    assert not after["sync_configurations"]
    assert after["sync_watermarks"]
    assert after["repositories"]


def test_a_pause_stays_unless_the_document_speaks_of_it(settings):
    put(settings, SHOP)
    engine, acme = engine_of(settings), acme_of(settings)
    configurations.set_paused(engine, acme, "shop", is_paused=True)
    assert put(settings, SHOP).changes == []
    put(settings, SHOP.replace("[git]", "[git, blame]"))
    assert configurations.list_configurations(engine, acme, "local_git")[0].is_paused
    resumed = put(settings, SHOP.replace("[git]", "[git, blame], paused: false")).changes[0].fields
    assert resumed == [FieldChange("paused", old=True, new=False)]
    assert not configurations.list_configurations(engine, acme, "local_git")[0].is_paused


def test_a_credential_and_its_configuration_come_and_go_together(settings):
    put(settings, FULL)
    plan = put(settings, "organisations: {acme: {credentials: {}, configurations: {}}}")
    assert said(plan) == ["remove credentials git-host", "remove configurations shop"]
    assert not rows(settings)["integration_credentials"]


def test_an_error_in_one_organisation_stops_them_all(settings):
    with pytest.raises(InputError, match="beta"):
        put(settings, "organisations: {acme: {}, beta: {tier: gold}}")
    assert not rows(settings)["organizations"]


def test_an_error_while_writing_leaves_nothing(settings, monkeypatch):
    def refused(*_arguments, **_fields):
        raise StoreError("disk full")

    monkeypatch.setattr(teams, "replace_all", refused)
    put(settings, "organisations: {beta: {}}")
    before = rows(settings)
    with pytest.raises(StoreError, match="disk full"):
        put(settings, FULL)
    assert rows(settings) == before


def test_what_changed_since_it_was_shown_is_not_written_over(settings):
    put(settings, SHOP)

    def meanwhile(_plan):
        configurations.set_paused(engine_of(settings), acme_of(settings), "shop", is_paused=True)

    with pytest.raises(StoreError, match="somebody else changed"):
        put(settings, SHOP.replace("[git]", "[blame]"), on_plan=meanwhile)


def _apply_one(settings: Settings, number: int) -> str:
    names = [f"{'even' if number % 2 == 0 else 'odd'}{place}" for place in range(20)]
    people = ", ".join(f"{name}: {{name: '{names[0]}'}}" for name in names)
    put(settings, f"organisations: {{acme: {{identities: {{{people}}}, teams: {{t{names[0]}: {{members: [x]}}}}}}}}")
    return names[0]


def test_many_that_apply_at_once_end_as_one_of_them(settings):
    put(settings, "organisations: {acme: {}}")
    at_once(6, _apply_one, settings)
    engine, acme = engine_of(settings), acme_of(settings)
    people, (team,) = identities.list_all(engine, acme), teams.list_all(engine, acme)
    assert len(people) == 20
    assert {f"t{one.name}" for one in people} == {team.team_id}


KILLED = """
import sys, time
from pathlib import Path
from devhealth.pipelines.configuration import yaml_tree
from devhealth.pipelines.configuration.apply import apply
from devhealth.pipelines.configuration.read import read
from devhealth.semantic import teams
from devhealth.settings import Settings

after = sys.argv[4] == "after"
written = teams.replace_all

def stopped(*arguments):
    written(*arguments)
    print("written", flush=True)
    if not after:
        time.sleep(600)

teams.replace_all = stopped
settings = Settings(home=Path(sys.argv[1]), semantic_uri=sys.argv[2], secret_key=sys.argv[3])
tree = yaml_tree.read(sys.stdin.buffer.read(), "org.yaml", Path("/srv"))
apply(settings, read(tree), tree, environ={"TOKEN": "x"})
print("stored", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle_it_stored_nothing_and_killed_after_it_everything(settings, moment):
    put(settings, "organisations: {beta: {}}")
    before = rows(settings)
    arguments = [str(settings.home), settings.semantic_uri, KEY, moment]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(configurations.__file__).parents[2])},
    )
    process.stdin.write(FULL.encode())
    process.stdin.close()
    assert process.stdout.readline() == b"written\n"
    if moment == "after":
        assert process.stdout.readline() == b"stored\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if moment == "after":
        assert put(settings, FULL, environ={"TOKEN": "x"}).changes == []
        return
    assert rows(settings) == before
    assert len(put(settings, FULL).changes) == 5


def test_what_was_registered_is_the_same_as_what_was_applied(settings):
    put(settings, "organisations: {acme: {}}")
    engine = engine_of(settings)
    configurations.save(
        engine,
        org_id=acme_of(settings),
        name="shop",
        provider="local_git",
        sources=["/srv/shop"],
        targets=["git"],
        options={},
    )
    assert put(settings, SHOP).changes == []
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(sync_configurations)).scalar() == 1


def test_a_registration_waits_for_a_document_and_keeps_what_it_says(settings, tmp_path):
    """It reads what is there and writes it back changed: what a document writes in between would be lost."""
    shop = Shop(tmp_path / "shop").commit()
    document = SHOP.replace("/srv/shop", str(shop.path)).replace("[git]", "[git], options: {}")
    put(settings, document)
    registration = Thread(
        target=setup.register_source, args=(settings, "acme", str(shop.path)), kwargs={"options": {"depth_days": 30}}
    )

    def register(_plan):
        registration.start()
        registration.join(1)
        assert registration.is_alive()

    put(settings, document.replace("options: {}", "options: {any_branch: true}"), on_plan=register)
    registration.join()
    (stored,) = configurations.list_configurations(engine_of(settings), acme_of(settings), "local_git")
    assert (stored.targets, stored.options) == (["git"], {"counts_any_branch": True, "depth_days": 30})


def test_mistakes_of_every_kind_are_told_at_once_and_none_that_follows_from_another(settings):
    text = """organisations:
  acme:
    tier: gold
    credentials: {host: {fields: {}}}
    configurations:
      shop: {provider: local_git, source: [x], targets: [gti], credential: stored:host}
      site: {provider: nobody, sources: [a], schedule: never}
  '': {}
"""
    tree = yaml_tree.read(text.encode(), "org.yaml", Path("/srv"))
    document, noted = what_can_be_read(tree)
    with pytest.raises(InputError) as error:
        apply(settings, document, tree, noted=noted)
    lines = [line.split(":")[1] + line.partition(": ")[2][:45] for line in str(error.value).splitlines()]
    assert lines == [
        "3acme.tier: tier 'gold' does not exist: expect",
        "4acme.credentials.host: `provider` is missing:",
        "6acme.configurations.shop.source: this field i",
        "6acme.configurations.shop.targets item 1: loca",
        "7acme.configurations.site.provider: provider '",
        "7acme.configurations.site.schedule: 'never' is",
        "8organisation '' is no valid slug: expected 1 ",
    ]
    assert not any(rows(settings)["organizations"])
