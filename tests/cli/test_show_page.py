"""The page of `devhealth show`, from an overview alone."""

import io
from datetime import UTC, date, datetime

import pytest
from rich.console import Console

from devhealth.cli.bars import bar, spark
from devhealth.cli.show_page import page
from devhealth.pipelines.overview import (
    Delivery,
    Deployments,
    Hotspot,
    Incidents,
    Overview,
    Pipelines,
    PullRequests,
    RepositoryOverview,
    StageTotals,
    Totals,
    Week,
)

AT = datetime(2026, 11, 20, tzinfo=UTC)


def repository(**changes):
    totals = Totals(
        commits=45_678,
        default_branch_commits=40_000,
        merges=3_456,
        people=345,
        bots=3,
        files=12_345,
        additions=12_345_678,
        deletions=9_876_543,
        first_commit_at=datetime(2014, 1, 3, tzinfo=UTC),
        last_commit_at=AT,
    )
    weeks = [
        Week(
            monday=date(2026, 11, 9 + 7 * number),
            daily_commits=[0, 12, 140, 3, 0, 1, 44],
            commits=1_200,
            additions=112_345,
            deletions=98_765,
            reverts=12,
            people=140,
        )
        for number in range(2)
    ]
    spots = [
        Hotspot(
            path="src/" + "deep/" * 20 + "models.py",
            score=12.34,
            churn_30d=112_345,
            commits_30d=1_045,
            contributors_30d=19,
            top_owner_ratio=ratio,
        )
        for ratio in (None, 1.0)
    ]
    known = {
        "organisation": "demo",
        "repo_id": "x",
        "name": "acme/shop",
        "default_branch": "main",
        "is_shallow": False,
        "totals": totals,
        "weeks": weeks,
        "hotspots": spots,
        "hotspots_as_of": AT.date(),
        "bus_factor_30d": 3,
        "bus_factor_day": AT.date(),
        "pull_requests_merged": None,
        "delivery": None,
    }
    return RepositoryOverview(**known | changes)


LAST = date(2026, 11, 20)
LONG_AGO = date(2026, 1, 2)
DELIVERY = Delivery(
    first_day=date(2026, 10, 22),
    last_day=LAST,
    pull_requests=PullRequests(
        last_day=LAST,
        opened=12_345,
        merged=11_234,
        closed_unmerged=1_111,
        cycle_hours_p50=1_234.56,
        cycle_hours_p90=12_345.67,
        first_review_hours_p50=99.94,
        size_loc_p50=1_234.5,
        unreviewed_ratio=1.0,
    ),
    pipelines=Pipelines(last_day=LAST, runs=123_456, success_ratio=0.987, duration_minutes_p50=1_234.56),
    deployments=Deployments(last_day=LAST, deployments=1_234, failed=123),
    incidents=Incidents(last_day=LAST, opened=1_234, resolved=1_233, restore_hours_p50=12.34),
)


def text(overview, **options):
    file = io.StringIO()
    Console(file=file, width=80, **options).print(page(overview))
    return file.getvalue()


def one(**changes):
    return text(Overview(repositories=[repository(**changes)], last_run=[]))


def test_one_repository_is_shown_in_full_within_eighty_columns():
    said = one()
    assert max(map(len, said.splitlines())) <= 80
    for expected in ("45,678", "345", "12,345", "2014-01-03 to 2026-11-20", "Bus factor 3", "2026-11-16", "…", "100%"):
        assert (expected in said) == (expected != "…"), expected


def test_it_reads_without_colour():
    assert "\x1b" not in one()
    assert "\x1b[" in text(Overview(repositories=[repository()], last_run=[]), force_terminal=True)


def test_delivery_is_told_within_eighty_columns():
    said = one(delivery=DELIVERY)
    assert max(map(len, said.splitlines())) <= 80
    assert "Delivery  30 days to 2026-11-20\n" in said
    assert (
        "pull requests  12,345 opened, 11,234 merged, 1,111 closed unmerged\n"
        "               merged after 1,235 h (median), 12,346 h (p90), 100% unreviewed\n"
        "               first review after 99.9 h (median), 1,234 lines (median)\n"
    ) in said
    assert "CI             123,456 runs, 99% succeeded, 1,234.6 min (median)\n" in said
    assert "deployments    1,234 to production, 123 failed\n" in said
    assert "incidents      1,234 opened, 1,233 resolved, restored after 12.3 h (median)\n" in said


def test_what_was_never_read_says_how_to_read_it():
    said = one(totals=None, weeks=[], delivery=Delivery())
    assert "branch" not in said
    for target in ("git", "prs", "cicd", "deployments", "incidents"):
        assert f"never read{':' if target == 'git' else ','} `devhealth sync {target}`" in said
    assert "0" not in said.partition("Hotspots")[0]


def test_what_was_read_and_has_nothing_says_so():
    none = Delivery(
        last_day=LAST,
        pull_requests=PullRequests(last_day=LONG_AGO),
        pipelines=Pipelines(),
        deployments=Deployments(last_day=LAST),
        incidents=Incidents(),
    )
    said = one(delivery=none)
    assert "pull requests  none in these days, the last on 2026-01-02\n" in said
    assert "CI             read, none in the metrics\n" in said
    assert "deployments    none to production in these days\n" in said
    assert "incidents      read, none in the metrics\n" in said


def test_numbers_that_nothing_is_behind_are_left_out():
    some = Delivery(
        last_day=LAST,
        pull_requests=PullRequests(
            last_day=LAST, merged=1, cycle_hours_p50=1.0, cycle_hours_p90=1.0, unreviewed_ratio=1.0
        ),
        pipelines=Pipelines(last_day=LAST, runs=1),
        incidents=Incidents(last_day=LAST, opened=1),
    )
    said = one(delivery=some)
    assert "merged after 1.0 h (median), 1.0 h (p90), 100% unreviewed\nCI             1 run\n" in said
    assert "incidents      1 opened, 0 resolved\n" in said


def test_several_repositories_are_listed():
    several = [repository(), repository(name="other", bus_factor_30d=None), repository(organisation="umbrella")]
    said = text(Overview(repositories=several, last_run=[]))
    assert "2 repositories of demo" in said
    assert "1 repository of umbrella" in said
    assert "--repo NAME" in said
    assert "Hotspots" not in said
    assert "merged" not in said


def test_the_list_counts_merged_pull_requests_where_any_repository_has_them():
    several = [
        repository(name="a-name/that-is-longer-than-its-column"),
        repository(pull_requests_merged=12_345),
        repository(name="acme/api", totals=None, bus_factor_30d=None, pull_requests_merged=0),
    ]
    lines = text(Overview(repositories=several, last_run=[])).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.rstrip().endswith("merged") for line in lines)
    (shop,) = [line.split() for line in lines if line.startswith("acme/shop")]
    assert shop == ["acme/shop", "45,678", "345", "12,345", "2026-11-20", "3", "12,345"]
    (api,) = [line.split() for line in lines if line.startswith("acme/api")]
    assert api == ["acme/api", "0"]


def test_an_empty_store_says_what_to_do_first():
    assert "devhealth sync git --repo-path PATH" in text(Overview(repositories=[], last_run=[]))


def test_records_without_metrics_say_what_is_missing():
    said = one(weeks=[], hotspots=[], hotspots_as_of=None, bus_factor_30d=None, bus_factor_day=None)
    assert "devhealth metrics daily" in said
    assert "Weeks" not in said


def test_an_empty_repository_has_a_page():
    nothing = Totals(**dict.fromkeys(Totals.__struct_fields__, 0) | {"first_commit_at": None, "last_commit_at": None})
    assert "no commit" in one(totals=nothing, default_branch=None, weeks=[], hotspots=[])


def test_a_shallow_clone_says_so():
    assert "Shallow clone" in one(is_shallow=True)


def test_quiet_weeks_have_no_bars_and_do_not_divide_by_zero():
    quiet = Week(
        monday=date(2026, 11, 16), daily_commits=[0] * 7, commits=0, additions=0, deletions=0, reverts=0, people=0
    )
    assert "·······" in one(weeks=[quiet])


def test_names_cannot_steer_the_terminal_nor_the_markup():
    said = one(name="\x1b]0;title\x07[red]x[/]")
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "[red]x[/]" in said


def test_the_time_of_each_stage_stands_beside_its_rows_per_second():
    stages = [
        StageTotals(stage="fetch", seconds=2.0, rows=0),
        StageTotals(stage="store", seconds=0.5, rows=1_000),
        StageTotals(stage="metrics", seconds=0.0, rows=10),
    ]
    said = text(Overview(repositories=[repository()], last_run=stages))
    assert "2,000" in said
    assert "metrics" in said


@pytest.mark.parametrize(("value", "length"), [(0, 0), (0.001, 1), (5, 5), (10, 10)])
def test_a_bar_is_as_long_as_its_share_and_never_invisible(value, length):
    assert len(bar(value, 10, 10)) == length


def test_a_spark_tells_nothing_from_little():
    assert spark([0, 1, 100], 100) == "·▁█"


def test_a_list_names_the_organisation_where_a_name_alone_may_be_ambiguous():
    both = [repository(organisation=slug, name="repo") for slug in ("acme", "beta")]
    said = text(Overview(repositories=both, last_run=[]))
    assert "`devhealth show --repo NAME --org acme`" in said
    assert "`devhealth show --repo NAME --org beta`" in said
    same = [repository(name=f"{place}/{'long' * 8}/repo") for place in "ab"]
    said = text(Overview(repositories=same, last_run=[]))
    assert "`devhealth show --repo NAME`" in said
    assert "a/long" in said
    assert "b/long" in said
