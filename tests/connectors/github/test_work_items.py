"""Issues from the local server through connector and processor: what is stored is what is there."""

import logging
from collections import Counter
from datetime import timedelta

import pytest

from devhealth.connectors.github import work_items as connector
from devhealth.errors import RateLimited, SourceError, SourceForbidden
from devhealth.models.unit import Window
from devhealth.staging import UnitStaging
from tests.git_sync import Tables
from tests.github import accounts, conversations, faults, issues, projects, pulls, repositories
from tests.issue_sync import stored, sync, true
from tests.pull_request_sync import settings_for, unit_for

REST = {"api": "rest"}
BOTH = pytest.mark.parametrize("options", [{}, REST], ids=["graphql", "rest"])


@pytest.fixture
def board(world, shop):
    return projects.create(world, "acme")


def _host(server):
    return f"127.0.0.1:{server.port}"


def _asked(server):
    return Counter(seen.operation or seen.path.partition("?")[0] for seen in server.requests)


def _truth(shop, server, options):
    return true(shop, _host(server), is_rest="api" in options)


def _fill(world, shop, count):
    for number in range(count):
        world.clock.advance(minutes=1)
        issue = issues.create(world, shop, author="Ada", labels=("bug",) if number % 2 else ("Ünï",))
        conversations.assign(world, issue, "grace")
        conversations.comment(world, issue, "dependabot[bot]")
        if number % 3 == 1:
            conversations.close(world, issue, by="grace", reason="NOT_PLANNED" if number % 2 else "COMPLETED")


def _everything_at_once(world, shop, board):
    """An issue of each kind that has ever gone wrong somewhere."""
    odd = issues.create(world, shop, author="Gone-Soon", title='Odd "title"\n\twith — everything', type_name="Bug")
    conversations.set_milestone(world, odd, repositories.milestone(world, shop, "v2"))
    conversations.set_milestone(world, odd, None)
    conversations.set_milestone(world, odd, repositories.milestone(world, shop, "v3"))
    for name in ("zebra", "ant"):
        conversations.add_label(world, odd, name)
    conversations.remove_label(world, odd, "zebra")
    for who in ("Grace", "renovate[bot]", "gone-soon"):
        conversations.assign(world, odd, who)
    conversations.unassign(world, odd, "Grace")
    for _ in range(2):
        conversations.close(world, odd, reason="DUPLICATE")
        conversations.reopen(world, odd)
    issues.set_type(world, odd, "Feature")
    child = issues.create(world, shop, labels=("chore",))
    issues.nest(world, odd, child)
    item = projects.add(world, board, odd)
    projects.set_status(world, item, "Todo")
    world.clock.advance(minutes=1)
    projects.set_status(world, item, "In Progress")
    projects.set_iteration(world, item, "Sprint 1", start="2024-05-01")
    projects.set_estimate(world, item, 5)
    projects.add(world, board, child)
    pulls.create(world, shop, author="ada")
    accounts.delete(world, "gone-soon")


@BOTH
def test_everything_an_issue_has_is_stored(world, shop, board, server, settings, tmp_path, options):
    _fill(world, shop, 7)
    _everything_at_once(world, shop, board)
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=options)
    assert stored(tables) == _truth(shop, server, options)
    assert len(stored(tables)["work_items"]) == 9, "pull requests are none"


def test_a_thousand_issues_take_less_than_forty_requests(world, shop, board, server, settings, tmp_path):
    _fill(world, shop, 1_000)
    for issue in list(shop["_issues"].values())[:300]:
        projects.set_status(world, projects.add(world, board, issue), "In Review")
    tables = Tables()
    server.forget_requests()
    sync(tables, settings, tmp_path / "first")
    assert len(stored(tables)["work_items"]) == 1_000
    assert len(server.requests) < 40, _asked(server)
    assert stored(tables) == true(shop, _host(server))


@BOTH
def test_what_changed_is_fetched_and_nothing_else(world, shop, board, server, settings, tmp_path, options):
    _fill(world, shop, 20)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    world.clock.advance(hours=1)
    conversations.add_label(world, shop["_issues"][3], "feature")
    conversations.close(world, shop["_issues"][4])
    issues.create(world, shop, type_name="Task")
    fresh = Tables()
    cursor = sync(fresh, settings, tmp_path / "second", cursor, options=options)
    assert len(fresh.rows["work_items"]) == 3
    for key, row in fresh.rows["work_items"].items():
        tables.rows["work_items"][key] = row
    tables.rows["work_item_transitions"] |= fresh.rows["work_item_transitions"]
    assert stored(tables) == _truth(shop, server, options)
    again = Tables()
    cursor = sync(again, settings, tmp_path / "third", cursor, options=options)
    assert not again.rows, "what was updated in this very second is looked at again, and is as it was"
    world.clock.advance(minutes=1)
    sync(again, settings, tmp_path / "fourth", cursor, options=options)
    assert not again.rows


@BOTH
@pytest.mark.parametrize("step", [0, 10])
def test_what_happens_while_news_are_listed_lets_nothing_slip(world, shop, server, settings, tmp_path, options, step):
    for _ in range(330):
        issues.create(world, shop)
    world.clock.advance(hours=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    world.clock.advance(hours=1)
    for issue in shop["_issues"].values():
        world.clock.advance(seconds=step)
        conversations.add_label(world, issue, "bug")

    def meanwhile(_request, right):
        answer = right()
        for number in (1, 2, 50):
            if number in shop["_issues"]:
                conversations.close(world, shop["_issues"][3])
                issues.delete(world, shop["_issues"][number])
                break
        return answer

    server.faults.add(meanwhile, when=lambda request: "since" in request.query, times=3)
    cursor = sync(tables, settings, tmp_path / "second", cursor, options=options)
    world.clock.advance(hours=1)
    server.forget_requests()
    sync(tables, settings, tmp_path / "third", cursor, options=options)
    found = {row["key"]: row["labels"] for row in stored(tables)["work_items"]}
    assert all(found[f"acme/shop#{number}"] == ["bug"] for number in shop["_issues"])
    if not options:
        assert stored(tables) == true(shop, _host(server))


def test_what_is_deleted_while_everything_is_listed_lets_nothing_slip(world, shop, server, settings, tmp_path):
    for _ in range(330):
        issues.create(world, shop)
    world.clock.advance(hours=1)

    def meanwhile(_request, right):
        answer = right()
        issues.delete(world, shop["_issues"][min(shop["_issues"])])
        return answer

    server.faults.add(meanwhile, when=faults.path("/issues"), times=2)
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    found = {row["key"] for row in stored(tables)["work_items"]}
    assert found >= {f"acme/shop#{number}" for number in shop["_issues"]}


@BOTH
def test_long_lists_are_followed_to_their_ends(world, shop, server, settings, tmp_path, options):
    issue = issues.create(world, shop)
    for number in range(130):
        conversations.add_label(world, issue, f"label {number}")
    for number in range(7):
        item = projects.add(world, projects.create(world, "acme", f"Board {number}"), issue)
        projects.set_status(world, item, "Done")
        world.clock.advance(minutes=1)
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=options)
    assert stored(tables) == _truth(shop, server, options)
    assert len(stored(tables)["work_item_transitions"]) == 137


@pytest.mark.parametrize("is_closed", [False, True])
def test_moves_in_projects_are_seen_although_the_issue_is_not_updated(
    world, shop, board, server, settings, tmp_path, is_closed
):
    _fill(world, shop, 5)
    there, coming = shop["_issues"][1], shop["_issues"][3]
    item = projects.add(world, board, there)
    projects.set_status(world, item, "Todo")
    if is_closed:
        conversations.close(world, there)
        conversations.close(world, coming)
    world.clock.advance(hours=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    world.clock.advance(hours=1)
    projects.set_status(world, item, "In Progress")
    projects.set_iteration(world, projects.add(world, board, coming), "Sprint 1", start="2024-05-01")
    world.clock.advance(hours=1)
    cursor = sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop, _host(server))
    seen = [row.to_value for row in tables.rows["work_item_transitions"].values() if row.field == "status"]
    assert sorted(seen) == ["In Progress", "Todo"], "an earlier move that was seen stays"
    world.clock.advance(hours=1)
    projects.remove(world, item)
    world.clock.advance(hours=1)
    cursor = sync(tables, settings, tmp_path / "third", cursor)
    assert stored(tables)["work_items"] == true(shop, _host(server))["work_items"]
    server.forget_requests()
    fresh = Tables()
    sync(fresh, settings, tmp_path / "fourth", cursor)
    assert not fresh.rows
    assert len(server.requests) <= 4, _asked(server)


def test_in_a_project_of_many_repositories_the_issues_of_the_one_are_looked_at(
    world, shop, board, server, settings, tmp_path
):
    other = repositories.create(world, "acme/other")
    for number in range(250):
        item = projects.add(world, board, issues.create(world, shop if number < 20 else other))
        projects.set_status(world, item, "Todo")
    world.clock.advance(hours=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    world.clock.advance(hours=1)
    projects.set_status(world, board["_items"][200], "Done")
    projects.set_status(world, board["_items"][3], "Done")
    projects.remove(world, board["_items"][5])
    world.clock.advance(hours=1)
    server.forget_requests()
    fresh = Tables()
    sync(fresh, settings, tmp_path / "second", cursor)
    assert sorted(row.key for row in fresh.rows["work_items"].values()) == ["acme/shop#4", "acme/shop#6"]
    assert _asked(server)["IssuesInProjects"] == 1
    assert not _asked(server)["ProjectIssues"]


def test_projects_that_may_not_be_read_are_left_out_and_that_is_said_once(
    world, shop, board, server, settings, tmp_path, caplog
):
    _fill(world, shop, 120)
    for issue in shop["_issues"].values():
        projects.set_status(world, projects.add(world, board, issue), "Done")
    refused = {"type": "INSUFFICIENT_SCOPES", "message": "Your token has not been granted the required scopes"}

    def refuse(_request, _right):
        from tests.github.messages import Reply

        return Reply({"errors": [refused]}, 200)

    server.faults.add(refuse, when=faults.says("projectsV2"), times=-1)
    server.faults.add(refuse, when=faults.says("projectItems"), times=-1)
    tables = Tables()
    with caplog.at_level(logging.WARNING):
        sync(tables, settings, tmp_path / "first")
    found = stored(tables)["work_items"]
    assert {row["status"] for row in found} == {"open", "closed"}
    assert len(found) == 120
    assert len([line for line in caplog.records if "Projects: read" in line.message]) == 1


def test_projects_of_one_issue_that_may_not_be_read_leave_the_others(world, shop, board, server, settings, tmp_path):
    _fill(world, shop, 3)
    for issue in shop["_issues"].values():
        projects.set_status(world, projects.add(world, board, issue), "Done")
    denied = faults.partial("nodes", 1, "projectItems", kind="FORBIDDEN", message="Resource not accessible")
    server.faults.add(denied, when=faults.says("IssuesInProjectsById"))
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert [row["status"] for row in stored(tables)["work_items"]] == ["Done", "closed", "Done"]


def test_one_that_may_not_be_read_is_not_gone(world, shop, server, settings, tmp_path):
    _fill(world, shop, 3)
    denied = faults.partial("nodes", 1, kind="FORBIDDEN", message="Resource protected by organization SAML enforcement")
    server.faults.add(denied, when=faults.says("IssuesInProjectsById"))
    with pytest.raises(SourceForbidden, match=r"SAML.*Issues: read"):
        sync(Tables(), settings, tmp_path / "first")


@BOTH
def test_what_is_deleted_or_transferred_is_gone(world, shop, server, settings, tmp_path, options):
    _fill(world, shop, 9)
    other = repositories.create(world, "acme/other")
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    world.clock.advance(hours=1)
    issues.delete(world, shop["_issues"][1])
    issues.move(world, shop["_issues"][4], other)
    cursor = sync(tables, settings, tmp_path / "second", cursor, options=options)
    assert stored(tables) == _truth(shop, server, options)
    world.clock.advance(hours=1)
    issues.delete(world, shop["_issues"][2])
    issues.create(world, shop)
    world.clock.advance(hours=1)
    sync(tables, settings, tmp_path / "third", cursor, options=options)
    if not options:
        assert stored(tables) == true(shop, _host(server)), "a closed one shows in the number of issues only"


@BOTH
@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 6, 9, 14])
def test_a_run_that_is_cut_off_goes_on_with_what_is_not_staged(
    world, shop, board, server, settings, tmp_path, options, after
):
    _fill(world, shop, 230 if not options else 12)
    _everything_at_once(world, shop, board)
    for number in range(130):
        conversations.add_label(world, shop["_issues"][2], f"label {number}")
    broken = server.faults.add(faults.status(403, b'{"message": "Forbidden"}'), times=-1, after=after)
    tables = Tables()
    try:
        sync(tables, settings, tmp_path / "one", options=options)
    except SourceError:
        first = len(server.requests)
        server.faults.planned.remove(broken)
        conversations.comment(world, shop["_issues"][2], "ada")
        conversations.close(world, shop["_issues"][3])
        server.forget_requests()
        sync(tables, settings, tmp_path / "one", options=options)
        second = len(server.requests)
        server.forget_requests()
        sync(Tables(), settings, tmp_path / "fresh", options=options)
        assert first + second <= len(server.requests) + 6
    server.faults.clear()
    cursor = UnitStaging(str(tmp_path / "one")).page("999-cursor").read()
    sync(tables, settings, tmp_path / "two", cursor, options=options)
    assert stored(tables) == _truth(shop, server, options)


def test_a_long_wait_is_raised_and_the_run_goes_on_at_the_same_page(world, shop, server, settings, tmp_path):
    _fill(world, shop, 250)
    server.faults.add(faults.primary(reset_in=3_600), after=7)
    tables = Tables()
    with pytest.raises(RateLimited):
        sync(tables, settings, tmp_path / "one")
    server.forget_requests()
    world.clock.advance(hours=2)
    sync(tables, settings_for(server, tmp_path / "other"), tmp_path / "one")
    assert stored(tables) == true(shop, _host(server))
    assert len(server.requests) == 3, _asked(server)


@pytest.mark.parametrize(
    "trouble",
    [faults.status(502), faults.cut(), faults.drop(), faults.garbage(), faults.secondary()],
    ids=["502", "cut", "dropped", "garbage", "secondary"],
)
def test_passing_trouble_at_any_request_changes_nothing(world, shop, board, server, settings, tmp_path, trouble):
    _fill(world, shop, 60)
    _everything_at_once(world, shop, board)
    for place in range(6):
        server.faults.clear()
        server.faults.add(trouble, after=place)
        tables = Tables()
        sync(tables, settings, tmp_path / f"at-{place}")
        assert stored(tables) == true(shop, _host(server))


@BOTH
def test_a_window_selects_what_was_opened_or_closed_in_it(world, shop, server, settings, tmp_path, options):
    start = world.clock.now()
    _fill(world, shop, 6)
    late = issues.create(world, shop, type_name="Bug")
    world.clock.advance(days=10)
    conversations.close(world, late)
    conversations.close(world, shop["_issues"][1])
    pulls.create(world, shop)
    tables = Tables()
    window = Window(start + timedelta(days=10), start + timedelta(days=11))
    unit = {"mode": "backfill", "window": window, "options": options}
    sync(tables, settings, tmp_path / "one", **unit)
    assert {row["key"] for row in stored(tables)["work_items"]} == {"acme/shop#1", f"acme/shop#{late['number']}"}
    server.forget_requests()
    window = Window(start, start + timedelta(days=20))
    sync(Tables(), settings, tmp_path / "all", **(unit | {"window": window}))
    assert len(server.requests) <= (6 if not options else 12), "what was opened and closed in it is fetched once"
    both = Tables()
    window = unit["window"]
    for part in (Window(start, start + timedelta(days=5)), Window(start + timedelta(days=5), window.before)):
        sync(both, settings, tmp_path / f"{part.since:%d}", **(unit | {"window": part}))
    assert stored(both) == _truth(shop, server, options)


def test_a_window_of_more_than_a_thousand_results_is_halved(world, shop, server, settings, tmp_path):
    start = world.clock.now()
    for _ in range(1_050):
        world.clock.advance(seconds=10)
        issues.create(world, shop)
    tables = Tables()
    sync(tables, settings, tmp_path / "one", mode="backfill", window=Window(start, start + timedelta(days=1)))
    assert len(stored(tables)["work_items"]) == 1_050


def test_rest_is_asked_where_graphql_is_not_served(world, shop, server, settings, tmp_path):
    _fill(world, shop, 3)
    server.faults.add(faults.status(404, b"{}"), when=faults.graphql, times=-1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop, _host(server), is_rest=True)
    assert connector.probe("acme/shop", REST, cursor, settings)
    world.clock.advance(hours=1)
    cursor = sync(tables, settings, tmp_path / "second", cursor)
    assert not connector.probe("acme/shop", REST, cursor, settings)
    conversations.close(world, shop["_issues"][1])
    assert connector.probe("acme/shop", REST, cursor, settings)


def test_events_stand_in_for_timelines_where_a_server_has_none(world, shop, server, settings, tmp_path):
    _fill(world, shop, 4)
    server.faults.add(faults.status(404, b"{}"), when=faults.path("/timeline"), times=-1)
    issues.delete(world, shop["_issues"][2])
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=REST)
    assert stored(tables) == true(shop, _host(server), is_rest=True)


def test_a_renamed_repository_is_read_on(world, shop, server, settings, tmp_path):
    _fill(world, shop, 3)
    repositories.rename(world, shop, "globex/store")
    for options in ({}, REST):
        tables = Tables()
        sync(tables, settings, tmp_path / f"one{len(options)}", options=options)
        assert stored(tables) == _truth(shop, server, options)


@BOTH
def test_issues_that_may_not_be_read_are_no_empty_list(world, shop, server, settings, tmp_path, options):
    server.faults.add(faults.status(403, b'{"message": "Resource not accessible"}'), when=faults.path("/issues"))
    with pytest.raises(SourceForbidden, match="Issues: read"):
        sync(Tables(), settings, tmp_path / "two", options=options)


def test_a_repository_that_is_not_there_is_no_empty_one(world, server, settings, tmp_path):
    for options in ({}, REST):
        with pytest.raises(SourceError, match="acme/shop"):
            list(connector.fetch(unit_for(tmp_path / f"one{len(options)}", options=options), settings))


def test_a_probe_tells_news_of_issues_and_of_projects(world, shop, board, server, settings, tmp_path):
    _fill(world, shop, 3)
    item = projects.add(world, board, shop["_issues"][2])
    world.clock.advance(hours=1)
    cursor = sync(Tables(), settings, tmp_path / "first")
    assert connector.probe("acme/shop", {}, None, settings)
    assert not connector.probe("acme/shop", {}, cursor, settings)
    projects.set_status(world, item, "Done")
    assert connector.probe("acme/shop", {}, cursor, settings)
    world.clock.advance(hours=1)
    cursor = sync(Tables(), settings, tmp_path / "second", cursor)
    assert not connector.probe("acme/shop", {}, cursor, settings)
    issues.delete(world, shop["_issues"][2])
    assert connector.probe("acme/shop", {}, cursor, settings)
