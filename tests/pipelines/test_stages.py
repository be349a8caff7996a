"""What the stages leave for `finish_sync`, and what a stage that is run again by itself may not claim."""

import dataclasses
import os
import sqlite3
import time

import pytest

from devhealth.errors import SourceNotFound, StagingError
from devhealth.models.unit import Unit
from devhealth.pipelines import plan, setup, stages
from devhealth.pipelines import run as in_one_process
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.run import run_sync
from devhealth.semantic import database, watermarks
from devhealth.staging import UnitStaging
from devhealth.warehouse.connection import connected
from tests.pipelines.conftest import request
from tests.processes import killed_at

ALL = (stages.fetch_unit, stages.process_unit, stages.store_unit)


@pytest.fixture
def unit(settings, shop):
    setup.register_source(settings, "acme", str(shop.path), targets=["git"])
    (unit,) = plan_sync(settings, request())
    return unit


def finished(settings, unit: Unit):
    return finish_sync(settings, [unit], provider="local_git", run_id=unit.run_id)


def run(settings, unit, *some):
    for stage in some:
        stage(settings, unit)


def cursor(settings, unit):
    return watermarks.read(database.open_semantic(settings), unit.org_id, unit.repo_id, unit.target).cursor


@pytest.mark.parametrize("stage", [stages.process_unit, stages.store_unit])
def test_a_stage_without_its_input_fails_instead_of_storing_nothing(settings, unit, stage):
    run(settings, unit, *ALL)
    finished(settings, unit)
    with pytest.raises(StagingError, match="Run the sync again"):
        stage(settings, unit)


def test_a_finished_unit_that_is_fetched_again_and_fails_is_no_longer_stored(settings, shop, unit):
    run(settings, unit, *ALL)
    assert not finished(settings, unit).failed
    shop.path.rename(shop.path.with_name("moved"))
    with pytest.raises(SourceNotFound):
        stages.fetch_unit(settings, unit)
    (failure,) = finished(settings, unit).failed
    assert str(shop.path) in failure.error


def test_a_finished_unit_that_is_run_again_moves_the_cursor_to_what_it_stored(settings, shop, unit):
    run(settings, unit, *ALL)
    finished(settings, unit)
    before = cursor(settings, unit)
    shop.commit()
    run(settings, unit, *ALL)
    assert not finished(settings, unit).failed
    assert cursor(settings, unit) != before
    assert plan_sync(settings, request()) == []


def test_damage_that_was_repaired_is_forgotten(settings, shop, unit):
    blob = shop.path / ".git/objects" / shop.git("rev-parse", "HEAD:file.txt")[:2]
    aside = blob.with_name("aside")
    blob.rename(aside)
    run(settings, unit, *ALL)
    (failure,) = finished(settings, unit).failed
    assert failure.stage == "fetch"
    aside.rename(blob)
    run(settings, unit, *ALL)
    assert not finished(settings, unit).failed


def test_an_error_that_a_retry_mended_is_not_told_when_the_next_stage_dies(settings, shop, unit):
    shop.path.rename(shop.path.with_name("moved"))
    with pytest.raises(SourceNotFound):
        stages.fetch_unit(settings, unit)
    shop.path.with_name("moved").rename(shop.path)
    run(settings, unit, stages.fetch_unit)
    (failure,) = finished(settings, unit).failed
    assert (failure.stage, "was killed" in failure.error) == ("process", True)


def test_only_runs_of_long_ago_are_removed_from_the_staging_folder(settings, unit):
    stages.fetch_unit(settings, unit)
    root = UnitStaging(settings.staging_uri).root
    foreign, recent = root / "2024-photos", root / unit.run_id
    foreign.mkdir()
    old = root / "20240101T000000-0123abcd-manual__2024"
    old.mkdir()
    for folder in (foreign, old):
        os.utime(folder, (time.time() - plan.KEEP_STAGING_SECONDS - 60,) * 2)
    plan_sync(settings, request())
    assert [folder.exists() for folder in (foreign, recent, old)] == [True, True, False]


def _left(settings):
    root = UnitStaging(settings.staging_uri).root
    locks = [path.name for path in settings.home.glob("*staging-*.lock")]
    return [path.name for path in root.iterdir()] + locks if root.exists() else locks


@pytest.mark.parametrize("place", ["", "memory://staging-{}"])
def test_a_sync_that_ended_leaves_nothing_staged(settings, shop, place, tmp_path):
    settings = dataclasses.replace(settings, staging_uri=place.format(tmp_path.name) or settings.staging_uri)
    setup.register_source(settings, "acme", str(shop.path))
    for _ in range(2):
        shop.commit()
        assert run_sync(settings, request()).stored
        assert _left(settings) == []
    shop.path.rename(shop.path.with_name("moved"))
    assert run_sync(settings, request()).failed
    assert _left(settings) == []


def test_what_a_killed_sync_left_goes_with_the_next_one_and_what_runs_stays(settings, shop):
    setup.register_source(settings, "acme", str(shop.path))
    assert killed_at(0, [(in_one_process, "store_batches")], lambda: run_sync(settings, request()))
    assert len(_left(settings)) == 2
    engine = database.open_semantic(settings)
    with plan.staging_held(settings, engine, "20260101T000000-0123abcd"):
        assert not run_sync(settings, request()).failed
        assert _left(settings)[:1] == ["20260101T000000-0123abcd"]
    assert _left(settings) == []
    engine.dispose()


def test_runs_of_long_ago_go_from_an_object_store(settings, monkeypatch):
    settings = dataclasses.replace(settings, staging_uri=f"memory://{settings.clickhouse_uri.rpartition('/')[2]}")
    for run in ("20240101T000000-0123abcd-manual", "photos"):
        UnitStaging(f"{settings.staging_uri}/{run}/unit").write_page("1", b"x")
    plan_sync(settings, request())
    assert len(_left(settings)) == 2
    monkeypatch.setattr(plan, "KEEP_STAGING_SECONDS", -1)
    plan_sync(settings, request())
    assert _left(settings) == ["photos"]


def test_a_sync_into_both_stores_leaves_the_same_rows_in_each(settings, shop, tmp_path):
    both = dataclasses.replace(settings, sink="both", secondary_uri=f"sqlite:///{tmp_path}/second.db")
    setup.register_source(both, "acme", str(shop.path))
    for _ in range(2):
        assert not run_sync(both, request(full_resync=True)).failed
    with connected(both) as client, sqlite3.connect(tmp_path / "second.db") as second:
        for table in ("commits", "commit_file_stats", "commit_reachability", "refs", "repositories", "blame_ranges"):
            (in_both,) = client.execute(f"select count() from {table} final")
            assert second.execute(f"select count(*) from {table}").fetchone() == in_both
            assert in_both[0] > 0


def test_a_run_with_nothing_registered_says_what_to_do(settings, caplog):
    assert plan_sync(settings, request()) == []
    assert "devhealth register" in caplog.text


def test_a_stage_is_left_once_the_one_before_has_ended_and_until_it_has_itself(settings, shop, unit):
    def left():
        return [stage for stage in stages.STAGES if stages.is_left(unit, stage)]

    assert left() == ["fetch"]
    shop.path.rename(shop.path.with_name("moved"))
    with pytest.raises(SourceNotFound):
        stages.fetch_unit(settings, unit)
    assert left() == ["fetch"]
    shop.path.with_name("moved").rename(shop.path)
    run(settings, unit, stages.fetch_unit)
    assert left() == ["process"]
    run(settings, unit, stages.process_unit)
    assert left() == ["store"]
    run(settings, unit, stages.store_unit)
    assert left() == []
    assert not finished(settings, unit).failed
    assert left() == ["fetch"], "its pages went when the run finished: a task that is cleared fetches them again"
    run(settings, unit, stages.fetch_unit)
    assert left() == ["process"]
