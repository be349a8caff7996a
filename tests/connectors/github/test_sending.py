"""Limits as GitHub tells of them: what is waited for, how long, and with which credential the next request goes."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.github.client import Client
from devhealth.connectors.github.connection import Received
from devhealth.connectors.github.host import ApiHost
from devhealth.connectors.github.sending import Exchange
from devhealth.errors import RateLimited, SourceError, SourceForbidden
from devhealth.transport.limits import MOST_REFUSALS
from devhealth.transport.retrying import Passing
from tests.connectors.github.asking import Ticking, asking, settings_of
from tests.connectors.github.scripted_server import Play, ScriptedServer
from tests.examples import examples

NOW = 1_800_000_000.0
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
GOOD = Play(body=[1])


def left(remaining: int, reset: float = NOW + 30, limit: int = 5_000) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(reset)),
    }


def waits_of(home: Path, *plays: Play, query: bool = False, patient: bool = True) -> list[float]:
    """What is waited for until the last of these answers is there."""
    ticking = Ticking()
    asked = settings_of(home)
    if patient:
        asked = replace(asked, wait=ticking.wait)
    with ScriptedServer([*plays, Play(body={"data": {"a": 1}}) if query else GOOD]) as server:
        ticking.on_sleep = lambda seconds: setattr(server, "now", ticking.time)
        with asking(asked, server.api, ticking) as client:
            answer = client.query("{ a }") if query else client.get("/repos/acme/shop")
            assert answer.status == 200
            assert client.usage.waited_seconds == sum(one for one in ticking.slept if one > 3)
        assert len(server.asked) == len(plays) + 1
    return ticking.slept


@pytest.mark.parametrize(
    ("play", "wait"),
    [
        (Play(403, {"message": "API rate limit exceeded for user ID 1."}, left(0)), 31),
        (Play(429, {"message": "API rate limit exceeded"}, left(0)), 31),
        (Play(403, {"message": "Must have push access to repository"}, left(0)), 31),
        (Play(403, SECONDARY, left(4_000) | {"Retry-After": "7"}), 7),
        (Play(429, SECONDARY, {"Retry-After": "7"}), 7),
        (Play(429, SECONDARY, {"Retry-After": formatdate(NOW + 50, usegmt=True)}), 50),
        (Play(403, SECONDARY, left(4_000)), 60),
        (Play(403, SECONDARY), 60),
        (Play(429, b"<h1>Too many requests</h1>"), 60),
        (Play(403, SECONDARY, {"Retry-After": "soon"}), 60),
        (Play(403, {"message": "Abuse detection mechanism. Wait 12 seconds."}), 12),
        (Play(403, {"message": "You have exceeded a secondary rate limit.", "retry_after": 9}), 9),
        (Play(403, {"message": "No."}, left(4_000) | {"gh-limited-by": "search-elapsed-time"}), 60),
        (Play(503, {"message": "Maintenance"}, {"Retry-After": "20"}), 20),
        (Play(403, SECONDARY, left(0, NOW + 3_000) | {"Retry-After": "5"}), 5),
        (Play(403, {"message": "API rate limit exceeded"}, left(0, limit=0)), 60),
        (Play(403, {"message": "API rate limit exceeded"}, left(0, NOW + 2_000)), 2_001),
        (Play(403, {"message": "API rate limit exceeded"}, left(0, NOW * 1_000)), 3_900),
    ],
    ids=range(18),
)
def test_limit_is_waited_for_as_it_is_told(tmp_path, play, wait):
    assert waits_of(tmp_path, play) == [wait]


@pytest.mark.parametrize(
    ("error", "headers", "wait"),
    [
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}, left(0), 31),
        ({"message": "You have exceeded a secondary rate limit. Please wait 14 seconds."}, {}, 14),
        ({"type": "RATE_LIMIT", "message": "API rate limit already exceeded for user ID 1."}, left(0), 31),
    ],
)
def test_limit_in_a_good_answer_of_graphql_is_one(tmp_path, error, headers, wait):
    play = Play(200, {"data": {"a": None}, "errors": [error]}, headers)
    assert waits_of(tmp_path, play, query=True) == [wait]


def test_allowance_that_is_used_up_is_not_asked_for(tmp_path):
    assert waits_of(tmp_path, Play(502, headers=left(0)))[-1] == pytest.approx(31, abs=3)


def test_secondary_limits_are_waited_for_ever_longer_and_not_for_ever(tmp_path):
    refusal = Play(403, SECONDARY)
    assert waits_of(tmp_path, refusal, refusal, refusal, refusal) == [60, 120, 240, 480]
    with pytest.raises(SourceError, match=f"has refused stored:github {MOST_REFUSALS + 1} times in a row"):
        waits_of(tmp_path / "other", *[refusal] * (MOST_REFUSALS + 1))


def test_wait_of_more_than_a_minute_is_raised_with_its_end_and_then_no_request_goes_out(tmp_path):
    with (
        ScriptedServer([Play(403, {}, left(0, NOW + 2_000)), GOOD]) as server,
        asking(settings_of(tmp_path), server.api, Ticking()) as client,
    ):
        for _ in range(2):
            with pytest.raises(RateLimited, match=r"no more of 5,000 requests \(core\)\. It goes on after") as raised:
                client.get("/repos/acme/shop")
            assert raised.value.until == datetime.fromtimestamp(NOW + 2_001, UTC)
        assert len(server.asked) == 1
    with ScriptedServer([GOOD]) as again, asking(settings_of(tmp_path), server.api, Ticking()) as client:
        with pytest.raises(RateLimited):  # another process
            client.get("/repos/acme/shop")
        assert not again.asked


def test_clock_that_is_off_is_no_reason_to_wait(tmp_path):
    ahead = NOW + 7_200
    headers = left(0, ahead + 30) | {"Date": formatdate(ahead, usegmt=True)}
    assert waits_of(tmp_path, Play(403, {"message": "API rate limit exceeded"}, headers)) == [31]


@pytest.mark.parametrize("headers", [left(0, limit=0), {}, {"X-RateLimit-Limit": "unlimited"}, left(0, 0, limit=0)])
def test_server_without_limits_is_never_waited_for(tmp_path, headers):
    with (
        ScriptedServer([Play(body=[1], headers=headers)]) as server,
        asking(settings_of(tmp_path), server.api, Ticking(on_sleep=pytest.fail)) as client,
    ):
        for _ in range(5):
            client.get("/repos/acme/shop")
        assert client.usage.limit is None


def test_token_with_most_left_asks(tmp_path):
    tokens = settings_of(tmp_path, token="ghp_one,ghp_two ghp_three")
    plays = [Play(body=[1], headers=left(count, NOW + 900)) for count in (10, 400, 200, 399, 398, 397)]
    with ScriptedServer(plays) as server, asking(tokens, server.api, Ticking()) as client:
        for _ in plays:
            client.get("/repos/acme/shop")
        used = [one.headers["authorization"] for one in server.asked]
    assert used == [f"token ghp_{name}" for name in ("one", "two", "three", "two", "two", "two")]


def test_limit_of_one_token_leaves_the_others_to_work(tmp_path):
    plays = [Play(403, SECONDARY), GOOD, GOOD]
    with (
        ScriptedServer(plays) as server,
        asking(settings_of(tmp_path, token="ghp_one,ghp_two"), server.api, Ticking(on_sleep=pytest.fail)) as client,
    ):
        client.get("/repos/acme/shop")
        client.get("/repos/acme/shop")
        used = [one.headers["authorization"] for one in server.asked]
    assert used == ["token ghp_one", "token ghp_two", "token ghp_two"]


def test_revoked_token_is_said_and_left_out(tmp_path, caplog):
    plays = [Play(401, {"message": "Bad credentials"}), GOOD, GOOD]
    with (
        ScriptedServer(plays) as server,
        asking(settings_of(tmp_path, token="ghp_one,ghp_two"), server.api, Ticking()) as client,
    ):
        client.get("/repos/acme/shop")
        client.get("/repos/acme/shop")
        assert [one.headers["authorization"] for one in server.asked][1:] == ["token ghp_two"] * 2
    assert "token 1 of 2 is not valid, expired or revoked" in caplog.text
    assert "ghp_one" not in caplog.text


def test_every_question_after_the_last_token_was_revoked_is_refused(tmp_path):
    with ScriptedServer([Play(401)]) as server, asking(settings_of(tmp_path), server.api, Ticking()) as client:
        for _ in range(2):
            with pytest.raises(SourceForbidden, match="stored:github is not valid, expired or revoked"):
                client.get("/repos/acme/shop")
        assert len(server.asked) == 1


def test_token_that_may_not_see_an_owner_is_not_asked_for_it_again(tmp_path):
    plays = [Play(404, {"message": "Not Found"}), GOOD, GOOD, GOOD]
    with (
        ScriptedServer(plays) as server,
        asking(settings_of(tmp_path, token="ghp_one,ghp_two"), server.api, Ticking()) as client,
    ):
        client.get("/repos/acme/shop")
        client.get("/repos/acme/site")
        client.get("/repos/other/site")
        used = [one.headers["authorization"] for one in server.asked]
    assert used == [f"token ghp_{name}" for name in ("one", "two", "two", "one")]


def test_repository_that_no_token_may_see_is_said_once_all_were_asked(tmp_path):
    with (
        ScriptedServer([Play(403, {"message": "No"})]) as server,
        asking(settings_of(tmp_path, token="ghp_one,ghp_two"), server.api, Ticking()) as client,
    ):
        with pytest.raises(SourceForbidden):
            client.get("/repos/acme/shop")
        assert len(server.asked) == 2


def test_token_of_the_environment_goes_to_its_own_github_only(tmp_path, monkeypatch):
    nobody = replace(settings_of(tmp_path), credential=None)
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_environment")
    with ScriptedServer([GOOD]) as server:
        with asking(nobody, server.api, Ticking()) as client:
            client.get("/repos/acme/shop")
        monkeypatch.setenv("GITHUB_API_URL", server.api.rest_url)
        with asking(nobody, server.api, Ticking()) as client:
            client.get("/repos/acme/shop")
        assert [one.headers.get("authorization") for one in server.asked] == [None, "token ghp_environment"]


class Provider:
    """GitHub's limits by the book; sending while it has asked to wait is a mistake of ours."""

    def __init__(self, ticking: Ticking, seed: int, limit: int, trouble: float) -> None:
        self._ticking, self._random, self._trouble = ticking, random.Random(seed), trouble
        self._limit, self._left, self._reset = limit, limit, 0.0
        self.closed_until, self.answers, self._row = 0.0, 0, 0

    def send(self, auth, verb, path, **question) -> Received:
        now = self._ticking.now()
        assert now >= self.closed_until, "a request went out while a limit asked to wait"
        if now >= self._reset:
            self._left, self._reset = self._limit, now + self._random.randint(1, 3_600)
        headers = left(max(self._left - 1, 0), self._reset, self._limit)
        if self._left <= 0:
            self.closed_until = int(self._reset)
            return self._received(
                403, {k.lower(): v for k, v in headers.items()}, b'{"message": "API rate limit exceeded"}'
            )
        self._left -= 1
        if self._row < 4 and self._random.random() < self._trouble:
            self._row += 1
            return self._refused(now)
        self.answers, self._row = self.answers + 1, 0
        if self._left == 0:
            self.closed_until = int(self._reset)
        return self._received(200, {k.lower(): v for k, v in headers.items()}, b"[]")

    def _refused(self, now: float) -> Received:
        form = self._random.choice(["seconds", "date", "absent", "body", "502", "cut"])
        if form == "502":
            return self._received(502, {}, b"")
        if form == "cut":
            raise Passing("cut")
        seconds = self._random.randint(1, 300)
        self.closed_until = int(now) + seconds if form != "absent" else now + 60
        headers = {
            "seconds": {"retry-after": str(seconds + 1)},
            "date": {"retry-after": formatdate(int(now) + seconds, usegmt=True)},
        }
        body = (
            b'{"message": "secondary rate limit"}'
            if form != "body"
            else (b'{"message": "secondary rate limit: wait %d seconds"}' % (seconds + 1))
        )
        return self._received(403, headers.get(form, {}), body)

    def _received(self, status: int, headers: dict[str, str], body: bytes) -> Received:
        return Received(status, headers, body, datetime.fromtimestamp(int(self._ticking.now()), UTC))


@examples(60)
@given(st.integers(), st.integers(5, 40), st.floats(0, 0.4))
def test_every_question_is_answered_and_no_limit_is_overrun(tmp_path_factory, seed, limit, trouble):
    ticking = Ticking()
    patient = replace(settings_of(tmp_path_factory.mktemp("home")), wait=ticking.wait)
    provider = Provider(ticking, seed, limit, trouble)
    client = Client(Exchange(patient, ApiHost("git.test", "http://git.test"), ticking.clock, provider))
    asked = 30
    for number in range(asked):
        assert client.get(f"/repos/acme/shop/{number}").data == []
    assert provider.answers == asked
    assert ticking.time - NOW < 200 * 3_600
