"""Pull requests from the local server through connector and processor: what is stored is what is there."""

from collections import Counter
from datetime import timedelta

import pytest

from devhealth.connectors.github import prs as connector
from devhealth.errors import RateLimited, SourceError, SourceForbidden
from devhealth.models.unit import Window
from devhealth.staging import UnitStaging
from tests.git_sync import Tables
from tests.github import accounts, conversations, faults, issues, pulls, repositories
from tests.pull_request_sync import settings_for, stored, sync, true, unit_for

REST = {"api": "rest"}


def _host(server):
    return f"127.0.0.1:{server.port}"


def _asked(server):
    return Counter(seen.operation or seen.path.partition("?")[0] for seen in server.requests)


def _fill(world, shop, count):
    for number in range(count):
        world.clock.advance(minutes=1)
        pull = pulls.create(world, shop, author="Ada", commits=1 + number % 3)
        pulls.review(world, pull, "grace", comments=["Why?"] * (number % 2), body="ünï")
        conversations.comment(world, pull, "dependabot[bot]")
        if number % 3 == 1:
            pulls.merge(world, pull, by="grace")
        elif number % 3 == 2:
            conversations.close(world, pull)


def _everything_at_once(world, shop):
    """A pull request of each kind that has ever gone wrong somewhere."""
    team = accounts.team(world, "acme/platform")
    odd = pulls.create(world, shop, author="Gone-Soon", title='Odd "title"\n\twith — everything', draft=True)
    pulls.lose_head(world, odd)
    pulls.request_review(world, odd, team)
    pulls.request_review(world, odd, "Grace")
    pulls.request_review(world, odd, "linus")
    pulls.withdraw_request(world, odd, "linus")
    pulls.ready(world, odd)
    pulls.to_draft(world, odd)
    pulls.ready(world, odd)
    conversations.add_label(world, odd, "zebra")
    conversations.add_label(world, odd, "ant")
    conversations.set_milestone(world, odd, repositories.milestone(world, shop, "v2"))
    pulls.review(world, odd, "grace", "PENDING", comments=["not yet"])
    dismissed = pulls.review(world, odd, "Grace", "CHANGES_REQUESTED", comments=["no", "no, either"])
    pulls.line_comment(world, odd, "ada", "but", reply_to=dismissed["_comments"][0])
    pulls.dismiss(world, dismissed)
    pulls.review(world, odd, None, "APPROVED")
    conversations.comment(world, odd, "renovate[bot]")
    pulls.force_push(world, odd, "ada")
    pulls.push(world, odd, "linus")
    pulls.auto_merge(world, odd)
    conversations.close(world, odd)
    conversations.reopen(world, odd)
    issues.create(world, shop, author="ada")
    accounts.delete(world, "gone-soon")


@pytest.mark.parametrize("options", [{}, REST], ids=["graphql", "rest"])
def test_everything_a_pull_request_has_is_stored(world, shop, server, settings, tmp_path, options):
    _fill(world, shop, 7)
    _everything_at_once(world, shop)
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=options)
    assert stored(tables) == true(shop, _host(server))


def test_issues_a_pull_request_closes_are_linked(world, shop, server, settings, tmp_path):
    pull = pulls.create(world, shop)
    pulls.link(world, pull, issues.create(world, shop, author="ada"))
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop, _host(server))
    assert stored(tables)["pull_requests"][0]["linked_issues"] == ["acme/shop#2"]


def test_rest_is_asked_where_graphql_is_not_served(world, shop, server, settings, tmp_path):
    _fill(world, shop, 3)
    world.clock.advance(minutes=1)
    server.has_graphql = False
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop, _host(server))
    world.clock.advance(hours=1)
    conversations.comment(world, shop["_pulls"][1], "ada")
    server.forget_requests()
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop, _host(server))
    assert {path.split("/")[5] for path in _asked(server) if "/pulls/" in path} == {"1"}


def test_a_thousand_pull_requests_take_at_most_sixty_requests(world, shop, server, settings, tmp_path):
    _fill(world, shop, 1_000)
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert len(server.requests) <= 60
    assert stored(tables) == true(shop, _host(server))


def test_lists_inside_a_pull_request_are_followed_to_their_ends(world, shop, server, settings, tmp_path):
    pull = pulls.create(world, shop, commits=131)
    for number in range(120):
        conversations.comment(world, pull, "ada", f"{number}")
        pulls.review(world, pull, "grace", comments=["Why?"])
        conversations.add_label(world, pull, f"label {number:03}")
        pulls.request_review(world, pull, f"person{number}")
    first = pulls.line_comment(world, pull, "ada")
    for _ in range(115):
        pulls.line_comment(world, pull, "grace", reply_to=first)
    _fill(world, shop, 3)
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop, _host(server))
    server.forget_requests()
    others = Tables()
    sync(others, settings, tmp_path / "second", options=REST)
    assert stored(others) == true(shop, _host(server))


def test_more_commits_than_rest_lists_are_asked_for_by_comparison(world, shop, server, settings, tmp_path):
    """Of a base that was pushed over there is none: the row still tells how many there are."""
    pull = pulls.create(world, shop, commits=260)
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=REST)
    found = stored(tables)
    assert len(found["pull_request_commits"]) == 250
    assert found["pull_requests"][0]["commits_count"] == 260
    assert f"/repos/acme/shop/compare/{pull['baseRefOid']}...{pull['headRefOid']}" in _asked(server)


def test_pages_are_halved_where_they_are_too_heavy(world, shop, server, settings, tmp_path):
    _fill(world, shop, 40)
    server.heaviest = 2_000
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop, _host(server))
    assert {seen.status for seen in server.requests} == {200, 502}


def test_one_changed_pull_request_takes_three_requests_and_writes_itself(world, shop, server, settings, tmp_path):
    _fill(world, shop, 150)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    before = dict(tables.rows["pull_requests"])
    world.clock.advance(minutes=1)
    for number in (7, 100):
        conversations.comment(world, shop["_pulls"][number], "ada")
    server.forget_requests()
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop, _host(server))
    changed = [key for key, row in tables.rows["pull_requests"].items() if before.get(key) is not row]
    assert sorted(key[2] for key in changed) == [7, 100]
    assert len(server.requests) <= 4


def test_nothing_new_writes_nothing_even_while_the_clock_stands_still(world, shop, server, settings, tmp_path):
    _fill(world, shop, 12)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    before = {name: dict(rows) for name, rows in tables.rows.items()}
    assert connector.probe("acme/shop", {}, cursor, settings) is False
    cursor = sync(tables, settings, tmp_path / "second", cursor)
    assert {name: dict(rows) for name, rows in tables.rows.items()} == before
    conversations.comment(world, shop["_pulls"][12], "ada")
    assert connector.probe("acme/shop", {}, cursor, settings) is True
    sync(tables, settings, tmp_path / "third", cursor)
    assert stored(tables) == true(shop, _host(server)), "the second change within one second"


def test_one_closed_while_nobody_looked_does_not_stay_open(world, shop, server, settings, tmp_path):
    """Even where its time of update tells nothing."""
    _fill(world, shop, 30)
    world.clock.advance(hours=2)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    world.clock.advance(hours=2)
    pull = shop["_pulls"][1]
    was = pull["updatedAt"]
    pulls.merge(world, pull)
    pull["updatedAt"] = was
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop, _host(server))


def test_one_that_vanished_is_gone_with_all_below_it(world, shop, server, settings, tmp_path):
    _fill(world, shop, 4)
    world.clock.advance(hours=2)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    world.forget(shop["_pulls"].pop(1))
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop, _host(server))
    assert len(stored(tables)["pull_requests"]) == 3


def test_one_that_may_not_be_read_is_not_gone(world, shop, server, settings, tmp_path):
    _fill(world, shop, 3)
    denied = faults.partial("nodes", 1, kind="FORBIDDEN", message="Resource protected by organization SAML enforcement")
    server.faults.add(denied, when=faults.says("PullRequestsById"))
    with pytest.raises(SourceForbidden, match="SAML"):
        sync(Tables(), settings, tmp_path / "first")


def test_a_cursor_of_rest_serves_graphql(world, shop, server, settings, tmp_path):
    _fill(world, shop, 3)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=REST)
    world.clock.advance(hours=1)
    pulls.merge(world, shop["_pulls"][1])
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop, _host(server))


def test_what_is_taken_back_is_gone(world, shop, server, settings, tmp_path):
    _fill(world, shop, 4)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    world.clock.advance(hours=1)
    pull = shop["_pulls"][1]
    conversations.delete_comment(world, pull["_comments"][0])
    pulls.force_push(world, pull)
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop, _host(server))


@pytest.mark.parametrize("options", [{}, REST], ids=["graphql", "rest"])
@pytest.mark.parametrize("after", [0, 1, 3, 6, 11, 19])
def test_a_run_that_is_cut_off_goes_on_with_what_is_not_staged(world, shop, server, settings, tmp_path, options, after):
    _fill(world, shop, 120 if not options else 12)
    pulls.create(world, shop, commits=70)
    broken = server.faults.add(faults.status(403, b'{"message": "Forbidden"}'), times=-1, after=after)
    tables = Tables()
    try:
        sync(tables, settings, tmp_path / "one", options=options)
    except SourceError as error:
        assert "Pull requests: read" in str(error)  # noqa: PT017 - at the last of these nothing is refused
        first = len(server.requests)
        server.faults.planned.remove(broken)
        kept = {page.name for page in UnitStaging(str(tmp_path / "one")).pages()}
        conversations.comment(world, shop["_pulls"][2], "ada")
        sync(tables, settings, tmp_path / "one", options=options)
        assert kept <= {page.name for page in UnitStaging(str(tmp_path / "one")).pages()} | kept
        fresh = Tables()
        server.forget_requests()
        sync(fresh, settings, tmp_path / "fresh", options=options)
        assert first <= len(server.requests) + 1
    server.faults.clear()
    cursor = UnitStaging(str(tmp_path / "one")).page("999-cursor").read()
    sync(tables, settings, tmp_path / "two", cursor, options=options)
    assert stored(tables) == true(shop, _host(server))


def test_a_long_wait_is_raised_and_the_run_goes_on_at_the_same_page(world, shop, server, settings, tmp_path):
    _fill(world, shop, 150)
    server.faults.add(faults.primary(reset_in=3_600), after=3)
    tables = Tables()
    with pytest.raises(RateLimited):
        sync(tables, settings, tmp_path / "one")
    server.forget_requests()
    world.clock.advance(hours=2)
    again = settings_for(server, tmp_path / "other")
    sync(tables, again, tmp_path / "one")
    assert stored(tables) == true(shop, _host(server))
    assert _asked(server)["PullRequestsListed"] == 1, "the first page of names is staged"


@pytest.mark.parametrize("options", [{}, REST], ids=["graphql", "rest"])
def test_a_window_selects_what_was_opened_or_closed_in_it(world, shop, server, settings, tmp_path, options):
    start = world.clock.now()
    _fill(world, shop, 6)
    late = pulls.create(world, shop, author="ada")
    world.clock.advance(days=10)
    pulls.merge(world, late)
    pulls.merge(world, shop["_pulls"][1])
    tables = Tables()
    window = Window(start + timedelta(days=10), start + timedelta(days=11))
    unit = {"mode": "backfill", "window": window, "options": options}
    sync(tables, settings, tmp_path / "one", **unit)
    assert {row["number"] for row in stored(tables)["pull_requests"]} == {1, late["number"]}
    both = Tables()
    for part in (Window(start, start + timedelta(days=5)), Window(start + timedelta(days=5), window.before)):
        sync(both, settings, tmp_path / f"{part.since:%d}", **(unit | {"window": part}))
    assert stored(both) == true(shop, _host(server))


def test_a_window_of_more_than_a_thousand_results_is_halved(world, shop, server, settings, tmp_path):
    start = world.clock.now()
    for _ in range(1_050):
        world.clock.advance(seconds=10)
        pulls.create(world, shop, commits=0)
    tables = Tables()
    sync(tables, settings, tmp_path / "one", mode="backfill", window=Window(start, start + timedelta(days=1)))
    assert len(stored(tables)["pull_requests"]) == 1_050


def test_a_renamed_repository_is_read_on(world, shop, server, settings, tmp_path):
    _fill(world, shop, 3)
    repositories.rename(world, shop, "globex/store")
    for options in ({}, REST):
        tables = Tables()
        sync(tables, settings, tmp_path / f"one{len(options)}", options=options)
        assert stored(tables) == true(shop, _host(server))


def test_a_repository_that_is_not_there_is_no_empty_one(world, server, settings, tmp_path):
    for options in ({}, REST):
        with pytest.raises(SourceError, match="acme/shop"):
            list(connector.fetch(unit_for(tmp_path / f"one{len(options)}", options=options), settings))
