"""The history of a repository at a host is read through git, by the provider that reads any clone URL."""

import pytest

from devhealth.connectors.github import git as delegate
from devhealth.models.credential import Credential
from devhealth.pipelines import providers, setup
from devhealth.pipelines.run import run_sync
from devhealth.settings import Settings
from devhealth.warehouse.connection import connected
from tests.github import repositories
from tests.github.server import GitHubServer
from tests.github.world import World
from tests.pipelines.conftest import request


@pytest.fixture
def world():
    return World()


@pytest.fixture
def server(world, monkeypatch):
    with GitHubServer(world) as running:
        monkeypatch.setenv("GITHUB_API_URL", running.api_url)
        yield running


def _commits(settings):
    with connected(settings) as client:
        return client.execute("select count(), any(provider) from commits final cross join repositories final")[0]


def test_a_repository_is_cloned_and_then_fetched_without_a_request_for_each_commit(
    world, server, settings, shop, tmp_path
):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "shop").symlink_to(shop.path)
    hosted = repositories.create(world, "acme/shop")
    options = {"clone_url": f"file://{tmp_path}/{{name}}"}
    setup.register_source(settings, "acme", "acme/shop", provider="github", targets=["git"], options=options)
    server.forget_requests()
    report = run_sync(settings, request(provider="github"))
    assert report.failed == []
    assert _commits(settings) == (5, "github")
    assert len(server.requests) <= 2
    shop.commit()
    repositories.commit(world, hosted, author="ada", branch="main")
    assert run_sync(settings, request(provider="github")).stored[0].rows["commits"] == 1
    assert _commits(settings) == (6, "github")


def test_git_is_given_the_token_and_the_address_of_the_host(server, tmp_path):
    credential = Credential("env:TOKEN", {"token": "ghp_secret", "url": "https://git.example.com/api/v3"}, "acme")
    location, settings = delegate.clone_of("acme/shop", {}, Settings(home=tmp_path, credential=credential))
    assert location == "https://git.example.com/acme/shop.git"
    assert settings.credential.fields == {"token": "ghp_secret"}
    assert (settings.credential.reference, settings.credential.org_id) == ("env:TOKEN", "acme")
    assert "ghp_secret" not in repr(settings)


def test_targets_that_are_delegated_are_processed_by_the_reader():
    processor = providers.processor("github", "git")
    assert processor.reader is providers.processor("local_git", "git")
    assert processor.EVIDENCE == "repositories"
    assert providers.targets("github")[:1] != ("blame",)


def _emails(settings):
    with connected(settings) as client:
        return client.execute("select login, email from account_emails final order by login, email")


def _accounts(settings):
    with connected(settings) as client:
        return client.execute("select login, kind from accounts final order by login")


def test_github_says_whose_the_emails_of_new_commits_are_in_one_request(world, server, settings, shop, tmp_path):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "shop").symlink_to(shop.path)
    hosted = repositories.create(world, "acme/shop")
    options = {"clone_url": f"file://{tmp_path}/{{name}}"}
    setup.register_source(settings, "acme", "acme/shop", provider="github", targets=["git"], options=options)
    log = shop.git("log", "--format=%H %ae").split("\n")
    for line in filter(None, log):
        sha, email = line.split()
        repositories.commit(world, hosted, author="Ada-L", email=email, sha=sha)
    server.forget_requests()
    assert run_sync(settings, request(provider="github")).failed == []
    assert [one.operation for one in server.requests].count("CommitAuthors") == 1
    emails = sorted({line.split()[1].lower() for line in filter(None, log)})
    assert _emails(settings) == [("ada-l", email) for email in emails]
    assert _accounts(settings) == [("ada-l", "user")]
    server.forget_requests()
    assert run_sync(settings, request(provider="github")).rows == 0
    assert "CommitAuthors" not in [one.operation for one in server.requests]


def test_an_email_that_is_nobodys_at_github_is_no_account(world, server, settings, shop, tmp_path):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "shop").symlink_to(shop.path)
    repositories.create(world, "acme/shop")
    options = {"clone_url": f"file://{tmp_path}/{{name}}"}
    setup.register_source(settings, "acme", "acme/shop", provider="github", targets=["git"], options=options)
    assert run_sync(settings, request(provider="github")).failed == []
    assert (_emails(settings), _accounts(settings)) == ([], [])
