"""What a run leaves for people to look up."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from devhealth.pipelines import setup
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.request import window_between
from devhealth.pipelines.run import run_sync
from devhealth.pipelines.stages import fetch_unit, process_unit, store_unit
from devhealth.semantic import database
from devhealth.semantic.tables import sync_configurations, sync_runs
from tests.pipelines.conftest import NOW, Shop, request


@pytest.fixture
def registered(settings, shop):
    return setup.register_source(settings, "acme", str(shop.path), targets=["git"])


def rows(settings, table, **wanted):
    with database.open_semantic(settings).connect() as connection:
        query = select(table).order_by(*table.primary_key.columns)
        for column, value in wanted.items():
            query = query.where(table.c[column] == value)
        return connection.execute(query).all()


def outcome(settings, name="shop"):
    (row,) = rows(settings, sync_configurations, name=name)
    return row


def test_a_configuration_that_never_ran_has_no_outcome(settings, registered):
    found = outcome(settings)
    assert (found.last_run_id, found.last_run_at, found.last_outcome, found.last_error) == (None, None, None, None)


def test_each_unit_leaves_a_row_and_each_configuration_its_outcome(settings, registered):
    asked = request()
    report = run_sync(settings, asked)
    (run,) = rows(settings, sync_runs)
    assert (run.org_id, run.run_id, run.unit_id) == (registered.org_id, asked.run_id, report.stored[0].unit_id)
    assert (run.configuration, run.name, run.target, run.mode) == ("shop", "shop", "git", "full")
    assert (run.outcome, run.error, run.since, run.before) == ("stored", None, None, NOW)
    assert run.rows == report.rows > 5
    assert run.requests > 0
    assert run.repo_id
    assert min(run.fetch_seconds, run.process_seconds, run.store_seconds) > 0
    found = outcome(settings)
    assert (found.last_run_id, found.last_outcome, found.last_error) == (asked.run_id, "succeeded", None)
    assert datetime.now(UTC) - found.last_run_at < timedelta(minutes=5)


def test_a_run_with_nothing_new_was_looked_at_all_the_same(settings, registered):
    run_sync(settings, request())
    before = outcome(settings)
    assert plan_sync(settings, quiet := request()) == []
    after = outcome(settings)
    assert (after.last_run_id, after.last_outcome) == (quiet.run_id, "succeeded")
    assert after.last_run_at > before.last_run_at
    assert len(rows(settings, sync_runs)) == 1


def test_a_configuration_with_news_keeps_its_outcome_until_the_run_ends(settings, shop, registered):
    first = request()
    run_sync(settings, first)
    shop.commit()
    assert len(plan_sync(settings, request())) == 1
    assert outcome(settings).last_run_id == first.run_id


def test_a_window_says_nothing_of_the_configurations_it_has_nothing_for(settings, shop):
    setup.register_source(settings, "acme", str(shop.path), targets=["blame"])
    assert plan_sync(settings, request(window=window_between("2026-05-20", None, NOW))) == []
    assert outcome(settings).last_outcome is None


def test_a_failure_is_told_where_it_happened(settings, shop, registered, tmp_path):
    docs = Shop(tmp_path / "docs").commit()
    setup.register_source(settings, "acme", str(docs.path), targets=["git"])
    docs.path.rename(tmp_path / "moved")
    run_sync(settings, request())
    assert outcome(settings, "shop").last_outcome == "succeeded"
    failed = outcome(settings, "docs")
    assert failed.last_outcome == "failed"
    assert str(docs.path) in failed.last_error
    (run,) = rows(settings, sync_runs, outcome="failed")
    assert (run.configuration, run.rows) == ("docs", 0)
    assert run.error in failed.last_error
    (tmp_path / "moved").rename(docs.path)
    run_sync(settings, request())
    assert (outcome(settings, "docs").last_outcome, outcome(settings, "docs").last_error) == ("succeeded", None)


def test_a_damaged_source_is_partly_failed(settings, shop, registered):
    tree = shop.git("rev-parse", "HEAD~2^{tree}")
    (shop.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    run_sync(settings, request())
    (run,) = rows(settings, sync_runs)
    assert (run.outcome, run.rows > 0, bool(run.error)) == ("damaged", True, True)
    assert outcome(settings).last_outcome == "partly_failed"


def test_one_unit_of_two_makes_a_configuration_partly_failed(settings, shop):
    setup.register_source(settings, "acme", str(shop.path), targets=["git", "blame"])
    units = plan_sync(settings, asked := request())
    for unit in units:
        fetch_unit(settings, unit)
        process_unit(settings, unit)
        if unit.target == "git":
            store_unit(settings, unit)
    finish_sync(settings, units, provider="local_git", run_id=asked.run_id)
    found = outcome(settings)
    assert found.last_outcome == "partly_failed"
    assert "shop (blame): it was killed or never ran" in found.last_error
    assert {run.target: run.outcome for run in rows(settings, sync_runs)} == {"git": "stored", "blame": "failed"}


def test_finishing_again_replaces_the_rows_of_the_run(settings, registered):
    units = plan_sync(settings, asked := request())
    finish_sync(settings, units, provider="local_git", run_id=asked.run_id)
    assert [run.outcome for run in rows(settings, sync_runs)] == ["failed"]
    for stage in (fetch_unit, process_unit, store_unit):
        stage(settings, units[0])
    finish_sync(settings, units, provider="local_git", run_id=asked.run_id)
    finish_sync(settings, units, provider="local_git", run_id=asked.run_id)
    assert [(run.outcome, run.error) for run in rows(settings, sync_runs)] == [("stored", None)]
    assert outcome(settings).last_outcome == "succeeded"


def test_two_organisations_with_one_repository_have_their_own_outcomes(settings, shop, registered):
    beta = setup.register_source(settings, "beta", str(shop.path), targets=["git"])
    run_sync(settings, request(organisation="acme"))
    assert [one.last_outcome for one in rows(settings, sync_configurations, org_id=beta.org_id)] == [None]
    assert rows(settings, sync_runs, org_id=beta.org_id) == []
