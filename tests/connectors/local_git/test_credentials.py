"""How secrets reach git and nothing else, against a server that wants the right password."""

import dataclasses
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devhealth.connectors.local_git import credentials, remote_url, source
from devhealth.errors import SecretError, SourceForbidden
from devhealth.models.credential import Credential, spellings
from devhealth.settings import Settings
from tests.connectors.local_git.small_git import commit, git, repository, settings_in, text
from tests.guarded_server import GuardedServer, guarded_server

SECRET, OTHER = "pl4nted/s3cret%1", "0ther-s3cret"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GuardedServer]:
    origin = repository(tmp_path / "origin")
    commit(origin, {"a.txt": b"1\n"})
    git(tmp_path, "clone", "--quiet", "--bare", "origin", "served/shop.git")
    git(tmp_path / "served" / "shop.git", "update-server-info")
    with guarded_server(tmp_path / "served", {"ann": SECRET, "x-access-token": OTHER}) as server:
        yield server


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / ".gitconfig").write_text(f"[credential]\n\thelper = store --file={tmp_path}/stored\n")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


def holding(settings: Settings, org_id: str = "acme", **fields: str) -> Settings:
    return dataclasses.replace(settings, credential=Credential("stored:git-host", fields, org_id))


def read(location: str, settings: Settings) -> Path:
    """What a run does: resolve, then open as of the run's time."""
    as_of = datetime.now(UTC)
    return source.open_source(source.resolve(location, settings).location, settings, as_of)


def _files_with_a_secret(folder: Path) -> list[Path]:
    forms = [form.encode() for secret in (SECRET, OTHER) for form in spellings(secret)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(form in path.read_bytes() for form in forms)]


def test_a_remote_that_wants_credentials_says_how_to_give_them(server: GuardedServer, settings: Settings) -> None:
    with pytest.raises(SourceForbidden, match=r"wants credentials: .* set DEVHEALTH_GIT_TOKEN_127_0_0_1_\d+ to"):
        source.resolve(server.url("shop.git"), settings)


@pytest.mark.parametrize("way", ["url", "variable", "credential", "token alone"])
def test_a_secret_is_used_and_seen_nowhere(
    server: GuardedServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    url = server.url("shop.git")
    if way == "url":
        url = server.url("shop.git", user=f"ann:{SECRET.replace('/', '%2F').replace('%1', '%251')}")
        given = source.credential_in(url)
        assert given is not None
        settings = dataclasses.replace(settings, credential=given)
    elif way == "variable":
        monkeypatch.setenv(credentials.variable(server.host), f"ann:{SECRET}")
    elif way == "credential":
        settings = holding(settings, token=SECRET, username="ann")
    else:
        settings = holding(settings, token=OTHER)
    with caplog.at_level(logging.DEBUG):
        found = source.resolve(url, settings)
        mirror = source.open_source(found.location, settings, datetime.now(UTC))
    assert found.location == server.url("shop.git")
    assert found.aliases == (f"{server.host}/shop",)
    assert ("set DEVHEALTH_GIT_TOKEN_127_0_0_1" in caplog.text) is (way == "url")
    assert set(server.seen) == {"x-access-token" if way == "token alone" else "ann"}
    arguments = b"".join(server.arguments)
    assert b"remote-http" in arguments
    for form in {*spellings(SECRET), *spellings(OTHER)}:
        assert form.encode() not in arguments
        for shown in (caplog.text, repr(found), repr(settings), repr(settings.credential)):
            assert form not in shown
    assert text(mirror, "cat-file", "-t", "main") == "commit"
    assert _files_with_a_secret(settings.home.parent) == []


def test_what_a_server_repeats_of_a_secret_is_struck_out(
    server: GuardedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the message is cut short, which would leave a part of it."""
    server.accounts.clear()
    long = f"{SECRET}{'x' * 400}"
    monkeypatch.setenv(credentials.variable(server.host), f"bob:{OTHER}")
    for url, given in [
        (server.url("shop.git"), holding(settings, token=long, username="ann")),
        (server.url("shop.git"), settings),
        (server.url("shop.git", user="ann:wr0ng-one"), settings),
        (server.url("shop.git", user="wr0ng-one"), settings),
    ]:
        with pytest.raises(SourceForbidden) as caught:
            source.resolve(url, given)
        printed = "".join(traceback.format_exception(caught.value))
        assert "no entry with ***, which is" in printed
        for secret in (SECRET, OTHER, "wr0ng-one", "YW5uOnds"):
            assert secret not in printed
    with pytest.raises(SourceForbidden, match=r"shop\.git refuses stored:git-host: .* Give it a token"):
        source.resolve(server.url("shop.git"), holding(settings, token=SECRET, username="bob"))


def test_two_organisations_at_one_host_use_their_own_credential_only(
    server: GuardedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url("shop.git")
    acme = holding(settings, "acme", token=SECRET, username="ann")
    beta = holding(settings, "beta", token=OTHER)
    folders = {read(url, one) for one in (acme, beta, acme, beta)}
    assert len(folders) == 2
    server.seen.clear()
    read(url, beta)
    assert set(server.seen) == {"x-access-token"}
    monkeypatch.setenv(credentials.variable(server.host), OTHER)
    server.seen.clear()
    read(url, acme)
    assert set(server.seen) == {"ann"}


def test_an_organisation_that_is_refused_is_served_from_no_mirror_that_another_filled(
    server: GuardedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url("shop.git")
    acme = holding(settings, "acme", token=SECRET, username="ann")
    monkeypatch.setenv(credentials.variable(server.host), f"ann:{SECRET}")
    source.resolve(server.url("shop.git", user="x-access-token:" + OTHER), settings)
    read(url, acme)
    read(url, settings)
    refused = holding(settings, "beta", token="wr0ng-one", username="ann")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    server.seen.clear()
    for attempt in (
        lambda: source.resolve(url, refused),
        lambda: source.open_source(url, refused, datetime.now(UTC)),
        lambda: source.open_source(url, refused, long_ago),
        lambda: source.open_source(url, refused),
    ):
        with pytest.raises(SourceForbidden, match="refuses stored:git-host"):
            attempt()
    monkeypatch.delenv(credentials.variable(server.host))
    with pytest.raises(SourceForbidden, match="wants credentials"):
        source.resolve(url, settings)
    assert server.seen == []


def test_credentials_in_a_url_serve_the_call_they_were_given_to(server: GuardedServer, settings: Settings) -> None:
    url = server.url("shop.git")
    source.resolve(server.url("shop.git", user=f"x-access-token:{OTHER}"), settings)
    with pytest.raises(SourceForbidden):
        source.resolve(url, settings)
    with pytest.raises(SourceForbidden):
        source.open_source(url, settings, datetime.now(UTC))


@pytest.mark.parametrize("way", ["netrc", "helper", "header", "insteadOf", "helper of the path"])
def test_a_credential_that_is_refused_is_not_replaced_by_what_the_user_has_set_up(
    server: GuardedServer, settings: Settings, tmp_path: Path, way: str
) -> None:
    host, url = server.host, server.url("shop.git")
    basic = "eC1hY2Nlc3MtdG9rZW46MHRoZXItczNjcmV0"
    helper = f'helper = "!f() {{ echo username=x-access-token; echo password={OTHER}; }}; f"'
    configuration = {
        "netrc": "",
        "helper": f"[credential]\n\t{helper}\n",
        "helper of the path": f'[credential "{url}"]\n\t{helper}\n',
        "header": f'[http "http://{host}/"]\n\textraHeader = "Authorization: Basic {basic}"\n',
        "insteadOf": f'[url "http://x-access-token:{OTHER}@{host}/"]\n\tinsteadOf = http://{host}/\n',
    }[way]
    (tmp_path / ".gitconfig").write_text(configuration)
    if way == "netrc":
        netrc = tmp_path / ".netrc"
        netrc.write_text(f"machine 127.0.0.1 login x-access-token password {OTHER}\n")
        netrc.chmod(0o600)
    assert text(read(url, settings), "cat-file", "-t", "main") == "commit"
    server.seen.clear()
    with pytest.raises(SourceForbidden):
        source.resolve(url, holding(settings, token="wr0ng-one", username="ann"))
    assert server.seen == []
    read(url, holding(settings, token=SECRET, username="ann"))
    assert set(server.seen) == {"ann"}


def test_a_credential_that_cannot_be_used_is_refused_and_not_passed_over(settings: Settings) -> None:
    with pytest.raises(SecretError, match="read over ssh, which takes the key of this user and not stored:git-host"):
        source.resolve("git@127.0.0.1:a/b", holding(settings, token=SECRET))
    with pytest.raises(SecretError, match="stored:git-host holds no token"):
        source.resolve("http://127.0.0.1:1/a/b", holding(settings, username="ann"))


def test_a_local_path_needs_no_credential(tmp_path: Path, settings: Settings) -> None:
    shop = repository(tmp_path / "path")
    assert source.resolve(str(shop), holding(settings, token=SECRET)).location == str(shop)
    assert source.resolve(f"file://{shop}", holding(settings, token=SECRET)).location == f"file://{shop}"


def test_the_secrets_are_told_to_the_log_filter(settings: Settings) -> None:
    masked: list[str] = []

    class Host:
        def connection(self, conn_id: str) -> None:
            raise AssertionError(conn_id)

        def mask(self, secret: str) -> None:
            masked.append(secret)

    remote = remote_url.parse("https://git.example.org/a/b")
    assert remote is not None
    hosted = dataclasses.replace(holding(settings, token=SECRET, username="ann"), host=Host())
    credentials.environment(remote, hosted)
    assert {SECRET, "pl4nted%2Fs3cret%251", "YW5uOnBsNG50ZWQvczNjcmV0JTE="} <= set(masked)


def test_a_token_is_found_by_host(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    remote = remote_url.parse("https://git.example.org/acme/shop")
    assert remote is not None
    assert credentials.environment(remote, settings) == {}
    monkeypatch.setenv("DEVHEALTH_GIT_TOKEN_GIT_EXAMPLE_ORG", "ann:s3:cret\n")
    variables = credentials.environment(remote, settings)
    assert (variables["DEVHEALTH_GIT_USERNAME"], variables["DEVHEALTH_GIT_PASSWORD"]) == ("ann", "s3:cret")
    monkeypatch.setenv("DEVHEALTH_GIT_TOKEN_GIT_EXAMPLE_ORG", "s3cret")
    variables = credentials.environment(remote, settings)
    assert (variables["DEVHEALTH_GIT_USERNAME"], variables["DEVHEALTH_GIT_PASSWORD"]) == ("x-access-token", "s3cret")


def test_git_sees_none_of_our_own_secrets(
    server: GuardedServer, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVHEALTH_SECRET_KEY", SECRET)
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\nenv >{tmp_path}/seen\n")
    helper.chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[credential]\n\thelper = {helper}\n")
    with pytest.raises(SourceForbidden):
        source.resolve(server.url("shop.git"), settings)
    seen = (tmp_path / "seen").read_text()
    assert f"HOME={tmp_path}" in seen
    assert "DEVHEALTH" not in seen
