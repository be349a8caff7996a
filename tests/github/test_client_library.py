"""The client library of our choice can talk to the local server."""

import pytest

import github
from tests.github import apps
from tests.github.server import GitHubServer
from tests.github.shop import busy
from tests.github.world import World


def connected(server: GitHubServer, auth: github.Auth.Auth | None = None) -> github.Github:
    return github.Github(
        auth=auth or github.Auth.Token("one"),
        base_url=server.api_url,
        retry=None,
        seconds_between_requests=None,
        per_page=2,
    )


def test_it_reads_a_repository_and_what_is_in_it():
    world, _ = busy()
    with GitHubServer(world) as server:
        repository = connected(server).get_repo("acme/shop")
        assert sorted(pull.number for pull in repository.get_pulls(state="all")) == [1, 2, 3]
        pull = repository.get_pull(1)
        assert [(r.user.login, r.state) for r in pull.get_reviews()] == [
            ("grace", "CHANGES_REQUESTED"),
            ("ada", "COMMENTED"),
            ("hopper", "PENDING"),
        ]
        assert pull.get_reviews()[2].submitted_at is None
        assert [c.user.login for c in pull.get_issue_comments()] == ["dependabot[bot]", "ghost"]
        assert [(c.user.login, c.in_reply_to_id is None) for c in pull.get_review_comments()] == [
            ("grace", True),
            ("grace", True),
            ("ada", False),
        ]
        assert [c.commit.author.email for c in pull.get_commits()] == ["ada@example.org"]
        assert "review_requested" in [e.event for e in pull.as_issue().get_timeline()]
        assert repository.get_pull(3).head.repo is None
        assert repository.get_issue(4).sub_issues_summary.total == 1
        assert [s.state for d in repository.get_deployments() for s in d.get_statuses()] == ["success"]
        assert [r.tag_name for r in repository.get_releases()] == [t.name for t in repository.get_tags()] == ["v1"]
        (run,) = repository.get_workflow_runs()
        assert (run.run_attempt, [j.name for j in run.jobs()], run.jobs("all").totalCount) == (2, ["test", "lint"], 4)


def test_its_requester_speaks_graphql():
    world, _ = busy()
    with GitHubServer(world) as server:
        requester = connected(server).requester
        _, answer = requester.graphql_query("query Rate { rateLimit { limit } }", {})
        with pytest.raises(github.UnknownObjectException):
            requester.graphql_query('{ repository(owner: "acme", name: "none") { id } }', {})
    assert answer["data"] == {"rateLimit": {"limit": 5000}}
    assert server.requests[0].operation == "Rate"


def test_it_finds_what_it_searches():
    world, _ = busy()
    with GitHubServer(world) as server:
        found = connected(server).search_issues("repo:acme/shop is:pr is:merged merged:2024-05-01..2024-05-01")
        assert [issue.number for issue in found] == [2]


def test_it_signs_in_as_an_app():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(65537, 2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    world = World()
    installation = apps.install(world, "acme", app_id=7)
    with GitHubServer(world, tokens=set()) as server:
        auth = github.Auth.AppAuth(7, made.private_bytes(*form).decode())
        client = connected(server, auth.get_installation_auth(installation["id"]))
        assert client.get_organization("acme").login == "acme"
    assert [seen.status for seen in server.requests] == [201, 200]
