"""Deployments from the local server through connector and processor: what is stored is what is there."""

from collections import Counter
from datetime import timedelta

import pytest

from devhealth.connectors.github import deployments as connector
from devhealth.errors import RateLimited, SourceError, SourceForbidden
from devhealth.models.unit import Window
from devhealth.staging import UnitStaging
from tests.delivery_sync import TABLES, stored, sync, true, unit_for
from tests.git_sync import Tables
from tests.github import accounts, deployments, faults, repositories
from tests.pull_request_sync import settings_for

REST = {"api": "rest"}
BOTH = pytest.mark.parametrize("options", [{}, REST], ids=["graphql", "rest"])
ENVIRONMENTS = ("production", "staging", "review/7")


@pytest.fixture
def shop(world):
    made = repositories.create(world, "acme/shop")
    repositories.commit(world, made)
    return made


def _asked(server):
    return Counter(seen.operation or seen.path.partition("?")[0] for seen in server.requests)


def _deploy(world, shop, count):
    for number in range(count):
        world.clock.advance(minutes=1)
        made = deployments.create(world, shop, environment=ENVIRONMENTS[number % 3], creator="Ada")
        for state in (("in_progress", "success"), ("queued", "failure"), ("in_progress", "success"), ())[number % 4]:
            world.clock.advance(seconds=10)
            deployments.set_status(world, made, state, by="github-actions[bot]")


def _fill(world, shop, count):
    _deploy(world, shop, count)
    for number in range(count // 3):
        world.clock.advance(minutes=1)
        repositories.commit(world, shop)
        repositories.tag(world, shop, f"v{number}", by="ada" if number % 2 else None)
        if number % 3 == 1:
            deployments.release(world, shop, f"v{number}", author="Grace", is_prerelease=number % 2 == 0)


def _changed(tables, before):
    return {
        table: sorted(
            key[2:] for key, row in tables.rows.get(table, {}).items() if before.get(table, {}).get(key) is not row
        )
        for table in TABLES
        if any(before.get(table, {}).get(key) is not row for key, row in tables.rows.get(table, {}).items())
    }


def _copy(tables):
    return {name: dict(rows) for name, rows in tables.rows.items()}


@BOTH
def test_everything_is_stored(world, shop, server, settings, tmp_path, options):
    _fill(world, shop, 13)
    odd = deployments.create(world, shop, creator="gone-soon", ref="v1", environment="review/7", task="deploy:migrate")
    for state in ("success", "failure", "inactive"):
        world.clock.advance(seconds=5)
        deployments.set_status(world, odd, state, by="gone-soon")
    deployments.set_status(world, deployments.create(world, shop), "inactive")
    deployments.release(world, shop, "v9/draft", author="renovate[bot]", is_draft=True, name="Ünfinished")
    deployments.release(world, shop, "nightly/1", author="gone-soon")
    accounts.delete(world, "gone-soon")
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=options)
    assert stored(tables) == true(shop, is_rest=bool(options))
    assert {row.login for row in tables.rows["accounts"].values()} >= {"ada", "github-actions[bot]"}
    assert "ghost" not in {row.login for row in tables.rows["accounts"].values()}


@BOTH
def test_a_repository_without_anything_is_read_to_the_end(world, server, settings, tmp_path, options):
    repositories.create(world, "acme/shop")
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=options)
    assert set(tables.rows) == {"repository_targets"}


def test_rest_is_asked_where_graphql_is_not_served(world, shop, server, settings, tmp_path):
    _fill(world, shop, 6)
    server.has_graphql = False
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop, is_rest=True)
    with pytest.raises(SourceError):
        sync(Tables(), settings, tmp_path / "other", options={"api": "graphql"})


def test_a_thousand_deployments_with_statuses_take_eleven_requests(world, shop, server, settings, tmp_path):
    _deploy(world, shop, 1_000)
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert len(server.requests) == 11
    assert stored(tables) == true(shop)


@BOTH
def test_statuses_are_followed_to_their_end(world, shop, server, settings, tmp_path, options):
    _deploy(world, shop, 3)
    for states in (125, 11):
        made = deployments.create(world, shop)
        for _ in range(states):
            world.clock.advance(seconds=1)
            deployments.set_status(world, made, "in_progress")
    tables = Tables()
    sync(tables, settings, tmp_path / "first", options=options)
    assert stored(tables) == true(shop)
    world.clock.advance(hours=1)
    deployments.set_status(world, made, "success")
    cursor = UnitStaging(str(tmp_path / "first")).page("999-cursor").read()
    sync(tables, settings, tmp_path / "second", cursor, options=options)
    assert stored(tables) == true(shop)


def test_pages_are_halved_where_they_are_too_heavy(world, shop, server, settings, tmp_path):
    _fill(world, shop, 90)
    server.heaviest = 300
    tables = Tables()
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop)
    assert {seen.status for seen in server.requests} == {200, 502}


@BOTH
def test_nothing_new_writes_nothing(world, shop, server, settings, tmp_path, options):
    _fill(world, shop, 12)
    world.clock.advance(minutes=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    before = _copy(tables)
    assert connector.probe("acme/shop", options, cursor, settings) is False
    cursor = sync(tables, settings, tmp_path / "second", cursor, options=options)
    assert _copy(tables) == before
    assert connector.probe("acme/shop", options, cursor, settings) is False


@BOTH
def test_what_changed_is_what_is_written(world, shop, server, settings, tmp_path, options):
    _fill(world, shop, 24)
    world.clock.advance(minutes=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    before = _copy(tables)
    world.clock.advance(hours=3)
    old, release = shop["_deployments"][3], shop["_releases"][0]
    deployments.set_status(world, old, "failure")
    deployments.edit_release(world, release, name="Better")
    repositories.tag(world, shop, "v0", repositories.commit(world, shop)["oid"])
    assert connector.probe("acme/shop", options, cursor, settings) is True
    sync(tables, settings, tmp_path / "second", cursor, options=options)
    assert stored(tables) == true(shop)
    changed = _changed(tables, before)
    assert changed["deployments"] == [(str(old["_id"]),)]
    assert (changed["releases"], changed["tags"]) == ([(str(release["_id"]),)], [("v0",)])


@BOTH
def test_a_moved_tag_moves_its_release(world, shop, server, settings, tmp_path, options):
    repositories.tag(world, shop, "latest")
    deployments.release(world, shop, "latest")
    world.clock.advance(minutes=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    repositories.tag(world, shop, "latest", repositories.commit(world, shop)["oid"], by="ada")
    sync(tables, settings, tmp_path / "second", cursor, options=options)
    assert stored(tables) == true(shop)


def test_a_second_change_within_one_second_is_seen(world, shop, server, settings, tmp_path):
    _deploy(world, shop, 3)
    made = deployments.create(world, shop)
    tables, cursor = Tables(), None
    for number, state in enumerate(("queued", "in_progress", "success")):
        deployments.set_status(world, made, state)
        folder = tmp_path / str(number)
        cursor = sync(tables, settings, folder, cursor)
        assert UnitStaging(str(folder)).read("unsettled") is not None
        assert stored(tables) == true(shop)


@BOTH
def test_what_is_deleted_is_gone(world, shop, server, settings, tmp_path, options):
    _fill(world, shop, 12)
    world.clock.advance(minutes=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    deployments.delete(world, shop["_deployments"][0])
    deployments.delete(world, shop["_deployments"][-1])
    repositories.delete_tag(world, shop, "v3")
    deployments.delete_release(world, shop["_releases"][0])
    assert connector.probe("acme/shop", options, cursor, settings) is True
    cursor = sync(tables, settings, tmp_path / "second", cursor, options=options)
    assert stored(tables) == true(shop)
    while shop["_deployments"]:
        deployments.delete(world, shop["_deployments"][0])
    cursor = sync(tables, settings, tmp_path / "third", cursor, options=options)
    assert stored(tables) == true(shop)


def test_what_vanishes_while_rest_is_read_goes_with_the_next_run(world, shop, server, settings, tmp_path):
    _fill(world, shop, 6)
    world.clock.advance(minutes=1)
    lost = shop["_deployments"][2]

    def fault(_request, right):
        deployments.delete(world, lost)
        repositories.delete_tag(world, shop, "v0")
        return right()

    server.faults.add(fault, when=faults.path("/statuses"))
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "one", options=REST)
    sync(tables, settings, tmp_path / "two", cursor, options=REST)
    assert stored(tables) == true(shop)


@BOTH
def test_a_draft_that_is_published_is_a_release(world, shop, server, settings, tmp_path, options):
    draft = deployments.release(world, shop, "v1", is_draft=True)
    world.clock.advance(minutes=1)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=options)
    world.clock.advance(days=3)
    deployments.publish(world, draft)
    sync(tables, settings, tmp_path / "second", cursor, options=options)
    assert stored(tables) == true(shop)
    assert stored(tables)["releases"][0]["sha"] == stored(tables)["tags"][0]["sha"]


class TestManyDeployments:
    """The newest thousand are looked at, and what is unfinished."""

    @pytest.fixture
    def cursor(self, world, shop, server, settings, tmp_path):
        self.waiting = deployments.create(world, shop, environment="production", status="in_progress")
        self.lost = deployments.create(world, shop, environment="production", status="queued")
        _deploy(world, shop, 1_150)
        world.clock.advance(minutes=1)
        self.tables = Tables()
        cursor = sync(self.tables, settings, tmp_path / "first")
        server.forget_requests()
        return cursor

    def test_one_that_was_unfinished_is_looked_at_by_id(self, world, shop, server, settings, tmp_path, cursor):
        before = _copy(self.tables)
        deployments.set_status(world, self.waiting, "success")
        deployments.delete(world, self.lost)
        cursor = sync(self.tables, settings, tmp_path / "second", cursor)
        assert stored(self.tables) == true(shop)
        assert _asked(server) == {"DeliveryTotals": 1, "Deployments": 10, "DeploymentsById": 1}
        changed = _changed(self.tables, before)["deployments"]
        assert (str(self.waiting["_id"]),) in changed
        before = _copy(self.tables)
        sync(self.tables, settings, tmp_path / "third", cursor)
        assert _copy(self.tables) == before

    def test_more_new_ones_than_a_thousand_are_all_listed(self, world, shop, server, settings, tmp_path, cursor):
        _deploy(world, shop, 1_020)
        sync(self.tables, settings, tmp_path / "second", cursor)
        assert stored(self.tables) == true(shop)

    def test_one_deleted_among_the_newest_is_gone(self, world, shop, server, settings, tmp_path, cursor):
        deployments.delete(world, shop["_deployments"][700])
        _deploy(world, shop, 130)
        sync(self.tables, settings, tmp_path / "second", cursor)
        assert stored(self.tables) == true(shop)


@BOTH
@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 8, 13, 21])
def test_a_run_that_is_cut_off_goes_on_with_what_is_not_staged(world, shop, server, settings, tmp_path, options, after):
    _fill(world, shop, 230 if not options else 12)
    made = deployments.create(world, shop)
    for _ in range(30):
        deployments.set_status(world, made, "in_progress")
    broken = server.faults.add(faults.status(403, b'{"message": "Forbidden"}'), times=-1, after=after)
    tables = Tables()
    try:
        sync(tables, settings, tmp_path / "one", options=options)
    except SourceError:
        first = len(server.requests)
        server.faults.planned.remove(broken)
        deployments.set_status(world, shop["_deployments"][2], "failure")
        _deploy(world, shop, 2)
        server.forget_requests()
        sync(tables, settings, tmp_path / "one", options=options)
        again = len(server.requests)
        server.forget_requests()
        sync(Tables(), settings, tmp_path / "fresh", options=options)
        assert first + again <= len(server.requests) + 3
    server.faults.clear()
    cursor = UnitStaging(str(tmp_path / "one")).page("999-cursor").read()
    sync(tables, settings, tmp_path / "two", cursor, options=options)
    assert stored(tables) == true(shop)


def test_a_long_wait_is_raised_and_the_run_goes_on_at_the_same_page(world, shop, server, settings, tmp_path):
    _fill(world, shop, 250)
    server.faults.add(faults.primary(reset_in=3_600), after=3)
    tables = Tables()
    with pytest.raises(RateLimited):
        sync(tables, settings, tmp_path / "one")
    server.forget_requests()
    world.clock.advance(hours=2)
    sync(tables, settings_for(server, tmp_path / "other"), tmp_path / "one")
    assert stored(tables) == true(shop)
    assert _asked(server)["Deployments"] == 1, "two pages are staged"


@pytest.mark.parametrize(
    "fault", [faults.status(502), faults.cut(), faults.drop(), faults.garbage(), faults.secondary(), faults.timed_out()]
)
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_passing_trouble_changes_nothing(world, shop, server, settings, tmp_path, fault, after):
    _fill(world, shop, 40)
    server.faults.add(fault, after=after)
    tables = Tables()
    sync(tables, settings, tmp_path / "one")
    assert stored(tables) == true(shop)


@BOTH
def test_a_window_selects_what_was_made_in_it(world, shop, server, settings, tmp_path, options):
    start = world.clock.now()
    draft = deployments.release(world, shop, "old", is_draft=True)
    _fill(world, shop, 12)
    world.clock.advance(days=10)
    _deploy(world, shop, 2)
    deployments.publish(world, draft)
    tables = Tables()
    window = Window(start + timedelta(days=10), start + timedelta(days=11))
    unit = {"mode": "backfill", "window": window, "options": options}
    sync(tables, settings, tmp_path / "one", **unit)
    found = stored(tables)
    assert len(found["deployments"]) == 2
    assert [row["tag"] for row in found["releases"]] == ["old"]
    both = Tables()
    for part in (Window(start, start + timedelta(days=5)), Window(start + timedelta(days=5), window.before)):
        sync(both, settings, tmp_path / f"{part.since:%d}", **(unit | {"window": part}))
    assert stored(both) == true(shop)


@BOTH
def test_the_windows_of_a_backfill_read_each_list_once(world, shop, server, settings, tmp_path, options):
    start = world.clock.now()
    for _ in range(6):
        _fill(world, shop, 40)
        world.clock.advance(days=1)

    def backfill(windows: int, **shared) -> tuple[Tables, int]:
        tables, length = Tables(), timedelta(days=12) / windows
        server.forget_requests()
        for number in range(windows):
            part = Window(start + number * length, start + (number + 1) * length)
            folder = tmp_path / f"{windows}-{number}-{bool(shared)}"
            sync(tables, settings, folder, mode="backfill", window=part, options=options, chunk=number, **shared)
        return tables, len(server.requests)

    at_once, fewest = backfill(1)
    together, count = backfill(12, shared=str(tmp_path / "shared"))
    assert stored(together) == stored(at_once) == true(shop, is_rest=bool(options))
    assert count == fewest
    assert backfill(6)[1] > 1.4 * count, "what is not shared is read again"


@BOTH
def test_a_missing_permission_is_named(world, shop, server, settings, tmp_path, options):
    _fill(world, shop, 6)
    denied = (
        faults.status(403, b'{"message": "Resource not accessible by integration"}')
        if options
        else faults.partial("repository", "deployments", kind="FORBIDDEN", message="Resource not accessible")
    )
    where = faults.path("/deployments") if options else faults.says("query Deployments(")
    server.faults.add(denied, when=where)
    with pytest.raises(SourceForbidden, match="Deployments: read and Contents: read"):
        sync(Tables(), settings, tmp_path / "one", options=options)


def test_a_missing_permission_empties_what_the_list_stands_in(world, shop, server, settings, tmp_path):
    """A list that cannot be null takes the repository with it."""
    _fill(world, shop, 6)

    def fault(_request, right):
        answer = right()
        error = {"type": "FORBIDDEN", "path": ["repository", "deployments"], "message": "Resource not accessible"}
        return faults.replace(answer, body={"data": {"repository": None}, "errors": [error]})

    server.faults.add(fault, when=faults.says("DeliveryTotals"))
    with pytest.raises(SourceForbidden, match="deployments may not be read"):
        sync(Tables(), settings, tmp_path / "one")


@pytest.mark.parametrize("below", [(), ("statuses",), ("statuses", "nodes", 0)])
def test_what_may_not_be_read_is_not_gone(world, shop, server, settings, tmp_path, below):
    _fill(world, shop, 6)
    where = ("repository", "deployments", "nodes", 1, *below)
    server.faults.add(
        faults.partial(*where, kind="FORBIDDEN", message="SAML enforcement"), when=faults.says("query Deployments(")
    )
    with pytest.raises(SourceForbidden, match="SAML"):
        sync(Tables(), settings, tmp_path / "one")


def test_more_statuses_that_may_not_be_read_are_not_none(world, shop, server, settings, tmp_path):
    made = deployments.create(world, shop)
    for _ in range(15):
        deployments.set_status(world, made, "in_progress")
    denied = faults.partial("n0", kind="FORBIDDEN", message="SAML enforcement")
    server.faults.add(denied, when=faults.says("DeploymentMoreStatuses"))
    with pytest.raises(SourceForbidden, match="SAML"):
        sync(Tables(), settings, tmp_path / "one")


@BOTH
@pytest.mark.parametrize(
    ("state", "said"),
    [("hidden", "acme/shop"), ("forbidden", "Deployments: read"), ("blocked", "blocked for everybody")],
)
def test_a_repository_that_may_not_be_seen_is_no_empty_one(
    world, shop, server, settings, tmp_path, options, state, said
):
    repositories.close_off(world, shop, state)
    with pytest.raises(SourceError, match=said):
        list(connector.fetch(unit_for(tmp_path / "one", options=options), settings))


def test_a_renamed_repository_is_read_on(world, shop, server, settings, tmp_path):
    _fill(world, shop, 4)
    repositories.rename(world, shop, "globex/store")
    for options in ({}, REST):
        tables = Tables()
        sync(tables, settings, tmp_path / f"one{len(options)}", options=options)
        assert stored(tables) == true(shop)


def test_a_cursor_of_one_interface_serves_the_other(world, shop, server, settings, tmp_path):
    _fill(world, shop, 9)
    tables = Tables()
    cursor = sync(tables, settings, tmp_path / "first", options=REST)
    deployments.delete(world, shop["_deployments"][1])
    cursor = sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop)
    deployments.delete(world, shop["_deployments"][1])
    sync(tables, settings, tmp_path / "third", cursor, options=REST)
    assert stored(tables) == true(shop)
