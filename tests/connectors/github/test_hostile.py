"""Answers of every shape but the right one: each ends in an error of ours, or in rows that every store takes."""

import contextlib
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.github import client
from devhealth.connectors.github.discovery import discover
from devhealth.connectors.github.source import survey
from devhealth.errors import DevhealthError, RecordError, SourceError
from devhealth.models.github_pages import CURSOR
from devhealth.pipelines import providers
from devhealth.staging import UnitStaging, frames
from tests.examples import examples
from tests.github import conversations, deployments, issues, pipelines, projects, pulls, repositories
from tests.github.impatience import short_pauses
from tests.github.server import GitHubServer
from tests.github.world import World
from tests.pull_request_sync import settings_for, unit_for

TARGETS = ("prs", "work-items", "incidents", "cicd", "deployments")
DEEP = "deep"
VALUES = [
    *(None, {}, [], "", "x", 0, -1, True, 1.5, 1e308, 2**31, 2**64, 10**30, [None], {"a": 1}),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "2024-01-01T00:00:00", "\ud83d", "a\0b", "@evil/x", DEEP),
]
HEADERS = [
    {"Date": "Fri, 31 Dec 9999 23:59:59 -2359"},
    {"Date": "Mon, 99999999999999999999 Jan 2024 00:00:00 GMT"},
    {"Date": "Mon, 01 Jan 0001 00:00:00 +2359"},
    *({"X-RateLimit-Limit": one, "X-RateLimit-Remaining": one} for one in ("nan", "inf", "-1", "1e400", "9" * 5_000)),
    *({"X-RateLimit-Reset": one, "X-RateLimit-Remaining": "1"} for one in ("nan", "inf", "-1e400", "9" * 400)),
    {"Link": '<https://evil.example/?page=2>; rel="next"'},
    {"Content-Type": "image/png"},
]
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server():
    world = World(datetime(2024, 5, 1, tzinfo=UTC))
    shop = repositories.create(world, "acme/shop")
    made = repositories.commit(world, shop)
    pull = pulls.create(world, shop, author="ada")
    pulls.review(world, pull, "grace")
    pulls.line_comment(world, pull, "grace")
    conversations.add_label(world, pull, "bug")
    issue = issues.create(world, shop)
    conversations.comment(world, issue, "ada")
    conversations.add_label(world, issue, "incident")
    projects.add(world, projects.create(world, "acme"), issue)
    pulls.link(world, pull, issue)
    pipelines.finish(world, pipelines.create(world, shop, jobs=("build",)))
    deployments.set_status(world, deployments.create(world, shop), "SUCCESS")
    repositories.tag(world, shop, "v1", by="ada")
    deployments.release(world, shop, "v1")
    world.made = made
    with GitHubServer(world) as running:
        yield running


def changed(value, walk, hostile, how):
    """The value with one thing in it that is hostile, gone or doubled; `walk` says which."""
    at = value
    for number, step in enumerate(walk):
        inside = list(at) if isinstance(at, dict) else list(range(len(at))) if isinstance(at, list) else []
        if not inside:
            return value
        place = inside[step % len(inside)]
        is_last = number == len(walk) - 1 or not (isinstance(at[place], dict | list) and at[place])
        if not is_last:
            at = at[place]
        elif how == "gone":
            del at[place]
        elif how == "twice" and isinstance(at, list):
            at.append(at[place])
        else:
            at[place] = hostile
        if is_last:
            return value
    return value


def told(value):
    deep = "[" * 3_000 + "]" * 3_000
    return json.dumps(value).replace(f'"{DEEP}"', deep).encode()


plays = st.fixed_dictionaries(
    {
        "place": st.integers(0, 8),
        "walk": st.lists(st.integers(0, 40), min_size=1, max_size=9),
        "hostile": st.sampled_from(VALUES),
        "how": st.sampled_from(["other", "other", "other", "gone", "twice"]),
        "headers": st.sampled_from([{}, {}, *HEADERS]),
    }
)


def spoil(server, play):
    server.faults.clear()

    def fault(_asked, right):
        reply = right()
        body = json.loads(reply.body) if isinstance(reply.body, bytes) else json.loads(json.dumps(reply.body))
        body = changed(body, play["walk"], play["hostile"], play["how"]) if isinstance(body, dict | list) else body
        return replace(reply, body=told(body), headers={**reply.headers, **play["headers"]})

    server.faults.add(fault, times=1, after=play["place"])


@pytest.mark.parametrize("api", ["auto", "rest"])
@pytest.mark.parametrize("target", TARGETS)
def test_any_answer_ends_in_rows_or_in_an_error_of_ours(server, tmp_path, monkeypatch, target, api):
    monkeypatch.setattr(client, "Clock", short_pauses)
    connector, processor = providers.connector("github", target), providers.processor("github", target)

    def run(cursor=None):
        folder = tmp_path / str(next(_NUMBERS))
        options = {"api": api, "incident_labels": ["incident"], "bodies": True}
        mode = "incremental" if cursor else "full"
        unit = unit_for(folder, target=target, options=options, mode=mode)
        settings = settings_for(server, tmp_path / "home")
        if cursor:
            UnitStaging(str(folder)).write("cursor", cursor)
        pages = list(connector.fetch(unit, settings))
        frames.write(BytesIO(), processor.to_records(pages, unit))
        assert pages[-1].name == CURSOR
        return pages[-1].read()

    server.faults.clear()
    cursor = run()

    @given(plays, st.booleans())
    @examples(12, shrinks=False)
    def holds(play, is_first):
        spoil(server, play)
        with contextlib.suppress(SourceError, RecordError):
            run(None if is_first else cursor)
        with contextlib.suppress(SourceError, RecordError):
            spoil(server, play)
            options = {"api": api, "incident_labels": ["incident"]}
            connector.probe("acme/shop", options, cursor, settings_for(server, tmp_path / str(next(_NUMBERS))))

    holds()


@pytest.mark.parametrize("api", ["auto", "rest"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_nul_in_any_text_of_an_answer_is_in_no_record(server, tmp_path, monkeypatch, target, api):
    monkeypatch.setattr(client, "Clock", short_pauses)
    server.faults.clear()

    def with_nuls(_asked, right):
        reply = right()
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        return replace(reply, body=body.replace(b'"bug"', rb'"bug\u0000s"').replace(b'"build"', rb'"bui\ud83dld"'))

    server.faults.add(with_nuls, times=-1)
    options = {"api": api, "incident_labels": ["incident"], "bodies": True}
    unit = unit_for(tmp_path / "unit", target=target, options=options)
    pages = list(providers.connector("github", target).fetch(unit, settings_for(server, tmp_path / "home")))
    assert frames.write(BytesIO(), providers.processor("github", target).to_records(pages, unit))
    records = [record for batch in providers.processor("github", target).to_records(pages, unit) for record in batch]
    said = repr(records)
    assert "\\x00" not in said
    assert target != "prs" or "bug\ufffds" in said
    assert target != "cicd" or "bui\ufffdld" in said


@given(plays)
@examples(12, shrinks=False)
def test_any_answer_to_a_look_is_a_survey_or_an_error_of_ours(server, tmp_path_factory, play):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(client, "Clock", short_pauses)
        for options in ({}, {"api": "rest"}):
            settings = settings_for(server, Path(tmp_path_factory.mktemp("home")))
            spoil(server, play)
            survey(["acme/shop"], options, settings)
            spoil(server, play)
            with contextlib.suppress(DevhealthError):
                discover("org:acme", options, settings)
