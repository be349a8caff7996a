"""Computing metrics: what stays dirty, which rows win, what a report is worth."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.metrics import compute_dirty, compute_range
from devhealth.pipelines.run import run_sync
from devhealth.warehouse.connection import connected
from tests.pipelines.conftest import NOW, request
from tests.pipelines.test_sync import dirty, query

COMMITS = "select sum(commits_count) from {}_latest"


@pytest.fixture
def synced(settings, shop):
    """A commit at noon of each of the first five days of March."""
    setup.register_source(settings, "acme", str(shop.path), targets=["git"])
    run_sync(settings, request())
    return settings


def commits(settings, table="repo_metrics_daily"):
    return query(settings, COMMITS.format(table))[0][0]


def test_what_is_later_than_as_of_on_its_own_day_stays_dirty(synced):
    compute_dirty(synced, datetime(2026, 3, 5, 11, tzinfo=UTC))
    assert commits(synced) == 4
    assert [(one.since, one.before) for one in dirty(synced)] == [("2026-03-05", "2026-03-06")]
    compute_dirty(synced, datetime(2026, 3, 5, 11, 59, 59, tzinfo=UTC))
    compute_dirty(synced, datetime(2026, 3, 5, 12, tzinfo=UTC))
    assert commits(synced) == 5
    assert commits(synced, "team_metrics_daily") == 5
    assert dirty(synced) == []


@pytest.mark.parametrize("compute", [compute_dirty, None])
def test_a_computation_for_an_earlier_time_takes_nothing_back_for_good(synced, shop, compute):
    """Days that were told before, up to 29 days after the ones that changed, are told again by the next computation."""
    compute_dirty(synced, NOW)
    told = query(synced, "select day, commits_count, churn_loc_30d from repo_metrics_daily_latest order by day")
    noon = datetime(2026, 3, 3, 11, tzinfo=UTC)
    if compute:
        mark = dirty_mark(synced, date(2026, 3, 3))
        compute(synced, noon)
        assert mark
    else:
        compute_range(synced, None, date(2026, 3, 3), date(2026, 3, 4), noon)
    assert commits(synced) == 4
    compute_dirty(synced, NOW)
    assert dirty(synced) == []
    assert query(synced, "select day, commits_count, churn_loc_30d from repo_metrics_daily_latest order by day") == told


def dirty_mark(settings, day):
    from devhealth.models.unit import DayRange
    from devhealth.semantic import database, dirty_ranges

    [(org_id, repo_id)] = query(settings, "select org_id, repo_id from repositories")
    days = [DayRange(str(day), str(day + timedelta(days=1)))]
    return dirty_ranges.mark(database.open_semantic(settings), org_id, repo_id, days, "test")


def test_a_clock_that_steps_back_lets_no_older_row_win(synced, shop):
    compute_dirty(synced, NOW)
    with connected(synced) as client:  # as a worker whose clock is two days ahead would have stored them
        for table in ("repo_metrics_daily", "team_metrics_daily"):
            client.execute(f"create table ahead engine = Memory as select * from {table}")
            client.execute(f"truncate table {table}")
            client.execute(
                f"insert into {table} select * replace (now64(6) + interval 2 day as computed_at) from ahead"
            )
            client.execute("drop table ahead")
    shop.git("checkout", "-q", "main~1")
    shop.git("branch", "-qf", "main")
    shop.git("checkout", "-q", "main")
    run_sync(synced, request())
    compute_dirty(synced, NOW)
    assert (commits(synced), commits(synced, "team_metrics_daily")) == (4, 4)


def test_a_computation_again_writes_nothing(synced):
    compute_dirty(synced, NOW)
    report = compute_range(synced, None, None, None, NOW)
    assert sum(one.rows for one in report.tables) == 0


def test_a_report_that_cannot_be_kept_fails_nothing(synced, tmp_path: Path):
    (tmp_path / "a file").write_text("")
    nowhere = dataclasses.replace(synced, staging_uri=str(tmp_path / "a file" / "staging"))
    assert compute_dirty(nowhere, NOW).tables
    assert dirty(synced) == []
    assert commits(synced) == 5
