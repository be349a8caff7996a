"""Organisations and people from the command line, with nothing but a semantic database."""

import json
import os
import pty
import re

import pytest

from devhealth.semantic import database, users
from devhealth.settings import Settings
from tests.cli.semantic_commands import INCLUDE, command, environment, runner
from tests.postgres import ENGINES, fresh_uri

PASSWORD = "planted correct horse"


@pytest.fixture(params=ENGINES)
def uri(request, tmp_path):
    return fresh_uri(request.param, tmp_path)


@pytest.fixture
def devhealth(tmp_path, uri):
    return runner(tmp_path, POSTGRES_URI=uri)


@pytest.fixture
def engine(tmp_path, uri):
    engine = database.open_upgraded(Settings(home=tmp_path, semantic_uri=uri))
    yield engine
    engine.dispose()


def test_an_install_without_the_embedded_clickhouse_upgrades_the_semantic_database_alone(devhealth, tmp_path, uri):
    """As in an Airflow whose tasks have a connection for ClickHouse: where the database is upgraded nobody needs it."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['chdb'] = None\n")
    bare = {"CLICKHOUSE_URI": "", "PYTHONPATH": f"{INCLUDE}{os.pathsep}{tmp_path}"}
    assert "ClickHouse left alone, since CLICKHOUSE_URI is not set" in devhealth("db", "upgrade", **bare).stdout
    assert database.current(Settings(home=tmp_path, semantic_uri=uri))
    assert not (tmp_path / "warehouse").exists()


def test_from_nothing_to_an_organisation_with_an_owner(devhealth, engine):
    assert "admin create-org" in devhealth("admin", "list-orgs").stdout
    assert "admin create-user" in devhealth("admin", "list-users").stdout
    devhealth("admin", "create-org", "acme", "--tier", "team")
    devhealth("admin", "create-user", "Ada@Example.org", "--name", "Ada", "--password-stdin", stdin=f"{PASSWORD}\nx")
    devhealth("admin", "add-member", "--org", "acme", "--email", "ada@example.org", "--role", "owner")
    listed = devhealth("admin", "list-users").stdout
    assert re.search(r"ada@example\.org +Ada +owner of acme +yes", listed)
    assert re.search(r"acme +team +90 +20\d\d-", devhealth("admin", "list-orgs").stdout)
    assert users.verify(engine, "ada@example.org", PASSWORD)
    assert PASSWORD not in listed + devhealth("admin", "list-users", "--json").stdout


def test_a_script_gets_json(devhealth):
    made = json.loads(devhealth("admin", "create-org", "acme", "--json").stdout)
    (listed,) = json.loads(devhealth("admin", "list-orgs", "--json").stdout)
    assert made.items() <= listed.items()
    assert (listed["tier"], listed["backfill_days"]) == ("community", 30)
    user = json.loads(devhealth("admin", "create-user", "ada@example.org", "--no-password", "--json").stdout)
    held = devhealth("admin", "add-member", "--org", "acme", "--email", "ADA@example.org", "--role", "viewer", "--json")
    assert json.loads(held.stdout) == {"organisation": "acme", "email": "ada@example.org", "role": "viewer"}
    membership = {"organisation": "acme", "role": "viewer"}
    assert json.loads(devhealth("admin", "list-users", "--json").stdout) == [user | {"memberships": [membership]}]


def test_an_organisation_lists_its_own_people_only(devhealth):
    for slug, email in (("acme", "ada@example.org"), ("beta", "bob@example.org")):
        devhealth("admin", "create-org", slug)
        devhealth("admin", "create-user", email, "--no-password")
        devhealth("admin", "add-member", "--org", slug, "--email", email, "--role", "member")
    listed = devhealth("admin", "list-users", "--org", "acme").stdout
    assert "ada@example.org" in listed
    assert "b" not in re.sub(r"ada@example\.org +ada +member of acme", "", listed.split("\n", 1)[1])


def test_tiers_and_limits_are_changed(devhealth):
    devhealth("admin", "create-org", "acme")
    assert "any number of days" in devhealth("admin", "set-tier", "acme", "enterprise").stdout
    assert "at most 120 days" in devhealth("admin", "set-limit", "enterprise", "120").stdout
    (listed,) = json.loads(devhealth("admin", "list-orgs", "--json").stdout)
    assert (listed["tier"], listed["backfill_days"]) == ("enterprise", 120)
    assert json.loads(devhealth("admin", "set-limit", "enterprise", "unlimited", "--json").stdout) == {
        "tier": "enterprise",
        "backfill_days": None,
    }


BAD = {
    "duplicate organisation": (("create-org", "acme"), "acme exists already"),
    "no slug": (("create-org", "Acme Inc"), "no valid slug"),
    "unknown tier": (("create-org", "beta", "--tier", "gold"), "There are: community, team, enterprise"),
    "unknown tier to set": (("set-tier", "acme", "gold"), "There are: community, team, enterprise"),
    "unknown organisation": (("set-tier", "beta", "team"), "organisation 'beta' does not exist. There are: acme"),
    "unknown organisation of users": (("list-users", "--org", "beta"), "'beta' does not exist"),
    "no days": (("set-limit", "team", "many"), "expected a whole number from 1 to 999999, or unlimited"),
    "zero days": (("set-limit", "team", "0"), "expected a whole number"),
    "no tier of that name": (("set-limit", "gold", "5"), "There are: community"),
    "duplicate user": (("create-user", "ADA@example.org", "--no-password"), "ada@example.org exists already"),
    "no e-mail": (("create-user", "ada", "--no-password"), "no e-mail address"),
    "empty password": (("create-user", "bob@example.org", "--password-stdin"), "holds no password"),
    "nobody to ask": (("create-user", "bob@example.org"), "--password-stdin or --no-password"),
    "a password on the command line": (("create-user", "bob@example.org", "--password", "x"), "No such option"),
    "unknown user": (("add-member", "--org", "acme", "--email", "b@x", "--role", "owner"), "b@x does not exist"),
    "unknown role": (("add-member", "--org", "acme", "--email", "ada@example.org", "--role", "god"), "is no role"),
}


def test_bad_input_is_one_sentence_and_changes_nothing(tmp_path):
    devhealth = runner(tmp_path)
    devhealth("admin", "create-org", "acme")
    devhealth("admin", "create-user", "ada@example.org", "--no-password")
    before = devhealth("admin", "list-orgs").stdout + devhealth("admin", "list-users").stdout
    for name, (arguments, expected) in BAD.items():
        said = devhealth("admin", *arguments, status=2)
        assert expected in said.stderr, name
        assert said.stdout == "", name
    assert devhealth("admin", "list-orgs").stdout + devhealth("admin", "list-users").stdout == before


def test_a_person_is_asked_twice_and_nothing_typed_is_shown(tmp_path):
    child, terminal = pty.fork()
    if not child:
        os.execve(command()[0], command("admin", "create-user", "ada@example.org"), environment(tmp_path))
    shown = b""
    for prompt in (b"Password: ", b"confirmation: "):
        while not shown.rstrip().endswith(prompt.rstrip()):
            shown += os.read(terminal, 1024)
        os.write(terminal, f"{PASSWORD}\n".encode())
    try:
        while more := os.read(terminal, 1024):
            shown += more
    except OSError:  # the other end is closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert b"ada@example.org" in shown
    assert PASSWORD.encode() not in shown
    engine = database.open_semantic(Settings(home=tmp_path, semantic_uri=f"sqlite:///{tmp_path}/semantic.db"))
    assert users.verify(engine, "ada@example.org", PASSWORD)


@pytest.mark.parametrize(
    "name", ["", "create-user", "create-org", "list-users", "list-orgs", "add-member", "set-tier", "set-limit"]
)
def test_every_command_shows_an_example(tmp_path, name):
    assert "Example" in runner(tmp_path)("admin", *name.split(), "--help").stdout


@pytest.mark.parametrize("arguments", [("metrics", "daily"), ("sync", "git"), ("sync", "blame"), ("show",)])
def test_metrics_want_clickhouse_where_administration_takes_postgresql(tmp_path, arguments):
    uri = fresh_uri("postgresql", tmp_path)
    devhealth = runner(tmp_path, CLICKHOUSE_URI="", DATABASE_URI=uri)
    devhealth("admin", "create-org", "acme")
    assert "acme" in devhealth("admin", "list-orgs").stdout
    assert not (tmp_path / "semantic.db").exists()
    assert "Set CLICKHOUSE_URI: expected clickhouse://" in devhealth(*arguments, status=2).stderr
