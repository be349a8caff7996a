"""Limits as GitHub really stated them: the client waits as it was told, and has the answer then."""

import pytest

from devhealth.connectors.github.host import ApiHost
from tests.connectors.github.asking import Ticking, asking, settings_of
from tests.fixtures import fixtures
from tests.github import replay

LIMITED = {
    "RateLimitHandlerTest/testHandler_Wait": 4,
    "RateLimitHandlerTest/testHandler_Fail": 4,
    "AbuseLimitHandlerTest/testHandler_Wait_Secondary_Limits": 60,
    "AbuseLimitHandlerTest/testHandler_Wait_Secondary_Limits_Too_Many_Requests": 8,
}
"""Seconds: to the reset and one more, a minute where nothing is said, what `Retry-After` says."""


@pytest.mark.parametrize("scenario", LIMITED)
def test_a_limited_request_is_answered_after_the_wait(scenario, tmp_path):
    rows = replay.read(fixtures("github/http/hub4j.jsonl"), scenario)
    ticking = Ticking()
    with replay.Replay(rows) as server:
        api = ApiHost(f"127.0.0.1:{server.port}", server.url)
        with asking(settings_of(tmp_path), api, ticking) as client:
            answer = client.get(rows[-1]["url"])
    assert answer.data["id"] == rows[-1]["body"]["id"]
    assert [seen.status for seen in server.requests] == [row["status"] for row in rows]
    assert LIMITED[scenario] - 2 <= sum(ticking.slept) <= LIMITED[scenario] + 2


def test_a_server_without_limits_is_asked_without_a_wait(tmp_path):
    rows = replay.read(fixtures("github/http/hub4j.jsonl"), "GHRateLimitTest/testGitHubEnterpriseDoesNotHaveRateLimit")
    searches = [row for row in rows if row["status"] == 200]
    ticking = Ticking()
    with replay.Replay(searches) as server:
        api = ApiHost(f"127.0.0.1:{server.port}", server.url)
        with asking(settings_of(tmp_path), api, ticking) as client:
            found = [client.get(row["url"]).data["total_count"] for row in searches]
    assert found == [row["body"]["total_count"] for row in searches]
    assert ticking.slept == []
