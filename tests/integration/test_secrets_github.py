"""Credentials for GitHub planted wherever one may be configured; its server repeats them in whatever goes wrong."""

import json
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from devhealth.pipelines import setup
from devhealth.semantic import credentials, database, organizations
from tests.github import apps, pulls, repositories
from tests.github.messages import Reply, problem
from tests.github.server import GitHubServer
from tests.github.world import World
from tests.integration.planted import Planted, rows_of_airflow, rows_of_stores
from tests.integration.test_secrets import LOUDEST, OWN_COPY

pytestmark = pytest.mark.airflow

TARGETS = {"delta": ["git", "prs"]}
USERS = ("", "x-access-token")
KEY = Fernet.generate_key().decode()
TOKENS = {
    name: f"ghp_pl4nted0{name}0{number}0abcdefghijklmnop" for number, name in enumerate(("acme", "beta", "c", "d"))
}
REFERENCES = {
    "acme": "stored:github",
    "beta": "airflow:github_default",
    "gamma": "env:GAMMA_TOKENS",
    "delta": "stored:app",
    "eta": "airflow:github_app",
}


@pytest.fixture(scope="module")
def pem():
    """A private key in one line, as connections and variables carry it."""
    key = rsa.generate_private_key(65_537, 2_048)
    kind, nothing = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, nothing).decode().replace("\n", "\\n")


@pytest.fixture
def github(monkeypatch):
    world = World()
    shop = repositories.create(world, "acme/shop")
    pulls.create(world, shop)
    apps.install(world, "acme")
    with GitHubServer(world) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.api_url)
        yield server


@pytest.fixture
def home(airflow_home, github, pem, monkeypatch):
    """An Airflow with five organisations, each with a credential of another kind."""
    monkeypatch.setenv("GAMMA_TOKENS", f"{TOKENS['c']},{TOKENS['d']}")
    app = {"app_id": "7", "private_key": pem}
    home = airflow_home.with_environment(
        **LOUDEST,
        FORCE_COLOR="1",
        AIRFLOW_CONN_GITHUB_DEFAULT=json.dumps({"conn_type": "github", "password": TOKENS["beta"]}),
        AIRFLOW_CONN_GITHUB_APP=json.dumps({"conn_type": "github", "host": github.api_url, "extra": app}),
        GAMMA_TOKENS=f"{TOKENS['c']},{TOKENS['d']}",
        GITHUB_API_URL=github.api_url,
        DEVHEALTH_SECRET_KEY=KEY,
    )
    settings = home.settings
    setup.prepare(settings)
    engine = database.open_semantic(settings)
    for organisation, reference in REFERENCES.items():
        org_id = organizations.ensure_organization(engine, organisation)
        for name, fields in (("github", {"token": TOKENS["acme"]}), ("app", app)):
            credentials.save(engine, KEY, org_id=org_id, name=name, provider="github", fields=fields)
        chosen = {
            "provider": "github",
            "targets": TARGETS.get(organisation, ["prs"]),
            "credential": reference,
            "name": "shop",
        }
        setup.register_source(settings, organisation, "acme/shop", **chosen)
    return home


def repeating(status, kind=""):
    """An answer in which what was sent stands in its message."""

    def fault(request, _right):
        said = f"no: {request.headers['authorization']}"
        if kind == "page":
            return Reply(f"<html>{said}</html>".encode(), status, {"Content-Type": "text/html"})
        if kind == "graphql":
            return Reply({"data": None, "errors": [{"message": said}]})
        return problem(status, said)

    return fault


def test_a_sync_in_which_everything_goes_wrong_leaves_no_secret_anywhere(home, github, pem):
    def by(*tokens):
        return lambda request: request.token.startswith(tokens) and not request.path.startswith("/app")

    cut = lambda request, right: replace(repeating(200)(request, right), cut_after=50)  # noqa: E731
    both = by(TOKENS["c"], TOKENS["d"])
    for fault in (repeating(502, "page"), cut, repeating(200, "graphql")):
        github.faults.add(fault, when=both)
    github.faults.add(repeating(401), when=by(TOKENS["acme"]), times=-1)
    github.faults.add(repeating(403), when=by(TOKENS["beta"]), times=-1, after=1)
    github.faults.add(repeating(422), when=both, times=-1, after=1)
    github.faults.add(repeating(422), when=by("ghs_"), times=-1, after=2)
    run = home.start("dags", "test", "sync_github")
    secrets = {**TOKENS, "key": KEY, "private key": pem, "a line of it": pem.split("\\n")[2]}
    with Planted(secrets, USERS).watching(run.pid) as arguments:
        assert run.wait(240) == 1
    assert {name for names in arguments.values() for name in names} == set()
    said = (home.folder / "output.log").read_text()
    assert "6 of 6 units failed" in said
    assert [reference for reference in REFERENCES.values() if reference not in said] == []
    assert len(github.world.expiries) >= 2
    planted = Planted({**secrets, **{token: token for token in github.world.expiries}}, USERS)
    assert planted.found_in_files(home.folder, passes=OWN_COPY) == {}
    assert planted.found_in(rows_of_airflow(home.folder / "airflow.db")) == []
    assert planted.found_in(rows_of_stores(home.settings)) == []
