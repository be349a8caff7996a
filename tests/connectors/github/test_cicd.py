"""Runs of workflows from the local server through connector and processor: what is stored is what is there."""

import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from devhealth.connectors.github import cicd as connector
from devhealth.errors import RateLimited, SourceError, SourceForbidden, SourceNotFound
from devhealth.models import github_cicd_pages as kinds
from devhealth.models.github_cicd_pages import RunsCursor
from devhealth.models.unit import Window
from devhealth.staging import UnitStaging
from tests.git_sync import Tables
from tests.github import faults, pipelines, repositories
from tests.pipeline_run_sync import stored, sync, true
from tests.pull_request_sync import settings_for, unit_for

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def tables():
    return Tables()


def _fill(world, shop, count, seconds=600, jobs=("build", "test")):
    made = []
    for number in range(count):
        world.clock.advance(seconds=seconds)
        run = pipelines.create(world, shop, workflow=f"CI {number % 3}", actor="Ada", jobs=jobs)
        pipelines.start(world, run)
        pipelines.finish(world, run, ("success", "failure", "cancelled", "skipped")[number % 4])
        made.append(run)
    return made


def _everything_at_once(world, shop):
    """A run of each kind that has ever gone wrong somewhere."""
    world.clock.advance(minutes=1)
    pipelines.create(world, shop, event="schedule", actor=None)
    queued = pipelines.create(world, shop, actor="dependabot[bot]", jobs=("build",))
    world.clock.advance(minutes=1)
    twice = pipelines.create(world, shop, event="pull_request", branch="feature", jobs=("build", "test"))
    pipelines.start_job(world, pipelines.newest(twice)["jobs"][0])
    world.clock.advance(minutes=1)
    pipelines.finish(world, twice, "failure")
    world.clock.advance(minutes=5)
    pipelines.rerun(world, twice, by="grace")
    world.clock.advance(minutes=1)
    pipelines.start(world, twice)
    many = pipelines.create(world, shop, jobs=tuple(f"job {number}" for number in range(130)))
    pipelines.start(world, many)
    return queued


def _settle(world):
    world.clock.advance(minutes=20)


def _asked(server, part):
    return [seen.path for seen in server.requests if part in seen.path]


def test_everything_a_run_has_is_stored(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 7)
    _everything_at_once(world, shop)
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop)
    assert {row["attempt"] for row in stored(tables)["pipeline_runs"]} == {1, 2}


def test_a_run_takes_one_request_and_a_hundred_in_the_list_one(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 120)
    _settle(world)
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop)
    assert len(server.requests) == 1 + 2 + 120


@pytest.mark.parametrize("seconds", [0, 60])
def test_no_run_is_lost_where_a_list_ends_at_a_thousand(world, shop, server, settings, tmp_path, tables, seconds):
    runs = _fill(world, shop, 990, seconds, jobs=())
    _fill(world, shop, 730, seconds=3, jobs=())
    _settle(world)
    sync(tables, settings, tmp_path / "first")
    assert len(stored(tables)["pipeline_runs"]) == len(runs) + 730
    assert len(_asked(server, "created=")) <= math.ceil(1720 / 100) + 15
    assert stored(tables) == true(shop)


def test_a_burst_long_ago_is_read_whole(world, shop, server, settings, tmp_path, tables):
    for _ in range(4):
        world.clock.advance(seconds=1)
        _fill(world, shop, 290, seconds=0, jobs=())
    world.clock.advance(days=300)
    _fill(world, shop, 120, seconds=3600, jobs=())
    _settle(world)
    sync(tables, settings, tmp_path / "first")
    assert len(stored(tables)["pipeline_runs"]) == 1_280
    assert len(_asked(server, "created=")) <= 60


def test_more_in_a_second_than_github_shows_is_no_shorter_list(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 1_001, seconds=0, jobs=())
    with pytest.raises(SourceError, match="1000 of 1001 runs"):
        sync(tables, settings, tmp_path / "first")


def test_nothing_new_writes_nothing_even_while_the_clock_stands_still(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 5)
    _everything_at_once(world, shop)
    cursor = sync(tables, settings, tmp_path / "first")
    before = {name: dict(rows) for name, rows in tables.rows.items()}
    cursor = sync(tables, settings, tmp_path / "second", cursor)
    assert {name: dict(rows) for name, rows in tables.rows.items()} == before
    _settle(world)
    sync(tables, settings, tmp_path / "third", cursor)
    assert {name: dict(rows) for name, rows in tables.rows.items()} == before


def test_one_changed_run_is_fetched_and_written_alone(world, shop, server, settings, tmp_path, tables):
    runs = _fill(world, shop, 150)
    _settle(world)
    cursor = sync(tables, settings, tmp_path / "first")
    before = dict(tables.rows["pipeline_runs"])
    world.clock.advance(days=20)
    pipelines.rerun(world, runs[7], by="grace")
    pipelines.start(world, runs[7])
    world.clock.advance(minutes=3)
    pipelines.finish(world, runs[7], "success")
    server.forget_requests()
    assert connector.probe("acme/shop", {}, cursor, settings) is True
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop)
    changed = [key for key, row in tables.rows["pipeline_runs"].items() if before.get(key) is not row]
    assert sorted(key[2:] for key in changed) == [(str(runs[7]["_id"]), 1), (str(runs[7]["_id"]), 2)]
    assert _asked(server, "/jobs") == [f"/repos/acme/shop/actions/runs/{runs[7]['_id']}/jobs?filter=all&per_page=100"]


def test_a_probe_finds_what_is_new_changed_or_gone(world, shop, server, settings, tmp_path, tables):
    runs = _fill(world, shop, 3)
    assert connector.probe("acme/shop", {}, None, settings) is True
    _settle(world)
    cursor = sync(tables, settings, tmp_path / "first")
    assert connector.probe("acme/shop", {}, cursor, settings) is False
    pipelines.delete(world, runs[0])
    assert connector.probe("acme/shop", {}, cursor, settings) is True
    cursor = sync(tables, settings, tmp_path / "second", cursor)
    assert connector.probe("acme/shop", {}, cursor, settings) is False
    pipelines.create(world, shop)
    assert connector.probe("acme/shop", {}, cursor, settings) is True
    cursor = sync(tables, settings, tmp_path / "third", cursor)
    assert connector.probe("acme/shop", {}, cursor, settings) is True, "it is at work"


def test_a_run_at_work_is_looked_at_until_it_ends_however_old(world, shop, server, settings, tmp_path, tables):
    queued = _everything_at_once(world, shop)
    cursor = sync(tables, settings, tmp_path / "0")
    for number, step in enumerate((pipelines.start, pipelines.finish), 1):
        world.clock.advance(days=40)
        _fill(world, shop, 2)
        step(world, queued)
        cursor = sync(tables, settings, tmp_path / str(number), cursor)
        assert stored(tables) == true(shop)
    staging = UnitStaging(str(tmp_path / "2"))
    assert staging.read("unsettled") is not None
    assert str(queued["_id"]) not in msgspec.json.decode(cursor)["open"] or queued["updatedAt"] >= world.stamp()


def test_jobs_of_a_run_at_work_change_without_the_run(world, shop, server, settings, tmp_path, tables):
    run = pipelines.create(world, shop, jobs=("build",))
    pipelines.start(world, run)
    _settle(world)
    cursor = sync(tables, settings, tmp_path / "first")
    pipelines.finish_job(world, pipelines.add_job(world, run, "test"), "failure")
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop)


def test_of_many_runs_all_are_looked_at_once_a_day(world, shop, server, settings, tmp_path, tables, monkeypatch):
    monkeypatch.setattr(connector, "FEW", 250)
    runs = _fill(world, shop, 300, seconds=60)
    world.clock.set(datetime(2024, 5, 2, 1, tzinfo=UTC))
    cursor = sync(tables, settings, tmp_path / "0")
    pipelines.rerun(world, runs[3])
    pipelines.finish(world, runs[3])
    world.clock.advance(hours=1)
    late = pipelines.create(world, shop, jobs=("build",))
    server.forget_requests()
    cursor = sync(tables, settings, tmp_path / "1", cursor)
    assert len(server.requests) == 3, "the repository, one page of the list, the new run"
    assert stored(tables)["pipeline_runs"][-1]["run_id"] == str(late["_id"])
    world.clock.advance(days=1)
    pipelines.finish(world, late)
    cursor = sync(tables, settings, tmp_path / "2", cursor)
    assert stored(tables) == true(shop)
    _settle(world)
    before = dict(tables.rows["pipeline_runs"])
    sync(tables, settings, tmp_path / "3", cursor)
    assert tables.rows["pipeline_runs"] == before


def test_what_somebody_deletes_is_gone(world, shop, server, settings, tmp_path, tables):
    runs = _fill(world, shop, 5)
    _settle(world)
    cursor = sync(tables, settings, tmp_path / "first")
    pipelines.delete(world, runs[1])
    cursor = sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop)
    pipelines.delete(world, runs[2])
    UnitStaging(str(tmp_path / "full")).write("cursor-at-plan", cursor)
    sync(tables, settings, tmp_path / "full")
    assert stored(tables) == true(shop)
    assert len(stored(tables)["pipeline_runs"]) == 3


def test_what_github_forgets_by_age_stays(world, shop, server, settings, tmp_path, tables):
    runs = _fill(world, shop, 5)
    queued = pipelines.create(world, shop)
    _settle(world)
    cursor = sync(tables, settings, tmp_path / "0")
    before = stored(tables)
    for number, days in enumerate((60, 400), 1):
        world.clock.advance(days=days)
        for run in (runs.pop(), queued) if days == 400 else ():
            pipelines.delete(world, run)
        cursor = sync(tables, settings, tmp_path / str(number), cursor)
        assert stored(tables) == before
    sync(tables, settings, tmp_path / "full")
    assert stored(tables) == before


def test_a_run_that_never_ended_stays_too(world, shop, server, settings, tmp_path, tables):
    queued = pipelines.create(world, shop)
    cursor = None
    for month in range(14):
        cursor = sync(tables, settings, tmp_path / str(month), cursor)
        world.clock.advance(days=30)
    before = stored(tables)
    pipelines.delete(world, queued)
    cursor = sync(tables, settings, tmp_path / "last", cursor)
    assert stored(tables) == before
    assert msgspec.json.decode(cursor, type=RunsCursor).open == {}


def test_a_run_deleted_between_the_list_and_its_jobs_is_gone(world, shop, server, settings, tmp_path, tables):
    runs = _fill(world, shop, 3)
    path = f"/actions/runs/{runs[1]['_id']}/jobs"

    def vanish(_request, right):
        pipelines.delete(world, runs[1])
        return right()

    server.faults.add(vanish, when=faults.path(path))
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop)
    assert len(stored(tables)["pipeline_runs"]) == 2


def test_runs_that_move_up_while_the_list_is_read_are_not_skipped(world, shop, server, settings, tmp_path, tables):
    runs = _fill(world, shop, 250, jobs=())

    def shift(_request, right):
        for run in runs[-30:]:
            pipelines.delete(world, run)
        return right()

    server.faults.add(shift, when=lambda request: request.query.get("page") == "2")
    cursor = sync(tables, settings, tmp_path / "first")
    found = {row["run_id"] for row in stored(tables)["pipeline_runs"]}
    assert {str(number) for number in shop["_runs"]} <= found
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop)
    assert len(stored(tables)["pipeline_runs"]) == 220


def test_a_window_selects_what_was_created_in_it(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 30, seconds=7_200)
    window = Window(BEGIN + timedelta(days=1), BEGIN + timedelta(days=2))
    sync(tables, settings, tmp_path / "one", mode="backfill", window=window)
    found = stored(tables)
    assert found["pipeline_runs"] == [
        row for row in true(shop)["pipeline_runs"] if window.since <= row["created_at"] < window.before
    ]
    assert len(found["pipeline_runs"]) == 12
    for day in range(3):
        part = Window(BEGIN + timedelta(days=day), BEGIN + timedelta(days=day + 1))
        sync(tables, settings, tmp_path / f"{day}", mode="backfill", window=part)
    assert stored(tables) == true(shop)


def test_a_first_sync_reads_as_far_back_as_it_is_told(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 10, seconds=86_400)
    _settle(world)
    cursor = sync(tables, settings, tmp_path / "first", options={"depth_days": 4})
    before = stored(tables)
    assert len(before["pipeline_runs"]) == 4
    sync(tables, settings, tmp_path / "second", cursor, options={"depth_days": 4})
    assert stored(tables) == before


@pytest.mark.parametrize("after", [0, 1, 2, 3, 9, 101, 110, 125, 128])
def test_a_sync_that_is_cut_off_goes_on_with_what_is_not_staged(world, shop, server, settings, tmp_path, tables, after):
    _fill(world, shop, 120)
    _everything_at_once(world, shop)
    broken = server.faults.add(faults.status(403, b'{"message": "Forbidden"}'), times=-1, after=after)
    with pytest.raises(SourceForbidden):
        sync(tables, settings, tmp_path / "one")
    server.faults.planned.remove(broken)
    first = len(server.requests)
    server.forget_requests()
    cursor = sync(tables, settings, tmp_path / "one")
    assert stored(tables) == true(shop)
    again = len(server.requests)
    server.forget_requests()
    sync(Tables(), settings, tmp_path / "fresh")
    assert first + again <= len(server.requests) + 4, "the request that broke, and what a run of several takes"
    sync(tables, settings, tmp_path / "two", cursor)
    assert stored(tables) == true(shop)


def test_a_long_wait_is_raised_and_the_sync_goes_on_at_the_same_page(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 120)
    _settle(world)
    server.faults.add(faults.primary(reset_in=3_600), after=50)
    with pytest.raises(RateLimited):
        sync(tables, settings, tmp_path / "one")
    world.clock.advance(hours=2)
    sync(tables, settings_for(server, tmp_path / "other"), tmp_path / "one")
    assert stored(tables) == true(shop)
    assert len(server.requests) == 1 + 2 + 120 + 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(502),
        faults.cut(),
        faults.drop(),
        faults.garbage(b'{"total_count": 3, "workfl'),
        faults.secondary(),
    ],
    ids=["502", "cut", "drop", "garbage", "secondary"],
)
@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_trouble_on_the_way_changes_nothing(world, shop, server, settings, tmp_path, tables, fault, after):
    _fill(world, shop, 3)
    server.faults.add(fault, after=after)
    sync(tables, settings, tmp_path / "one")
    assert stored(tables) == true(shop)


def test_runs_that_may_not_be_read_are_no_empty_list(world, shop, server, settings, tmp_path, tables):
    cursor = None
    for name in ("first", "second"):
        refused = server.faults.add(
            faults.status(403, b'{"message": "Resource not accessible"}'), when=faults.path("/actions/"), times=-1
        )
        with pytest.raises(SourceForbidden, match="Actions: read"):
            sync(tables, settings, tmp_path / name, cursor)
        server.faults.planned.remove(refused)
        _fill(world, shop, 2)
        cursor = sync(tables, settings, tmp_path / f"{name}-well")
        assert stored(tables) == true(shop)


@pytest.mark.parametrize("code", [403, 404])
def test_a_permission_that_is_taken_away_on_the_way_deletes_nothing(
    world, shop, server, settings, tmp_path, tables, code
):
    _fill(world, shop, 3)
    refused = server.faults.add(
        faults.status(code, b'{"message": "No"}'), when=faults.path("/actions/"), times=-1, after=2
    )
    with pytest.raises(SourceError, match=r"Actions: read|is not there"):
        sync(tables, settings, tmp_path / "first")
    server.faults.planned.remove(refused)
    sync(tables, settings, tmp_path / "first")
    assert stored(tables) == true(shop)


def test_a_renamed_repository_is_read_on(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 3)
    repositories.rename(world, shop, "globex/store")
    sync(tables, settings, tmp_path / "one")
    assert stored(tables) == true(shop)
    assert sum(seen.status == 301 for seen in server.requests) == 1


def test_a_repository_that_is_not_there_is_no_empty_one(world, server, settings, tmp_path):
    with pytest.raises(SourceNotFound, match="acme/shop"):
        list(connector.fetch(unit_for(tmp_path / "one", target="cicd"), settings))


def test_a_cursor_that_cannot_be_read_reads_everything(world, shop, server, settings, tmp_path, tables):
    _fill(world, shop, 3)
    cursor = sync(tables, settings, tmp_path / "one", b'{"until": "of another kind"}')
    assert stored(tables) == true(shop)
    assert len(msgspec.json.decode(cursor, type=RunsCursor).known) == 3


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_wrong_loses_nothing(world, shop, server, settings, tmp_path, tables, hours):
    server.skew = timedelta(hours=hours)
    runs = _fill(world, shop, 3)
    cursor = sync(tables, settings, tmp_path / "first")
    world.clock.advance(minutes=1)
    pipelines.rerun(world, runs[0])
    _fill(world, shop, 2)
    sync(tables, settings, tmp_path / "second", cursor)
    assert stored(tables) == true(shop)


def test_a_run_that_follows_a_push_may_come_late(world, shop, server, settings, tmp_path, tables):
    repositories.commit(world, shop)
    sync(tables, settings, tmp_path / "first")
    assert UnitStaging(str(tmp_path / "first")).read("unsettled") is not None
    world.clock.advance(seconds=kinds.OVERLAP.total_seconds() + 1)
    sync(tables, settings, tmp_path / "second")
    assert UnitStaging(str(tmp_path / "second")).read("unsettled") is None
