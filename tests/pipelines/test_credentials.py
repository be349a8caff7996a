"""From a reference to what a source is read with."""

import base64
import dataclasses
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy.engine import make_url

from devhealth.errors import DevhealthError, InputError, SecretError, UnknownName
from devhealth.pipelines import credentials, setup
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.run import run_sync
from devhealth.pipelines.stages import fetch_unit
from devhealth.semantic import configurations, database, organizations
from devhealth.semantic import credentials as stored
from devhealth.semantic.secret_box import generate_key
from devhealth.settings import Settings
from tests.guarded_server import GuardedServer, guarded_server
from tests.pipelines.conftest import Shop, request
from tests.postgres import ENGINES, fresh_uri

KEY = generate_key()
SECRET, OTHER = "pl4nted/s3cret", "0ther/s3cret"
PEM = "-----BEGIN RSA PRIVATE KEY-----\npl4nted\n-----END RSA PRIVATE KEY-----\n"


class Host:
    """Airflow, as far as it is needed."""

    def __init__(self, **connections: dict[str, str]) -> None:
        self.connections, self.masked = connections, set()

    def connection(self, conn_id: str) -> dict[str, str] | None:
        return self.connections.get(conn_id)

    def mask(self, secret: str) -> None:
        self.masked.add(secret)


@pytest.fixture(params=ENGINES)
def semantic(request, tmp_path):
    """Settings whose semantic database holds acme with a credential, and beta without."""
    settings = Settings(home=tmp_path, semantic_uri=fresh_uri(request.param, tmp_path), secret_key=KEY)
    engine = database.open_upgraded(settings)
    acme, _ = (organizations.ensure_organization(engine, slug) for slug in ("acme", "beta"))
    fields = {"token": SECRET, "username": "ann"}
    stored.save(engine, KEY, org_id=acme, name="git-host", provider="local_git", fields=fields)
    yield settings
    engine.dispose()


def applied(settings, reference, slug="acme"):
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, slug)
    return credentials.applied(settings, engine, org_id=org_id, reference=reference, configuration="shop").credential


def test_each_kind_of_reference_is_resolved_and_masked(semantic, monkeypatch):
    monkeypatch.setenv("ACME_TOKEN", f"ann:{SECRET}\n")
    monkeypatch.setenv("BARE_TOKEN", SECRET)
    for reference in ("stored:git-host", "airflow:git_default", "env:ACME_TOKEN", "env:BARE_TOKEN"):
        host = Host(git_default={"username": "ann", "token": SECRET})
        found = applied(dataclasses.replace(semantic, host=host), reference)
        assert (found.reference, found.get("token")) == (reference, SECRET)
        user = "" if "BARE" in reference else "ann"
        assert found.get("username") == user
        assert {SECRET, quote(SECRET, safe=""), base64.b64encode(f"{user}:{SECRET}".encode()).decode()} <= host.masked
        assert "ann" not in host.masked
        assert SECRET not in repr(found)
    assert applied(semantic, "") is None


@pytest.mark.parametrize(
    ("reference", "slug", "said"),
    [
        ("stored:typo", "acme", "credential 'typo' of organisation 'acme' does not exist. There are: git-host."),
        ("stored:git-host", "beta", "credential 'git-host' of organisation 'beta' does not exist. There is none yet."),
        ("airflow:git_default", "acme", "only Airflow knows its connections, and this runs outside Airflow."),
        ("env:NOT_THERE", "acme", "the environment variable NOT_THERE is not set here. Set it to"),
        ("env:EMPTY", "acme", "the environment variable EMPTY is not set here."),
    ],
)
def test_what_cannot_be_resolved_names_who_wants_it_and_what_to_do(semantic, monkeypatch, reference, slug, said):
    monkeypatch.setenv("EMPTY", " ")
    with pytest.raises(SecretError) as caught:
        applied(semantic, reference, slug)
    told = str(caught.value)
    assert told.startswith(f"configuration 'shop' of organisation '{slug}' is read with {reference}: {said}")
    with pytest.raises(SecretError, match="cannot be decrypted with the key in DEVHEALTH_SECRET_KEY"):
        applied(dataclasses.replace(semantic, secret_key=generate_key()), "stored:git-host")


@pytest.mark.parametrize(
    ("connections", "said"),
    [({}, "Airflow has no connection 'git_default'"), ({"git_default": {"username": "a", "token": ""}}, "no password")],
)
def test_a_connection_that_gives_no_token_is_said(semantic, connections, said):
    with pytest.raises(SecretError, match=said):
        applied(dataclasses.replace(semantic, host=Host(**connections)), "airflow:git_default")


def test_a_credential_that_came_with_the_settings_serves_its_own_organisation_only(semantic):
    engine = database.open_semantic(semantic)
    acme, beta = (organizations.organization_id(engine, slug) for slug in ("acme", "beta"))
    given = credentials.of_location(
        semantic, org_id=acme, provider="local_git", location="https://ann:pass@git.example.org/a/b"
    )
    assert (given.credential.get("token"), given.credential.get("host")) == ("pass", "git.example.org")
    assert credentials.applied(given, engine, org_id=acme, reference="").credential == given.credential
    assert credentials.applied(given, engine, org_id=beta, reference="").credential is None
    assert credentials.of_location(semantic, org_id=acme, provider="local_git", location="/srv/shop") is semantic


def test_fields_and_values_that_no_credential_holds_are_refused():
    for names in ([], ["username"], ["token", "pasword"]):
        with pytest.raises(InputError, match="a credential of local_git"):
            credentials.check_fields("local_git", names)
    with pytest.raises(UnknownName):
        credentials.check_fields("nowhere", ["token"])
    with pytest.raises(InputError) as caught:
        credentials.check_values("github", {"token": f"{SECRET}\n"})
    assert SECRET not in str(caught.value)


def test_a_github_app_is_a_credential_without_a_token():
    for names in (["token"], ["token", "url"], ["app_id", "private_key"], ["app_id", "private_key", "installation_id"]):
        credentials.check_fields("github", names)
    for names in (["app_id"], ["private_key", "installation_id"], ["url"]):
        with pytest.raises(InputError, match=r"github needs 'token', or 'app_id' and 'private_key'\."):
            credentials.check_fields("github", names)
    for key in (PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", "\r\n")):
        credentials.check_values("github", {"app_id": "7", "private_key": key})
    for fields in ({"token": PEM}, {"app_id": "7\n"}, {"private_key": f"{PEM}\x00"}, {"private_key": "\n"}):
        with pytest.raises(InputError, match="is empty, or holds"):
            credentials.check_values("github", fields)


def test_what_no_header_takes_is_refused_when_it_is_stored():
    odd = (f"\ufeff{SECRET}", f"{SECRET[:9]}\u2011{SECRET[9:]}", f"{SECRET}\u2026", f"{SECRET}\u200b")
    for fields in ({"token": one} for one in odd):
        with pytest.raises(InputError, match=r"characters that no token or key has|control character") as caught:
            credentials.check_values("github", fields)
        assert SECRET[:9] not in str(caught.value)
    credentials.check_values("local_git", {"token": "pässword"})


def test_a_connection_may_hold_an_app_whose_number_is_no_secret(semantic):
    host = Host(github={"username": "", "token": "", "app_id": "7", "private_key": PEM})
    assert applied(dataclasses.replace(semantic, host=host), "airflow:github").get("app_id") == "7"
    assert {PEM, PEM.replace("\n", "\\n")} <= host.masked
    assert "7" not in host.masked


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GuardedServer]:
    """A repository, served to two accounts."""
    origin = Shop(tmp_path / "origin").commit(2)
    origin.git("clone", "-q", "--bare", str(origin.path), str(tmp_path / "served" / "shop.git"))
    origin.git("--git-dir", str(tmp_path / "served" / "shop.git"), "update-server-info")
    with guarded_server(tmp_path / "served", {"ann": SECRET, "bob": OTHER}) as server:
        yield server


def test_a_sync_of_two_organisations_reads_each_with_its_own_credential(
    settings, server, monkeypatch, tmp_path, caplog
):
    """One is refused: it gets nothing of what the other one read."""
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = dataclasses.replace(settings, secret_key=KEY)
    url = server.url("shop.git")
    monkeypatch.setenv("BETA_TOKEN", f"bob:{OTHER}")
    engine = database.open_semantic(settings)
    acme = organizations.ensure_organization(engine, "acme")
    stored.save(
        engine, KEY, org_id=acme, name="git-host", provider="local_git", fields={"token": SECRET, "username": "ann"}
    )
    setup.register_source(settings, "acme", url, targets=["git"], credential="stored:git-host", name="shop")
    setup.register_source(settings, "beta", url, targets=["git"], credential="env:BETA_TOKEN", name="shop")
    monkeypatch.setenv("BETA_TOKEN", "bob:wr0ng-one")
    server.seen.clear()
    with caplog.at_level(logging.INFO):
        report = run_sync(settings, request())
    assert [unit.rows["commits"] for unit in report.stored] == [2]
    (failure,) = report.failed
    assert failure.error.startswith(f"{url} refuses env:BETA_TOKEN: ")
    assert set(server.seen) == {"ann"}
    assert f"{server.host}/shop" not in failure.error.partition("refuses")[0].replace(url, "")
    assert "shop of organisation 'acme' is read with stored:git-host" in caplog.text
    monkeypatch.setenv("BETA_TOKEN", f"bob:{OTHER}")
    server.seen.clear()
    assert not run_sync(settings, request(organisation="beta")).failed
    assert set(server.seen) == {"bob"}
    kept = [path for path in settings.home.rglob("*") if path.is_file()]
    for secret in (SECRET, OTHER, "wr0ng-one"):
        assert secret not in caplog.text
        assert [path for path in kept if secret.encode() in path.read_bytes()] == []


def test_a_secret_that_cannot_be_decrypted_fails_its_units_alone(settings, server, shop, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    engine = database.open_semantic(settings)
    acme = organizations.ensure_organization(engine, "acme")
    stored.save(
        engine, KEY, org_id=acme, name="git-host", provider="local_git", fields={"token": SECRET, "username": "ann"}
    )
    with_key = dataclasses.replace(settings, secret_key=KEY)
    setup.register_source(with_key, "acme", server.url("shop.git"), targets=["git"], credential="stored:git-host")
    setup.register_source(settings, "beta", str(shop.path), targets=["git"])
    report = run_sync(settings, request())
    assert (len(report.stored), len(report.failed)) == (1, 1)
    assert "is read with stored:git-host: credential 'git-host' of organisation 'acme'" in report.failed[0].error
    assert "DEVHEALTH_SECRET_KEY is not set" in report.failed[0].error
    assert len(run_sync(with_key, request(organisation="acme")).stored) == 1


@pytest.mark.parametrize("trouble", ["refused", "no git", "wrong key", "no variable", "no connection"])
def test_no_traceback_shows_a_secret_even_with_local_names(settings, server, monkeypatch, tmp_path, trouble):
    """Airflow 3 prints them on a terminal."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ACME_TOKEN", f"ann:{SECRET}")
    settings = dataclasses.replace(settings, secret_key=KEY, host=Host(git={"username": "ann", "token": SECRET}))
    engine = database.open_semantic(settings)
    acme = organizations.ensure_organization(engine, "acme")
    stored.save(
        engine, KEY, org_id=acme, name="git-host", provider="local_git", fields={"token": SECRET, "username": "ann"}
    )
    references = {"wrong key": "stored:git-host", "no connection": "airflow:git"}
    setup.register_source(
        settings, "acme", server.url("shop.git"), targets=["git"], credential=references.get(trouble, "env:ACME_TOKEN")
    )
    (unit,) = plan_sync(settings, request())
    if trouble == "refused":
        server.accounts["ann"] = "changed"
    elif trouble == "no git":
        monkeypatch.setenv("PATH", "/nowhere")
    elif trouble == "no variable":
        monkeypatch.delenv("ACME_TOKEN")
    elif trouble == "no connection":
        settings = dataclasses.replace(settings, host=Host(other={"username": "ann", "token": SECRET}))
    else:
        settings = dataclasses.replace(settings, secret_key=generate_key())
    with pytest.raises(DevhealthError) as caught:
        fetch_unit(settings, unit)
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # without this very function
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "fetch_unit" in shown
    password = str(make_url(settings.clickhouse_uri).password)
    for secret in (SECRET, quote(SECRET, safe=""), KEY, settings.secret_key, password):
        assert secret not in shown


def test_a_source_is_registered_again_with_the_credential_it_has(settings, server, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ACME_TOKEN", f"ann:{SECRET}")
    url = server.url("shop.git")
    made = setup.register_source(settings, "acme", url, credential="env:ACME_TOKEN")
    again = setup.register_source(settings, "acme", url, options={"any_branch": True})
    assert again == dataclasses.replace(made, options={"any_branch": True})
    assert setup.repository_id(settings, "acme", url) == setup.find_repository(settings, "acme", url)
    with pytest.raises(InputError, match="never the secret itself") as caught:
        setup.register_source(settings, "acme", url, credential=SECRET)
    assert SECRET not in str(caught.value)
    assert len(configurations.list_configurations(database.open_semantic(settings), None, "local_git")) == 1
