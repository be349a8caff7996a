"""Limits, faults, credentials and the plug of the local server."""

import http.client
import json
import urllib.error
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.github import apps, faults
from tests.github.own_process import OwnProcess
from tests.github.server import GitHubServer
from tests.github.shop import Said, ask, query, shop
from tests.github.world import World

SHOP = "/repos/acme/shop"
TOTAL = '{ repository(owner: "acme", name: "shop") { pullRequests(first: 2) { totalCount } name } }'


def test_the_primary_limit_ends_with_its_hour():
    world, _ = shop(0)
    with GitHubServer(world) as server:
        server.limits.hourly["core"] = 2
        statuses = [ask(server, SHOP).status for _ in range(3)]
        refused = ask(server, SHOP)
        other = ask(server, SHOP, token="two")
        world.clock.advance(hours=1)
        later = ask(server, SHOP)
    assert statuses == [200, 200, 403]
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert int(refused.headers["x-ratelimit-reset"]) == world.clock.now().timestamp()
    assert (other.status, later.status, later.headers["x-ratelimit-used"]) == (200, 200, "1")


def test_graphql_says_so_inside_a_200():
    world, _ = shop(0)
    with GitHubServer(world) as server:
        server.limits.by_token["one"] = 1
        query(server, TOTAL)
        refused = query(server, TOTAL)
    assert (refused.status, refused.data["errors"][0]["type"]) == (200, "RATE_LIMITED")
    assert refused.headers["x-ratelimit-remaining"] == "0"


def test_points_a_minute_are_a_secondary_limit():
    world, _ = shop(0)
    with GitHubServer(world) as server:
        server.limits.per_minute = 1
        ask(server, SHOP)
        refused = ask(server, SHOP)
        world.clock.advance(minutes=1)
        assert ask(server, SHOP).status == 200
    assert (refused.status, refused.headers["retry-after"]) == (403, "61")
    assert "secondary" in refused.data["message"]


@pytest.mark.parametrize("shown", [True, False])
def test_a_server_of_ones_own_may_have_no_limits(shown: bool):  # noqa: FBT001
    world, _ = shop(0)
    with GitHubServer(world, prefix="/api/v3") as server:
        server.limits.hourly = dict.fromkeys(server.limits.hourly, 0)
        server.limits.is_shown = shown
        said = ask(server, SHOP)
        limits = ask(server, "/rate_limit")
        total = query(server, TOTAL)
    assert said.headers["x-ratelimit-limit"] == ("0" if shown else None)
    assert said.headers["x-ratelimit-remaining"] == ("0" if shown else None)
    assert limits.status == (200 if shown else 404)
    assert (said.status, total.status) == (200, 200)
    assert server.graphql_url.endswith("/api/graphql")


def _wait(said: Said) -> float:
    dates = [parsedate_to_datetime(said.headers[name]) for name in ("retry-after", "date")]
    return (dates[0] - dates[1]).total_seconds()


FAULTS: dict[str, tuple[faults.Fault, Callable[[Said], bool]]] = {
    "primary 403": (faults.primary(), lambda said: said.status == 403 and said.headers["x-ratelimit-remaining"] == "0"),
    "primary 429": (faults.primary(status=429), lambda said: said.status == 429),
    "retry after seconds": (faults.secondary(retry_after=7), lambda said: said.headers["retry-after"] == "7"),
    "retry after a date": (faults.secondary(retry_after=-7), lambda said: _wait(said) == 7),
    "retry after nothing": (faults.secondary(retry_after=None), lambda said: "retry-after" not in said.headers),
    "retry after in the body": (
        faults.secondary(status=429, retry_after=7, in_body=True),
        lambda said: "7 seconds" in said.data["message"] and "retry-after" not in said.headers,
    ),
    "502": (faults.status(502), lambda said: said.status == 502 and b"<html>" in said.data),
    "401": (faults.unauthorized(), lambda said: said.status == 401),
    "partial": (
        faults.partial("repository", "pullRequests"),
        lambda said: (
            said.data["data"]["repository"] == {"pullRequests": None, "name": "shop"}
            and said.data["errors"][0]["path"] == ["repository", "pullRequests"]
        ),
    ),
    "resources": (
        faults.resource_limits(),
        lambda said: said.data["errors"][0]["type"] == "RESOURCE_LIMITS_EXCEEDED",
    ),
    "header gone": (
        faults.headers({"X-RateLimit-Remaining": ""}),
        lambda said: said.status == 200 and "x-ratelimit-remaining" not in said.headers,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_happens_as_often_as_planned_and_to_whom(name: str):
    fault, is_so = FAULTS[name]
    world, _ = shop(2)
    with GitHubServer(world) as server:
        server.faults.add(fault, when=faults.graphql, after=1)
        assert query(server, TOTAL).data["data"]["repository"]["pullRequests"] == {"totalCount": 2}
        assert ask(server, SHOP).status == 200
        assert is_so(query(server, TOTAL))
        assert query(server, TOTAL).status == 200


def test_answers_are_cut_garbled_or_late():
    world, _ = shop(0)
    with GitHubServer(world) as server:
        server.faults.add(faults.cut(after=10))
        with pytest.raises(http.client.IncompleteRead):
            ask(server, SHOP)
        server.faults.add(faults.drop())
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server, SHOP)
        server.faults.add(faults.garbage())
        with pytest.raises(json.JSONDecodeError):
            ask(server, SHOP)
        server.faults.add(faults.slow(0.2))
        started = datetime.now(UTC)
        ask(server, SHOP)
        assert datetime.now(UTC) - started > timedelta(seconds=0.2)


def test_too_many_at_once_are_refused():
    world, _ = shop(0)
    with GitHubServer(world, latency=0.2, concurrency=2) as server, ThreadPoolExecutor(3) as pool:
        statuses = [said.status for said in pool.map(lambda _: ask(server, SHOP), range(3))]
        one_more = ask(server, SHOP)
    assert sorted(statuses) == [200, 200, 403]
    assert (one_more.status, server.busiest) == (200, 3)


def test_its_clock_may_be_ahead_of_the_world():
    world, _ = shop(0)
    with GitHubServer(world, skew=timedelta(minutes=3)) as server:
        said = ask(server, SHOP)
    assert parsedate_to_datetime(said.headers["date"]) == world.clock.now() + timedelta(minutes=3)


def test_a_token_of_an_installation_ends():
    world, _ = shop(0)
    token, _ = apps.new_token(world, apps.install(world, "acme", lifetime=600))
    with GitHubServer(world, tokens=set()) as server:
        assert [ask(server, SHOP, token=one).status for one in (token, "other")] == [200, 401]
        world.clock.advance(minutes=10)
        assert ask(server, SHOP, token=token).status == 401


def test_its_plug_is_pulled_and_put_back():
    world, _ = shop(0)
    with GitHubServer(world) as server:
        url = server.api_url
        server.stop()
        with pytest.raises(urllib.error.URLError):
            ask(server, f"{url}{SHOP}")
        server.start()
        assert (server.api_url, ask(server, SHOP).status) == (url, 200)


def test_in_a_process_of_its_own_it_forgets_nothing_when_killed(tmp_path: Path):
    world, _ = shop(2)
    with OwnProcess(world, tmp_path) as server:
        server.order("pulls.merge", on=["acme/shop", 1], arguments={"by": "grace"})
        server.order("conversations.comment", on=["acme/shop", 2], values=["grace", "Nice."])
        server.order("faults.status", arguments={"code": 502}, when="graphql")
        assert query(server, TOTAL).status == 502
        server.kill()
        server.start()
        assert ask(server, f"{SHOP}/pulls/1").data["merged_by"]["login"] == "grace"
        assert [seen.path for seen in server.requests()] == [f"{SHOP}/pulls/1"]
        loaded: World = server.saved()
    assert len(loaded.repository("acme/shop")["_pulls"][2]["_comments"]) == 1
