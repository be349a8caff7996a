"""Incidents from the local server through connector and processor: what is stored is what the rule says now."""

import logging
from datetime import timedelta

import pytest

from devhealth.connectors.github import incidents as connector
from devhealth.errors import SourceForbidden
from devhealth.models.unit import Window
from devhealth.staging import UnitStaging
from tests.git_sync import Tables
from tests.github import conversations, faults, issues, pulls, repositories
from tests.github.clock import moment
from tests.issue_sync import sync

RULE = {"incident_labels": ["incident", "sev1"], "incident_types": ["Outage"]}


def _sync(tables, settings, folder, cursor=None, **changes):
    return sync(tables, settings, folder, cursor, **({"target": "incidents", "options": RULE} | changes))


def _stored(tables):
    rows = sorted(tables.rows.get("incidents", {}).values(), key=lambda row: row.opened_at)
    return [(row.key, row.severity, row.status, row.opened_at, row.resolved_at) for row in rows if not row.is_deleted]


def _true(shop, rule=RULE):
    found = []
    for issue in shop["_issues"].values():
        labels = {label["name"].lower() for label in issue["_labels"]}
        if labels & set(rule.get("incident_labels", ())) or issue["_type"] in rule.get("incident_types", ()):
            closed = moment(issue["closedAt"]) if issue["closedAt"] else None
            status, severity = "resolved" if closed else "open", "sev1" if "sev1" in labels else None
            found.append((f"acme/shop#{issue['number']}", severity, status, moment(issue["createdAt"]), closed))
    return sorted(found, key=lambda row: row[3])


def _fill(world, shop):
    for labels, kind in ((("Incident",), ""), (("bug",), ""), (("sev1", "incident"), ""), ((), "Outage"), ((), "Bug")):
        world.clock.advance(minutes=1)
        issues.create(world, shop, labels=labels, type_name=kind)
    conversations.add_label(world, pulls.create(world, shop, author="ada"), "incident")
    world.clock.advance(hours=2)
    conversations.close(world, shop["_issues"][3])


def test_a_label_or_a_type_makes_an_incident_of_an_issue(world, shop, server, settings, tmp_path):
    _fill(world, shop)
    tables = Tables()
    cursor = _sync(tables, settings, tmp_path / "first")
    assert _stored(tables) == _true(shop)
    assert len(_stored(tables)) == 3
    fresh = Tables()
    cursor = _sync(fresh, settings, tmp_path / "second", cursor)
    assert not fresh.rows, "nothing new writes nothing"
    world.clock.advance(hours=1)
    conversations.remove_label(world, shop["_issues"][1], "Incident")
    conversations.add_label(world, shop["_issues"][2], "sev1")
    _sync(tables, settings, tmp_path / "third", cursor)
    assert _stored(tables) == _true(shop)
    assert [key for key, *_ in _stored(tables)] == ["acme/shop#2", "acme/shop#3", "acme/shop#4"]


def test_only_what_changed_is_written(world, shop, server, settings, tmp_path):
    _fill(world, shop)
    cursor = _sync(Tables(), settings, tmp_path / "first")
    world.clock.advance(hours=1)
    conversations.close(world, shop["_issues"][1])
    conversations.comment(world, shop["_issues"][3], "grace")
    fresh = Tables()
    _sync(fresh, settings, tmp_path / "second", cursor)
    assert [row.key for row in fresh.rows["incidents"].values()] == ["acme/shop#1"]


def test_another_rule_reads_everything_again(world, shop, server, settings, tmp_path):
    _fill(world, shop)
    tables = Tables()
    cursor = _sync(tables, settings, tmp_path / "first")
    other = {"incident_labels": ["bug"]}
    assert not connector.probe("acme/shop", RULE, cursor, settings)
    assert connector.probe("acme/shop", other, cursor, settings)
    _sync(tables, settings, tmp_path / "second", cursor, options=other)
    assert _stored(tables) == _true(shop, other)
    assert len(_stored(tables)) == 1


def test_without_a_rule_nothing_is_asked_and_the_log_says_why(world, shop, server, settings, tmp_path, caplog):
    _fill(world, shop)
    tables = Tables()
    cursor = _sync(tables, settings, tmp_path / "first")
    server.forget_requests()
    with caplog.at_level(logging.WARNING):
        cursor = _sync(tables, settings, tmp_path / "second", cursor, options={})
    assert _stored(tables) == [], "those of the rule there was are none any more"
    assert "Set incident_labels or incident_types" in caplog.text
    assert not connector.probe("acme/shop", {}, cursor, settings)
    assert not server.requests


def test_what_is_deleted_or_transferred_is_none_any_more(world, shop, server, settings, tmp_path):
    _fill(world, shop)
    tables = Tables()
    cursor = _sync(tables, settings, tmp_path / "first")
    issues.delete(world, shop["_issues"][3])
    issues.move(world, shop["_issues"][1], repositories.create(world, "acme/other"))
    assert connector.probe("acme/shop", RULE, cursor, settings)
    _sync(tables, settings, tmp_path / "second", cursor)
    assert _stored(tables) == _true(shop)


def test_a_server_that_knows_no_types_makes_no_incidents_of_all_issues(world, shop, server, settings, tmp_path):
    for kind in ("", "Bug"):
        issues.create(world, shop, type_name=kind)
    right = server.respond

    def untyped(request):
        request.query.pop("type", None)
        return right(request)

    server.respond = untyped
    tables = Tables()
    _sync(tables, settings, tmp_path / "first")
    assert _stored(tables) == []


def test_a_window_selects_what_was_opened_or_resolved_in_it(world, shop, server, settings, tmp_path):
    start = world.clock.now()
    _fill(world, shop)
    world.clock.advance(days=3)
    conversations.close(world, shop["_issues"][1])
    tables = Tables()
    window = Window(start + timedelta(days=3), start + timedelta(days=4))
    _sync(tables, settings, tmp_path / "one", mode="backfill", window=window)
    assert [key for key, *_ in _stored(tables)] == ["acme/shop#1"]


def test_the_windows_of_a_backfill_read_each_list_once(world, shop, server, settings, tmp_path):
    start = world.clock.now()
    for _ in range(50):
        world.clock.advance(hours=3)
        _fill(world, shop)
    tables = Tables()
    server.forget_requests()
    for number in range(10):
        part = Window(start + timedelta(days=2 * number), start + timedelta(days=2 * number + 2))
        shared = {"shared": str(tmp_path / "shared"), "chunk": number}
        _sync(tables, settings, tmp_path / str(number), mode="backfill", window=part, **shared)
    assert _stored(tables) == _true(shop)
    assert len(server.requests) <= 2 + 3 * 3, "the state, and each list once"


@pytest.mark.parametrize("after", range(6))
def test_a_run_that_is_cut_off_goes_on_with_what_is_not_staged(world, shop, server, settings, tmp_path, after):
    for number in range(230):
        world.clock.advance(minutes=1)
        issues.create(world, shop, labels=("incident",) if number % 2 else ("sev1", "incident"))
    server.faults.add(faults.status(403, b'{"message": "Forbidden"}'), after=after)
    tables = Tables()
    with pytest.raises(SourceForbidden, match="Issues: read"):
        _sync(tables, settings, tmp_path / "one")
    _sync(tables, settings, tmp_path / "one")
    assert _stored(tables) == _true(shop)
    pages = UnitStaging(str(tmp_path / "one")).pages()
    assert len(server.requests) <= len(pages) + 2, "no page is asked for twice but the one that failed"


@pytest.mark.parametrize("trouble", [faults.status(502), faults.cut(), faults.drop(), faults.secondary()])
def test_passing_trouble_at_any_request_changes_nothing(world, shop, server, settings, tmp_path, trouble):
    _fill(world, shop)
    for place in range(5):
        server.faults.clear()
        server.faults.add(trouble, after=place)
        tables = Tables()
        _sync(tables, settings, tmp_path / f"at-{place}")
        assert _stored(tables) == _true(shop)
