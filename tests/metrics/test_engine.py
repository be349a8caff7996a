import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from devhealth.metrics import engine
from devhealth.metrics.definitions import all_definitions
from devhealth.metrics.engine import Scope
from tests.metrics.history import FETCHED, Change, History, latest, records, store

FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)
AS_OF = datetime(2026, 3, 20, 18, tzinfo=UTC)
LATER = FETCHED + timedelta(hours=1)

HISTORY = History(
    "repo",
    [
        Change("one", FIRST, "ann", {"a.py": (10, 0), "b.py": (300, 1)}),
        Change("two", FIRST + timedelta(hours=3), "bob", {"a.py": (1, 2)}),
        Change("three", FIRST + timedelta(days=9), "ann", {"a.py": (5, 5)}, is_revert=True),
    ],
    people={"robot": ("robot@example.com", True)},
)


def compute(client, org_id="acme", as_of=AS_OF, computed_at=FETCHED, scopes=None, **options):
    scopes = scopes or [Scope(org_id, "repo", date(2026, 1, 1), date(2027, 1, 1))]
    return engine.compute(client, scopes, as_of, computed_at, **options)


def shown(client, table, org_id="acme"):
    return latest(client, org_id)[table]


def test_a_quiet_day_has_zero_counts_and_no_means(client):
    store(client, records("acme", HISTORY))
    compute(client)
    row = shown(client, "repo_metrics_daily")["repo", date(2026, 3, 5)]
    assert (row["commits_count"], row["loc_touched"], row["files_changed"], row["sample_size"]) == (0, 0, 0, 0)
    assert row["avg_commit_size_loc"] is None
    assert row["large_commit_ratio"] is None
    assert row["churn_loc_30d"] == 314
    assert row["bus_factor_30d"] == 1


def test_rows_begin_with_the_first_commit_and_end_29_days_after_the_last(client):
    store(client, records("acme", HISTORY))
    compute(client, as_of=datetime(2026, 12, 1, tzinfo=UTC))
    days = sorted(day for _, day in shown(client, "repo_metrics_daily"))
    assert (days[0], days[-1], len(days)) == (date(2026, 3, 2), date(2026, 4, 9), 39)


def test_no_row_is_later_than_as_of_and_no_commit_after_it_counts(client):
    store(client, records("acme", HISTORY))
    compute(client, as_of=FIRST + timedelta(hours=1))
    rows = shown(client, "repo_metrics_daily")
    assert {key: row["commits_count"] for key, row in rows.items()} == {("repo", date(2026, 3, 2)): 1}


def test_merges_alone_leave_ownership_untold(client):
    store(client, records("acme", History("repo", [Change("merge", FIRST, is_merge=True)])))
    compute(client)
    row = shown(client, "repo_metrics_daily")["repo", date(2026, 3, 2)]
    assert (row["commits_count"], row["merge_commits_count"], row["loc_touched"]) == (1, 1, 0)
    assert (row["files_count_30d"], row["single_owner_file_ratio_30d"]) == (0, None)
    assert (row["rework_churn_ratio_30d"], row["bus_factor_30d"], row["ownership_gini_30d"]) == (None, None, None)


def test_columns_that_await_records_are_null_until_there_are_any(client):
    store(client, records("acme", HISTORY))
    compute(client)
    for definition in all_definitions():
        for column in definition.columns:
            if column.awaits:
                found = client.execute(f"select countIf({column.name} is not null), count() from {definition.name}")
                assert found[0][0] == 0, column.name
                assert found[0][1] > 0, definition.name


def test_rows_that_read_as_before_are_not_written_again(client):
    store(client, records("acme", dataclasses.replace(HISTORY, blame={"a.py": [("one", 1), ("two", 3)]})))
    first_reports = compute(client)
    first = latest(client, "acme")
    assert {report.table: report.rows for report in first_reports} == {name: len(rows) for name, rows in first.items()}
    assert {report.table: report.rows for report in compute(client, computed_at=LATER)} == dict.fromkeys(first, 0)
    assert latest(client, "acme") == first


def test_only_what_differs_is_written(client):
    store(client, records("acme", HISTORY))
    compute(client)
    more = dataclasses.replace(HISTORY.changes[1], files={"a.py": (1, 3)})
    store(client, records("acme", dataclasses.replace(HISTORY, changes=[more]), LATER))
    reports = {report.table: report.rows for report in compute(client, computed_at=LATER)}
    assert (reports["user_metrics_daily"], reports["file_metrics_daily"], reports["team_metrics_daily"]) == (1, 1, 0)
    assert shown(client, "file_metrics_daily")["repo", "a.py", date(2026, 3, 2)]["deletions"] == 3


def test_rows_of_an_older_definition_are_written_anew(client):
    store(client, records("acme", HISTORY))
    compute(client)
    older = "alter table team_metrics_daily update definition_version = 0 where true"
    client.execute(f"{older} settings mutations_sync = 1")
    assert {one.table: one.rows for one in compute(client, computed_at=LATER)}["team_metrics_daily"] == 2


def test_what_was_reported_at_a_time_can_be_told_again(client):
    store(client, records("acme", HISTORY))
    compute(client)
    before = latest(client, "acme")
    gone = dataclasses.replace(HISTORY, changes=[dataclasses.replace(HISTORY.changes[0], in_default_branch=False)])
    store(client, records("acme", gone, LATER))
    compute(client, computed_at=LATER)
    assert latest(client, "acme") != before
    for definition in all_definitions():
        (reported,) = client.execute(
            f"select count() from {definition.name} where computed_at <= %(at)s", {"at": FETCHED}
        )
        assert reported == (len(before[definition.name]),)


def test_rows_of_commits_that_left_every_branch_are_withdrawn(client):
    """Authors, files and days that were only theirs are shown no more."""
    store(client, records("acme", HISTORY))
    compute(client)
    pushed_away = [dataclasses.replace(one, in_default_branch=False, is_reachable=False) for one in HISTORY.changes]
    store(client, records("acme", dataclasses.replace(HISTORY, changes=pushed_away), LATER))
    compute(client, computed_at=LATER)
    assert latest(client, "acme") == {definition.name: {} for definition in all_definitions()}
    compute(client, computed_at=LATER + timedelta(hours=1))
    assert client.execute("select count() from user_metrics_daily where is_withdrawn") == [(3,)]


def test_withdrawn_rows_come_back_with_their_inputs(client):
    store(client, records("acme", HISTORY))
    compute(client)
    before = latest(client, "acme")
    for hours, is_there in ((1, False), (2, True)):
        changes = [dataclasses.replace(one, in_default_branch=is_there) for one in HISTORY.changes]
        now = FETCHED + timedelta(hours=hours)
        store(client, records("acme", dataclasses.replace(HISTORY, changes=changes), now))
        compute(client, computed_at=now)
    assert latest(client, "acme") == before


def test_people_who_turn_out_to_be_one_are_counted_as_one(client):
    store(client, records("acme", HISTORY))
    compute(client)
    assert {email for _, email, _ in shown(client, "user_metrics_daily")} == {"ann@example.com", "bob@example.com"}
    merged = dataclasses.replace(HISTORY, people={"bob": ("ann@example.com", False)})
    store(client, records("acme", merged, LATER))
    compute(client, computed_at=LATER)
    assert {email for _, email, _ in shown(client, "user_metrics_daily")} == {"ann@example.com"}


def test_organisations_with_the_same_repository_never_see_each_other(client):
    other = History("repo", [Change("one", FIRST, "eve", {"secret.py": (77, 0)})], people=HISTORY.people)
    store(client, [*records("acme", HISTORY), *records("rival", other)])
    compute(client)
    alone = latest(client, "acme")
    assert all(rows == {} for rows in latest(client, "rival").values())
    compute(client, "rival", computed_at=LATER)
    assert latest(client, "acme") == alone
    assert {path for _, path, _ in shown(client, "file_metrics_daily", "rival")} == {"secret.py"}
    assert shown(client, "team_metrics_daily", "rival")["unassigned", date(2026, 3, 2)]["commits_count"] == 1
    both = [Scope(org, "repo", date(2026, 1, 1), date(2027, 1, 1)) for org in ("acme", "rival")]
    compute(client, scopes=both, computed_at=LATER + timedelta(hours=1))
    assert latest(client, "acme") == alone


def test_a_team_day_is_recomputed_from_all_repositories(client):
    second = History("second", [Change("far", FIRST, "cleo", {"z.py": (1, 1)})])
    store(client, [*records("acme", HISTORY), *records("acme", second)])
    compute(client)
    assert shown(client, "team_metrics_daily")["unassigned", date(2026, 3, 2)]["commits_count"] == 3


def test_business_hours_follow_the_clock_of_the_author(client):
    tokyo = Change("late", datetime(2026, 3, 3, 9, tzinfo=UTC), offset_seconds=9 * 3600)  # 18:00 there
    store(client, records("acme", History("repo", [tokyo])))
    compute(client)
    assert shown(client, "team_metrics_daily")["unassigned", date(2026, 3, 3)]["after_hours_commits_count"] == 1
    compute(client, computed_at=LATER, business_hours=(10, 19))
    assert shown(client, "team_metrics_daily")["unassigned", date(2026, 3, 3)]["after_hours_commits_count"] == 0


def test_hotspots_stand_for_mondays_and_the_last_day(client):
    store(client, records("acme", dataclasses.replace(HISTORY, blame={"a.py": [("one", 1), ("two", 3)]})))
    compute(client)
    rows = shown(client, "file_hotspots")
    assert {day for _, path, day in rows if path == "b.py"} == {
        date(2026, 3, 2),
        date(2026, 3, 9),
        date(2026, 3, 16),
        date(2026, 3, 20),
    }
    last = rows["repo", "a.py", date(2026, 3, 20)]
    assert (last["owner_basis"], last["owned_lines"], last["top_owner_ratio"]) == ("blame", 4, 0.75)
    assert rows["repo", "a.py", date(2026, 3, 9)]["owner_basis"] == "churn"


def test_only_the_newest_blame_of_a_file_counts(client):
    store(client, records("acme", dataclasses.replace(HISTORY, blame={"a.py": [("one", 1), ("two", 3)]})))
    store(client, records("acme", dataclasses.replace(HISTORY, blame={"a.py": [("one", 2)]}), LATER))
    compute(client)
    last = shown(client, "file_hotspots")["repo", "a.py", date(2026, 3, 20)]
    assert (last["owned_lines"], last["top_owner_lines"]) == (2, 2)


def test_quiet_days_become_due_by_the_passing_of_time(client):
    store(client, records("acme", HISTORY))
    compute(client)
    assert engine.overdue(client, ["acme"], AS_OF) == []
    assert engine.overdue(client, ["rival"], AS_OF + timedelta(days=90)) == []
    week_later = AS_OF + timedelta(days=7)
    (scope,) = engine.overdue(client, ["acme"], week_later)
    assert scope == Scope("acme", "repo", date(2026, 3, 21), date(2026, 3, 28))
    compute(client, as_of=week_later, computed_at=LATER, scopes=[scope])
    assert max(day for _, day in shown(client, "repo_metrics_daily")) == date(2026, 3, 27)


def test_commits_of_the_first_second_of_the_epoch_and_west_of_it_count(client):
    epoch = Change("epoch", datetime(1970, 1, 1, tzinfo=UTC), offset_seconds=-5 * 3600, files={"a": (1, 0)})
    store(client, records("acme", History("repo", [epoch])))
    compute(client, scopes=[Scope("acme", "repo", date(1970, 1, 1), date(1970, 1, 2))])
    assert shown(client, "team_metrics_daily")["unassigned", date(1970, 1, 1)]["after_hours_commits_count"] == 1
    assert len(shown(client, "repo_metrics_daily")) == 30


@pytest.mark.parametrize("repo_id", ["it's", "a\\b", "{org_id:String}", "ünï %s"])
def test_ids_reach_clickhouse_as_they_are(client, repo_id):
    history = dataclasses.replace(HISTORY, repo_id=repo_id)
    store(client, records(repo_id, history))
    compute(client, scopes=[Scope(repo_id, repo_id, date(2026, 3, 1), date(2026, 3, 3))])
    assert (repo_id, date(2026, 3, 2)) in shown(client, "repo_metrics_daily", repo_id)


def test_tables_are_reported_as_they_are_done(client):
    store(client, records("acme", HISTORY))
    told = []
    reports = compute(client, on_table=lambda table, rows, seconds: told.append((table, rows)))
    assert told == [(report.table, report.rows) for report in reports]
    assert [table for table, _ in told] == [definition.name for definition in all_definitions()]
