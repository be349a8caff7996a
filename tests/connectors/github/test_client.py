"""The client against exact answers: what it returns, what it asks, and which errors say what."""

import contextlib
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devhealth.errors import (
    NotServed,
    SourceEmpty,
    SourceError,
    SourceForbidden,
    SourceNotFound,
    TooMuchAsked,
)
from devhealth.transport.memory import Memory
from devhealth.transport.retrying import ATTEMPTS
from tests.connectors.github.asking import Ticking, asking, settings_of
from tests.connectors.github.scripted_server import Play, ScriptedServer

GOOD = Play(body=[{"id": 1}])


def _shop(client):
    return client.get("/repos/acme/shop")


@pytest.fixture
def settings(tmp_path: Path):
    return settings_of(tmp_path)


def got(settings, plays, ask, ticking=None, **seconds):
    """What `ask` makes of a client on a server with these answers, and what the server was asked."""
    with ScriptedServer(plays) as server, asking(settings, server.api, ticking or Ticking(), **seconds) as client:
        return ask(client), server.asked


def test_answer_has_the_body_untouched_and_the_providers_clock(settings):
    play = Play(body=b'[ {"id":1} ]', headers={"ETag": 'W/"x"', "Date": "Sun, 01 Mar 2026 12:00:00 GMT"})
    answer, asked = got(settings, [play], lambda client: client.get("/repos/acme/shop/pulls", {"state": "all"}))
    assert (answer.status, answer.raw, answer.data, answer.etag) == (200, b'[ {"id":1} ]', [{"id": 1}], 'W/"x"')
    assert answer.at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert [one.path for one in asked] == ["/api/v3/repos/acme/shop/pulls?state=all"]


def test_what_git_could_clone_with_is_neither_told_nor_kept(settings, tmp_path):
    def ask(client):
        client._memory = Memory(tmp_path / "answers", "acme stored:github")
        return client.get("/repos/acme/shop").data

    body = b'{"id": 1, "temp_clone_token" : "ABTQsecret", "name": "shop"}'
    answer, _ = got(settings, [Play(body=body, headers={"ETag": '"x"'})], ask)
    assert answer == {"id": 1, "temp_clone_token": "", "name": "shop"}
    assert not any(b"ABTQsecret" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_an_answer_that_still_holds_costs_no_point(settings, tmp_path):
    def ask(client):
        client._memory = Memory(tmp_path, "acme stored:github")
        first, second = (client.get("/repos/acme/shop/pulls", {"state": "open"}) for _ in range(2))
        return first, second, client.usage

    headers = {
        "ETag": 'W/"x"',
        "Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT",
        "Link": '<https://api.github.com/repositories/7/pulls?page=2>; rel="next"',
    }
    (first, second, usage), asked = got(settings, [Play(body=[1], headers=headers), Play(304, b"")], ask)
    assert (second.status, second.data, second.next) == (200, [1], first.next)
    assert (usage.requests, usage.points) == (2, 1)
    assert "if-none-match" not in asked[0].headers
    assert asked[1].headers["if-none-match"] == 'W/"x"'
    assert asked[1].headers["if-modified-since"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_pages_follow_links_whatever_host_they_name(settings):
    links = [
        '<https://api.github.com/repositories/7/pulls?page=2&per_page=100>; rel="next", <https://x/y>; rel="last"',
        '<http://git.example.com:8080/api/v3/repositories/7/pulls?after=a%2Bb%3D%3D&per_page=100>; rel="next"',
        '<https://api.github.com/repositories/7/pulls?page=1>; rel="first"',
    ]
    plays = [Play(body=[number], headers={"Link": link}) for number, link in enumerate(links)]
    answers, asked = got(settings, plays, lambda client: list(client.pages("/repos/acme/shop/pulls")))
    assert [answer.data for answer in answers] == [[0], [1], [2]]
    assert [one.path for one in asked] == [
        "/api/v3/repos/acme/shop/pulls?per_page=100",
        "/api/v3/repositories/7/pulls?page=2&per_page=100",
        "/api/v3/repositories/7/pulls?after=a%2Bb%3D%3D&per_page=100",
    ]
    assert answers[0].next == "/repositories/7/pulls?page=2&per_page=100"


def test_list_goes_on_after_a_page_that_was_read_before(settings):
    _, asked = got(settings, [GOOD], lambda client: list(client.pages("/pulls", after="/repositories/7/pulls?page=3")))
    assert [one.path for one in asked] == ["/api/v3/repositories/7/pulls?page=3"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_moved_repository_is_followed_with_its_parameters(settings, status):
    plays = [Play(status, b"", {"Location": "https://api.github.com/repositories/7/pulls"}), GOOD]
    with ScriptedServer(plays) as server:
        plays[0].headers["Location"] = f"{server.api.rest_url}/repositories/7/pulls"
        with asking(settings, server.api, Ticking()) as client:
            assert client.get("/repos/acme/old/pulls", {"state": "all"}).data == [{"id": 1}]
        assert server.asked[1].path == "/api/v3/repositories/7/pulls?state=all"


def test_repository_that_moved_to_another_host_is_not_followed(settings):
    plays = [Play(301, b"", {"Location": "https://evil.example.com/repositories/7"}), GOOD]
    with pytest.raises(SourceError, match=r"has moved to another host, evil\.example\.com"):
        got(settings, plays, lambda client: client.get("/repos/acme/shop"))


@pytest.mark.parametrize(
    "location", ["@{other}/x", "//{other}/x", "http://{other}/x", "http://{host}@{other}/x", "\\\\{other}/x"]
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_answer_leads_the_credential_to_another_host(settings, status, location):
    asks = (lambda client: client.get("/repos/acme/shop"), lambda client: client.query("query { viewer { login } }"))
    with ScriptedServer([GOOD]) as other, ScriptedServer([GOOD]) as server:
        location = location.format(other=other.api.host, host=server.api.host)
        for ask in asks:
            server.plays = [Play(status, b"", {"Location": location}), Play(404)]
            with asking(settings, server.api, Ticking()) as client, pytest.raises(SourceError):
                ask(client)
        assert other.asked == []


def test_a_next_page_of_another_host_is_asked_for_at_our_own(settings):
    for text in ("http://{other}/pulls?page=2", "@{other}/x", "//{other}/x", "http://u:p@{other}/x"):
        with ScriptedServer([GOOD]) as other, ScriptedServer([GOOD]) as server:
            link = f'<{text.format(other=other.api.host)}>; rel="next"'
            server.plays = [Play(body=[1], headers={"Link": link}), Play(body=[2])]
            with asking(settings, server.api, Ticking()) as client, contextlib.suppress(SourceError):
                list(client.pages("/pulls"))
            assert other.asked == []


def test_moves_in_a_circle_end(settings):
    with (
        ScriptedServer([GOOD]) as server,
        asking(settings, server.api, Ticking()) as client,
    ):
        server.plays = [Play(301, b"", {"Location": f"{server.api.rest_url}/repos/acme/shop"})]
        with pytest.raises(SourceError, match="without end"):
            client.get("/repos/acme/shop")


@pytest.mark.parametrize(
    "trouble",
    [
        Play(500),
        Play(502, b"<html>"),
        Play(503),
        Play(504),
        Play(200, b'[{"id": 1'),
        Play(200, b"<html>please log in</html>"),
        Play(200, b'["\xff"]'),
        Play(200, [{"id": 1}] * 50, cut=30),
        Play(200, [{"id": 1}] * 50, {"Transfer-Encoding": "chunked"}),
        Play(202, b""),
        Play(drops=True),
    ],
    ids=lambda play: f"{play.status}{'-cut' * bool(play.cut)}{'-dropped' * play.drops}-{str(play.body)[:12]}",
)
def test_passing_trouble_is_asked_again(settings, trouble):
    ticking = Ticking()
    answer, asked = got(settings, [trouble, trouble, GOOD], _shop, ticking, read_seconds=0.5)
    assert answer.data == [{"id": 1}]
    assert len(asked) == 3
    assert 3 <= sum(ticking.slept) <= 5


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Play(502), "status 502"),
        (Play(200, b"[1, 2"), "is not whole, or no JSON at all"),
        (Play(200, [1] * 50, cut=9), "was cut off"),
        (Play(drops=True), "no connection to"),
    ],
    ids=["502", "garbage", "cut", "dropped"],
)
def test_lasting_trouble_says_what_and_whose(settings, trouble, said):
    with pytest.raises(
        SourceError, match=rf"/repos/acme/shop could not be read in {ATTEMPTS} attempts: .*{said}.*later"
    ):
        got(settings, [trouble], lambda client: client.get("/repos/acme/shop"))


def test_server_that_says_nothing_or_too_slowly_is_not_waited_for_without_end(settings):
    plays = [Play(hangs=1.0), Play(body=[1] * 200, drips=0.01), GOOD]
    answer, asked = got(settings, plays, lambda client: client.get("/x"), read_seconds=0.2, whole_seconds=0.3)
    assert answer.data == [{"id": 1}]
    assert len(asked) == 3


def test_server_that_is_away_is_named(settings):
    with ScriptedServer([GOOD]) as server:
        api = server.api
    with (
        asking(settings, api, Ticking()) as client,
        pytest.raises(SourceError, match=rf"no connection to {api.host} \(ConnectionError\)"),
    ):
        client.get("/repos/acme/shop")


@pytest.mark.parametrize(
    ("play", "kind", "said"),
    [
        (Play(404, {"message": "Not Found"}), SourceNotFound, "is not there, or stored:github may not see it"),
        (Play(410, {"message": "Issues are disabled for this repo"}), SourceNotFound, "switched off or was deleted"),
        (Play(409, {"message": "Git Repository is empty."}), SourceEmpty, "the repository is empty"),
        (Play(451, {"message": "Repository access blocked"}), SourceForbidden, "blocked for everybody"),
        (Play(403, {"message": "Repository access blocked"}), SourceForbidden, "blocked for everybody"),
        (Play(403, {"message": "Sorry. Your account was suspended."}), SourceForbidden, "is suspended"),
        (Play(401, {"message": "Bad credentials"}), SourceForbidden, "is not valid, expired or revoked"),
        (
            Play(
                403,
                {"message": "Resource not accessible by personal access token"},
                {"X-Accepted-GitHub-Permissions": "pull_requests=read; contents=read"},
            ),
            SourceForbidden,
            "It needs the permission pull_requests: read or *contents: read",
        ),
        (
            Play(403, {"message": "Nope"}, {"X-OAuth-Scopes": "", "X-Accepted-OAuth-Scopes": "read:org"}),
            SourceForbidden,
            r"has the scopes \(none\); one of these is needed: read:org",
        ),
        (
            Play(403, {"message": "Resource protected by organization SAML enforcement."}),
            SourceForbidden,
            "Authorise the token for the organisation's single sign-on",
        ),
        (Play(403, {"message": "an IP allow list is enabled"}), SourceForbidden, "allow list"),
        (Play(422, {"message": "Validation Failed"}), SourceError, "status 422. GitHub says: Validation Failed"),
        (Play(404, b"<html>"), SourceNotFound, "is not there"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Play) else "",
)
def test_refusal_has_its_own_sentence_and_is_not_repeated(settings, play, kind, said):
    asked = []

    def ask(client):
        try:
            client.get("/repos/acme/shop")
        finally:
            asked.append(client.usage.requests)

    with pytest.raises(kind, match=said):
        got(settings, [play], ask, Ticking(on_sleep=lambda seconds: pytest.fail("waited")))
    assert asked == [1]


DATA = {"data": {"repository": {"id": "R_1"}, "rateLimit": {"cost": 7}}}


def test_query_says_what_it_cost(settings):
    def ask(client):
        return client.query("query($x: Int) { a }", {"x": 1}), client.usage

    (answer, usage), asked = got(settings, [Play(body=DATA)], ask)
    assert answer.data == DATA["data"]
    assert (usage.requests, usage.points) == (1, 7)
    assert asked[0].path == "/api/graphql"
    assert asked[0].body == {"query": "query($x: Int) { a }", "variables": {"x": 1}}


def test_partial_errors_stay_with_their_fields(settings):
    errors = [
        {
            "type": "FORBIDDEN",
            "path": ["repository", "nodes", 1, "headRepository"],
            "message": "Resource not accessible",
        },
        {"type": "NOT_FOUND", "path": ["other"], "message": "Could not resolve to a Repository."},
    ]
    body = {"data": {"repository": {"nodes": [{}, {"headRepository": None}]}, "other": None}, "errors": errors}
    answer, _ = got(settings, [Play(body=body)], lambda client: client.query("{ a }"))
    assert answer.error_at("repository", "nodes", 1, "headRepository", "name").kind == "FORBIDDEN"
    assert answer.error_at("repository", "nodes", 0) is None
    assert answer.require("repository", "nodes", 0) == {}
    with pytest.raises(SourceNotFound, match="Could not resolve to a Repository"):
        answer.require("other", "nodes")
    with pytest.raises(SourceForbidden, match=r"nodes\.1\.headRepository may not be read: Resource not accessible"):
        answer.require("repository", "nodes", 1, "headRepository")


TIMED_OUT = "Something went wrong while executing your query. This may be the result of a timeout."


@pytest.mark.parametrize(
    "play",
    [
        Play(502, b"<html>"),
        Play(504),
        Play(200, {"data": None, "errors": [{"message": TIMED_OUT}]}),
        Play(200, {"data": {"a": None}, "errors": [{"message": TIMED_OUT, "path": ["a"]}]}),
        Play(200, {"data": {"a": 1}, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Too much."}]}),
        Play(200, {"data": None, "errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "Too many nodes."}]}),
        Play(200, b'{"data": {"a"'),
    ],
    ids=range(7),
)
def test_divisible_question_that_is_too_much_says_so_at_once(settings, play):
    with pytest.raises(TooMuchAsked):
        got(settings, [play], lambda client: client.query("{ a }", is_divisible=True), Ticking(on_sleep=pytest.fail))
    answer, asked = got(settings, [play, play, Play(body=DATA)], lambda client: client.query("{ a }"))
    assert answer.data == DATA["data"]
    assert len(asked) == 3


def test_error_of_an_unknown_kind_is_never_taken_for_an_empty_field(settings):
    body = {"data": {"a": None}, "errors": [{"type": "SERVICE_UNAVAILABLE", "path": ["a"], "message": "Not now"}]}
    with pytest.raises(SourceError, match=f"could not be read in {ATTEMPTS} attempts: Not now"):
        got(settings, [Play(body=body)], lambda client: client.query("{ a }"))


def test_query_that_the_server_does_not_understand_is_not_repeated(settings):
    error = {"message": "Field 'x' doesn't exist on type 'Query'", "extensions": {"code": "undefinedField"}}

    def ask(client):
        with pytest.raises(SourceError, match=r"is not understood\. Field 'x' doesn't exist"):
            client.query("{ x }")
        return client.usage.requests

    assert got(settings, [Play(body={"errors": [error]})], ask)[0] == 1


@pytest.mark.parametrize("status", [404, 405, 501])
def test_server_without_graphql_is_told_apart(settings, status):
    with pytest.raises(NotServed, match="no GraphQL"):
        got(settings, [Play(status, {"message": "Not Found"})], lambda client: client.query("{ a }"))


def test_nobody_is_not_served_graphql(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    with pytest.raises(NotServed, match="offers nobody's credential"):
        got(
            settings_of(tmp_path, url="https://git.example.com"),
            [Play(401, {"message": "This endpoint requires you to be authenticated."})],
            lambda client: client.query("{ a }"),
        )


def test_threads_share_a_client(settings):
    with (
        ScriptedServer([Play(body=[{"n": 1}] * 50)]) as server,
        asking(settings, server.api, Ticking()) as client,
    ):
        threads = [threading.Thread(target=client.get, args=(f"/x/{number}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.usage.requests == 12
        assert sorted(one.path for one in server.asked) == sorted(f"/api/v3/x/{number}" for number in range(12))
