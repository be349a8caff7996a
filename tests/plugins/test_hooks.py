"""What a connection of Airflow becomes, and where its token may go."""

import json

import pytest

from devhealth.connectors.github.host import place_of
from devhealth.connectors.local_git import credentials, remote_url
from devhealth.errors import SecretError, SourceForbidden
from devhealth.models.credential import Credential
from devhealth.settings import Settings
from devhealth_airflow.hooks import AirflowHost


def fields_of(monkeypatch, host, schema=None, port=None, **extra):
    given = {"conn_type": "http", "password": "sesame", "host": host, "schema": schema, "port": port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SOME_GITHUB", json.dumps(given))
    return AirflowHost().connection("some_github")


def settings_of(tmp_path, fields):
    return Settings(home=tmp_path, credential=Credential("airflow:github", fields))


@pytest.mark.parametrize(
    ("given", "rest"),
    [
        (("git.acme.org/api/v3", "https"), "https://git.acme.org/api/v3"),
        (("git.acme.org",), "https://git.acme.org"),
        (("Git.Acme.Org", "HTTPS", 8443), "https://git.acme.org:8443"),
        (("git.acme.org:8443/api/v3", "https", 443), "https://git.acme.org:8443/api/v3"),
        (("git.acme.org", "http", 8080), "http://git.acme.org:8080"),
        (("git.acme.org", "public"), "https://git.acme.org"),
        (("HTTP://git.acme.org/api/v3", "https", 8080), "http://git.acme.org:8080/api/v3"),
        (("::1", "http", 8080), "http://[::1]:8080"),
        (("api.github.com", "https"), "https://api.github.com"),
        (("GitHub.com",), "https://api.github.com"),
        (("acme.ghe.com", "https"), "https://api.acme.ghe.com"),
        ((None,), "https://api.github.com"),
        (("",), "https://api.github.com"),
    ],
)
def test_a_name_without_a_host_is_asked_for_at_the_host_of_the_connection(monkeypatch, tmp_path, given, rest):
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    settings = settings_of(tmp_path, fields_of(monkeypatch, *given))
    assert place_of("acme/shop", settings).api.rest_url == rest


def test_the_url_of_the_extra_goes_before_the_host(monkeypatch):
    assert fields_of(monkeypatch, "proxy", url="https://git.acme.org/api/v3")["url"] == "https://git.acme.org/api/v3"


def test_its_token_goes_to_no_other_host(monkeypatch, tmp_path):
    settings = settings_of(tmp_path, fields_of(monkeypatch, "git.acme.org", "https"))
    with pytest.raises(SourceForbidden, match=r"is for git\.acme\.org"):
        place_of("https://github.com/acme/shop", settings)
    with pytest.raises(SecretError, match=r"is for git\.acme\.org, and .* is on github\.com"):
        credentials.of_remote(remote_url.parse("https://github.com/acme/shop"), settings)
    assert credentials.of_remote(remote_url.parse("https://git.acme.org/acme/shop"), settings)
