"""Which GitHub a repository is asked for at."""

from pathlib import Path

import pytest

from devhealth.connectors.github.host import default_host, place_of
from devhealth.connectors.local_git import remote_url
from devhealth.errors import SourceForbidden, SourceNotFound
from devhealth.models.credential import Credential
from devhealth.settings import Settings


def settings(url=""):
    return Settings(home=Path(), credential=Credential("env:X", {"token": "sesame", "url": url}) if url else None)


@pytest.mark.parametrize(
    ("url", "location", "rest", "graphql", "alias"),
    [
        ("", "acme/shop", "https://api.github.com", "https://api.github.com/graphql", "github.com/acme/shop"),
        ("", "https://github.com/Acme/Shop.git", "https://api.github.com", None, "github.com/acme/shop"),
        ("", "https://git.acme.org/a/b/", "https://git.acme.org/api/v3", "https://git.acme.org/api/graphql", None),
        ("https://git.acme.org:443/api/v3/", "a/b", "https://git.acme.org/api/v3", None, "git.acme.org/a/b"),
        ("https://github.com", "a/b.js", "https://api.github.com", None, "github.com/a/b.js"),
        (
            "http://127.0.0.1:8080",
            "a/b",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/graphql",
            "127.0.0.1:8080/a/b",
        ),
        (
            "",
            "https://acme.ghe.com/a/b",
            "https://api.acme.ghe.com",
            "https://api.acme.ghe.com/graphql",
            "acme.ghe.com/a/b",
        ),
        ("https://api.acme.ghe.com", "a/b", "https://api.acme.ghe.com", None, "acme.ghe.com/a/b"),
        ("https://Acme.GHE.com/", "https://acme.ghe.com/A/B", "https://api.acme.ghe.com", None, "acme.ghe.com/a/b"),
        ("HTTPS://API.GitHub.com", "https://www.GitHub.com/a/b", "https://api.github.com", None, "github.com/a/b"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080", None, None),
    ],
)
def test_the_url_of_a_source_or_of_its_credential_says_where_to_ask(url, location, rest, graphql, alias):
    place = place_of(location, settings(url))
    assert place.api.rest_url == rest
    assert graphql in {None, place.api.graphql_url}
    assert alias in {None, place.alias}


def test_git_of_data_residency_is_where_its_pages_are(tmp_path):
    place = place_of("acme/shop", settings("https://api.acme.ghe.com"))
    assert place.api.web_url == "https://acme.ghe.com"
    assert remote_url.parse("https://acme.ghe.com/Acme/Shop.git").alias == place.alias


def test_the_environment_says_it_for_names_without_a_host(monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "https://git.acme.org/api/v3")
    assert default_host(settings()).host == "git.acme.org"
    assert default_host(settings("https://api.github.com")).host == "github.com"


def test_a_credential_is_never_sent_to_a_host_it_is_not_for():
    with pytest.raises(SourceForbidden, match=r"is for git\.acme\.org, and the source is on github\.com"):
        place_of("https://github.com/acme/shop", settings("https://git.acme.org/api/v3"))


@pytest.mark.parametrize(
    "text",
    [
        "shop",
        "acme/..",
        "https://github.com\\\\@evil/a/b",
        "https://github.com:x/a/b",
        "acme/shop/pulls",
        "-acme/shop",
        "acme/sh op",
        "https://user:pw@github.com/a/b",
        "git@github.com:a/b",
    ],
)
def test_what_names_no_repository_is_refused(text):
    with pytest.raises(SourceNotFound, match="names no repository"):
        place_of(text, settings())


@pytest.mark.parametrize(
    "url", ["git.acme.org", "https://u:p@git.acme.org", "https://git.acme.org/api/v3?x", "https://bücher.example"]
)
def test_an_address_that_cannot_be_read_is_refused(url):
    with pytest.raises(SourceNotFound, match="expected one such as"):
        place_of("a/b", settings(url))
