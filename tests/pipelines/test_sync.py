"""Plan and finish: what is fetched, what moves a watermark, what a failure leaves behind."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from devhealth.errors import (
    InputError,
    SchemaOutdated,
    SourceNotFound,
    StagingError,
    StoreError,
    TierExceeded,
    UnknownName,
)
from devhealth.models.unit import DayRange
from devhealth.pipelines import setup, stages
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.request import window_between
from devhealth.pipelines.run import run_sync
from devhealth.semantic import configurations, database, dirty_ranges, organizations, sync_state, tiers, watermarks
from devhealth.sinks.clickhouse import ClickHouseSink
from devhealth.staging import UnitStaging
from devhealth.warehouse.connection import connected
from tests.pipelines.conftest import NOW, Shop, request


def watermark(settings, target="git", organisation="acme"):
    engine = database.open_semantic(settings)
    org_id = organizations.organization_id(engine, organisation)
    found = watermarks.read_all(engine, org_id, [repo_id(settings)])
    return found.get((repo_id(settings), target))


def repo_id(settings):
    return query(settings, "select repo_id from repositories")[0][0]


def query(settings, sql):
    with connected(settings) as client:
        return client.execute(sql)


def dirty(settings):
    engine = database.open_semantic(settings)
    return [DayRange(str(one.since), str(one.before)) for one in dirty_ranges.take(engine, None)]


@pytest.fixture
def registered(settings, shop):
    return setup.register_source(settings, "acme", str(shop.path), targets=["git"])


def test_a_run_stores_moves_the_watermark_and_marks_exactly_the_touched_days(settings, shop, registered):
    report = run_sync(settings, request())
    assert report.stored[0].rows["commits"] == 5
    assert watermark(settings).at == NOW
    assert dirty(settings) == [DayRange("2026-03-01", "2026-03-06")]
    shop.commit()
    compute_dirty(settings, NOW)
    assert dirty(settings) == []
    run_sync(settings, request())
    assert dirty(settings) == [DayRange("2026-03-06", "2026-03-07")]


def test_a_target_is_read_of_the_configurations_that_name_it_or_are_named(settings, shop, tmp_path):
    setup.register_source(settings, "acme", str(shop.path), targets=["git", "blame"])
    docs = setup.register_source(settings, "acme", str(Shop(tmp_path / "docs").commit().path), targets=["git"])

    def planned(**choices):
        return {(unit.name, unit.target) for unit in plan_sync(settings, request(organisation="acme", **choices))}

    assert planned() == {("shop", "git"), ("shop", "blame"), ("docs", "git")}
    assert planned(targets=("git",)) == {("shop", "git"), ("docs", "git")}
    assert planned(targets=("blame",)) == {("shop", "blame")}
    assert planned(targets=("blame",), configurations=("docs",)) == {("docs", "blame")}
    told = run_sync(settings, request(organisation="acme", targets=("blame",))).warnings
    assert told == ["blame is not read of docs, whose configurations do not name it"]
    assert docs.targets == ["git"]


def test_a_target_that_no_configuration_names_is_refused_in_one_sentence(settings, registered):
    for targets, organisation, said in (
        (("blame",), "acme", 'organisation "acme" lacks a configuration that names target blame'),
        (("blame",), None, "no organisation has a configuration that names target blame"),
    ):
        with pytest.raises(InputError, match=said):
            plan_sync(settings, request(organisation=organisation, targets=targets))
    with pytest.raises(InputError, match='organisation "acme" lacks a configuration of provider github'):
        plan_sync(settings, request(provider="github", organisation="acme", targets=("prs",)))
    assert plan_sync(settings, request(provider="github")) == []  # a DAG that nobody has configured yet


def test_what_is_read_again_and_stored_as_it_is_leaves_nothing_to_compute(settings, shop, registered):
    run_sync(settings, request())
    compute_dirty(settings, NOW)
    for again in (
        request(full_resync=True),
        request(window=window_between("2026-03-01", "2026-03-04", NOW)),
        request(),
    ):
        report = run_sync(settings, again)
        assert not report.failed
        assert dirty(settings) == []
    shop.commit()
    run_sync(settings, request(full_resync=True))
    assert dirty(settings) == [DayRange("2026-03-06", "2026-03-07")]


def test_what_a_killed_run_stored_is_computed_although_the_next_one_finds_it_stored(settings, registered, monkeypatch):
    """Of the killed one there is neither a mark nor a failed unit, and nothing differs when its rows come again."""
    (unit,) = plan_sync(settings, request())
    for stage in (stages.fetch_unit, stages.process_unit, stages.store_unit):
        stage(settings, unit)
    assert dirty(settings) != []
    compute_dirty(settings, NOW)
    assert run_sync(settings, request()).stored[0].days == []
    assert dirty(settings) == [DayRange("2026-03-01", "2026-03-06")]
    monkeypatch.setattr(dirty_ranges, "ANNOUNCED_FOR", -dirty_ranges.ANNOUNCED_FOR)
    compute_dirty(settings, NOW)
    assert dirty(settings) == []


def test_what_a_failed_unit_stored_is_marked(settings, shop, registered, monkeypatch):
    def fails(sink, snapshot, *_):
        if snapshot.table == "commit_reachability":  # the last thing of all
            raise StoreError("no answer")

    monkeypatch.setattr(ClickHouseSink, "_retire", fails)
    assert run_sync(settings, request()).failed
    monkeypatch.undo()
    compute_dirty(settings, NOW)
    assert dirty(settings) == []
    assert query(settings, "select sum(commits_count) from repo_metrics_daily_latest") == [(5,)]


def full_disk(monkeypatch, has_room):
    """A staging without room for pages, and for small files too unless `has_room` says so of its folder."""
    whole_file = UnitStaging._whole_file

    def without_room(staging, name):
        if name.startswith("pages/1") or (name == "error.json" and not has_room(staging)):
            raise StagingError(f"cannot stage {name}: No space left on device. Free space, then run again.")
        return whole_file(staging, name)

    monkeypatch.setattr(UnitStaging, "_whole_file", without_room)


@pytest.mark.parametrize("has_room", [lambda staging: not staging.pages(), lambda _: False], ids=["some", "none"])
def test_a_full_disk_is_named_as_the_reason(settings, registered, monkeypatch, has_room):
    full_disk(monkeypatch, has_room)
    (failure,) = run_sync(settings, request()).failed
    assert "No space left on device" in failure.error


def test_a_full_disk_of_a_worker_is_told_to_whoever_finishes(settings, registered, monkeypatch):
    full_disk(monkeypatch, lambda staging: not staging.pages())
    (unit,) = plan_sync(settings, request())
    with pytest.raises(StagingError):
        stages.fetch_unit(settings, unit)
    (failure,) = finish_sync(settings, [unit], provider="local_git", run_id=unit.run_id).failed
    assert "No space left on device" in failure.error


def test_a_failed_full_resync_is_over_once_a_sync_finds_nothing_new(settings, shop, registered):
    engine = database.open_semantic(settings)

    def state():
        (target,) = sync_state.targets(engine, registered.org_id, NOW)
        return target.last_outcome, target.last_error

    run_sync(settings, request())
    shop.path.rename(shop.path.with_name("moved"))
    failed_at = NOW + timedelta(hours=1)
    assert run_sync(settings, request(full_resync=True, as_of=failed_at)).failed
    assert state()[0] == "failed"
    shop.path.with_name("moved").rename(shop.path)
    assert run_sync(settings, request(as_of=failed_at + timedelta(hours=1))).planned == 0
    assert state() == ("stored", None)


def test_nothing_new_is_nothing_to_do(settings, registered):
    run_sync(settings, request())
    assert plan_sync(settings, request()) == []


def test_a_quiet_source_is_stored_up_to_the_time_it_was_looked_at(settings, registered):
    run_sync(settings, request())
    before = watermark(settings)
    later = NOW + timedelta(days=2)
    assert plan_sync(settings, request(as_of=later, window=window_between("2026-05-20", None, NOW)))
    assert watermark(settings) == before
    assert plan_sync(settings, request(as_of=later)) == []
    assert watermark(settings) == dataclasses.replace(before, at=later)


def test_a_full_resync_fetches_everything_and_changes_nothing(settings, registered):
    run_sync(settings, request())
    before = query(settings, "select * except fetched_at from commits final order by sha")
    (unit,) = plan_sync(settings, request(full_resync=True))
    assert unit.mode == "full"
    assert not run_sync(settings, request(full_resync=True)).failed
    assert query(settings, "select * except fetched_at from commits final order by sha") == before


def test_a_backfill_selects_by_committer_date_and_leaves_the_watermark_alone(settings, registered):
    window = window_between("2026-03-02", "2026-03-04", NOW)
    report = run_sync(settings, request(window=window))
    assert query(settings, "select toDate(min(committed_at)), toDate(max(committed_at)) from commits final") == [
        (datetime(2026, 3, 2, tzinfo=UTC).date(), datetime(2026, 3, 3, tzinfo=UTC).date())
    ]
    assert report.stored[0].rows["commits"] == 2
    assert watermark(settings) is None


def test_a_backfill_leaves_out_targets_that_describe_the_present(settings, shop):
    setup.register_source(settings, "acme", str(shop.path), targets=["git", "blame"])
    window = window_between("2026-05-20", None, NOW)
    assert [unit.target for unit in plan_sync(settings, request(window=window))] == ["git"]


def test_a_window_of_more_days_than_the_tier_allows_is_refused_before_anything_is_fetched(settings, registered):
    """The end of one without `before` is the run's time: the day it is in counts."""
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert plan_sync(settings, request(window=window_between("2026-03-02", None, now), as_of=now))
    with pytest.raises(TierExceeded, match=r"31 asked .2026-03-01 to 2026-04-01"):
        plan_sync(settings, request(window=window_between("2026-03-01", None, now), as_of=now))
    with pytest.raises(TierExceeded, match=r"asked .1970-01-01 to 2026-03-04"):
        plan_sync(settings, request(window=window_between(None, "2026-03-04", NOW)))
    engine = database.open_semantic(settings)
    tiers.set_tier(engine, registered.org_id, "enterprise")
    assert plan_sync(settings, request(window=window_between(None, "2026-03-04", NOW)))


def test_the_tier_of_every_organisation_of_the_run_counts(settings, shop, registered):
    engine = database.open_semantic(settings)
    beta = setup.register_source(settings, "beta", str(shop.path), targets=["git"])
    tiers.set_tier(engine, registered.org_id, "team")
    window = window_between("2026-03-01", "2026-04-01", NOW)
    assert plan_sync(settings, request(window=window, organisation="acme"))
    with pytest.raises(TierExceeded, match='"beta"'):
        plan_sync(settings, request(window=window))
    tiers.set_tier(engine, beta.org_id, "team")
    assert len(plan_sync(settings, request(window=window))) == 2


def test_a_watermark_is_clamped_to_now_and_one_in_the_future_is_lowered_and_said_aloud(settings, shop, registered):
    future = datetime.now(UTC) + timedelta(days=30)
    run_sync(settings, request(as_of=future))
    assert watermark(settings).at <= datetime.now(UTC)
    engine = database.open_semantic(settings)
    table = watermarks.sync_watermarks
    with engine.begin() as connection:
        connection.execute(table.update().values(at=future))
    shop.commit()
    report = run_sync(settings, request())
    assert "lay in the future and was lowered" in report.warnings[0]
    assert watermark(settings).at == NOW


def test_one_bad_source_is_its_own_failure_and_stamps_nothing(settings, shop, registered, tmp_path):
    other = Shop(tmp_path / "docs").commit()
    setup.register_source(settings, "acme", str(other.path), targets=["git"])
    other.path.rename(tmp_path / "moved")
    report = run_sync(settings, request())
    assert [len(report.stored), len(report.failed)] == [1, 1]
    assert str(other.path) in report.failed[0].error
    assert "1 of 2 units failed, the others are stored" in report.failure_text()
    assert watermark(settings).at == NOW


def test_what_a_damaged_repository_still_holds_is_kept_and_its_watermark_stays(settings, shop, registered):
    broken = shop.git("rev-parse", "HEAD~2")
    tree = shop.git("rev-parse", "HEAD~2^{tree}")
    (shop.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    report = run_sync(settings, request())
    assert broken[:7] in report.failed[0].error
    assert watermark(settings) is None
    assert query(settings, "select count() from commits final")[0][0] >= 3
    assert dirty(settings)


def test_facts_that_vanished_from_the_warehouse_are_fetched_again(settings, registered):
    run_sync(settings, request())
    query(settings, "truncate table repositories")
    assert [unit.mode for unit in plan_sync(settings, request())] == ["full"]


def test_two_sources_of_one_name_stay_two_configurations(settings, shop, registered, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    second = setup.register_source(settings, "acme", str(Shop(tmp_path / "elsewhere" / "shop").commit().path))
    assert second.name.startswith("shop-")
    assert setup.register_source(settings, "acme", str(shop.path)).name == "shop"
    assert len(plan_sync(settings, request(targets=("git",)))) == 2


@pytest.mark.parametrize(
    ("choices", "error", "message"),
    [
        ({"organisation": "nobody"}, UnknownName, "nobody"),
        ({"configurations": ("nothing",)}, UnknownName, "nothing"),
        ({"targets": ("prs",)}, InputError, "no target 'prs'. It has: blame, git"),
        ({"provider": "cvs"}, UnknownName, "provider 'cvs' is not known. Known: github, local_git"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_fetched(settings, registered, choices, error, message):
    with pytest.raises(error, match=message):
        plan_sync(settings, request(**choices))


def test_a_paused_configuration_is_left_out_and_refused_when_named(settings, registered):
    engine = database.open_semantic(settings)
    kept = dataclasses.asdict(registered) | {"is_paused": True}
    del kept["configuration_id"]
    configurations.save(engine, **kept)
    assert plan_sync(settings, request()) == []
    with pytest.raises(InputError, match="paused"):
        plan_sync(settings, request(configurations=("shop",)))


def test_a_source_that_is_no_repository_is_not_registered(settings, tmp_path):
    with pytest.raises(SourceNotFound):
        setup.register_source(settings, "acme", str(tmp_path))
    with pytest.raises(UnknownName):
        organizations.organization_id(database.open_semantic(settings), "acme")


def test_a_database_that_was_never_upgraded_says_what_to_run(warehouse_settings):
    with pytest.raises(SchemaOutdated, match="devhealth db upgrade"):
        plan_sync(warehouse_settings, request())


def test_blame_makes_the_day_it_speaks_for_dirty(settings, shop):
    setup.register_source(settings, "acme", str(shop.path), targets=["blame"])
    run_sync(settings, request())
    assert dirty(settings) == [DayRange("2026-06-01", "2026-06-02")]


def test_days_still_to_come_stay_dirty(settings, registered):
    run_sync(settings, request())
    compute_dirty(settings, datetime(2026, 3, 3, 12, tzinfo=UTC))
    assert dirty(settings) == [DayRange("2026-03-04", "2026-03-06")]
    compute_dirty(settings, datetime(2026, 3, 3, 13, tzinfo=UTC))
    assert dirty(settings) == [DayRange("2026-03-04", "2026-03-06")]
    compute_dirty(settings, NOW)
    assert dirty(settings) == []
    assert query(settings, "select sum(commits_count) from repo_metrics_daily_latest") == [(5,)]


def test_a_repository_registered_by_two_copies_is_read_from_one_of_them(settings, shop, registered, tmp_path, caplog):
    shop.git("clone", "-q", str(shop.path), str(tmp_path / "copy"))
    setup.register_source(settings, "acme", str(tmp_path / "copy"), targets=["git"])
    assert len(run_sync(settings, request()).stored) == 1
    assert "it is the repository that is read from" in caplog.text
    assert plan_sync(settings, request()) == []


def test_a_new_mailmap_moves_the_metrics_of_every_day_to_the_right_person(settings, shop, registered):
    run_sync(settings, request())
    compute_dirty(settings, NOW)
    (shop.path / ".mailmap").write_text("Ada <ada@home.example> <ada@example.org>\n")
    run_sync(settings, request())
    compute_dirty(settings, NOW)
    rows = query(
        settings, "select author_email, sum(commits_count) from user_metrics_daily_latest group by author_email"
    )
    assert rows == [("ada@home.example", 5)]


def test_a_shallow_clone_is_counted_without_its_oldest_commit_until_it_is_whole(settings, shop, tmp_path):
    """git shows every line of the repository as added in that commit."""
    shop.git("clone", "-q", "--depth", "2", f"file://{shop.path}", str(tmp_path / "cut"))
    setup.register_source(settings, "acme", str(tmp_path / "cut"), targets=["git"])
    lines = "select sum(additions), sum(deletions), max(is_shallow) from commits final, repositories final"
    by_day = "select sum(additions), sum(deletions) from repo_metrics_daily_latest"
    run_sync(settings, request())
    compute_dirty(settings, NOW)
    assert query(settings, lines) == [(5, 4, True)]
    assert query(settings, by_day) == [(5, 4)]
    shop.git("-C", str(tmp_path / "cut"), "fetch", "-q", "--unshallow")
    run_sync(settings, request())
    compute_dirty(settings, NOW + timedelta(seconds=1))
    assert query(settings, lines) == [(15, 10, False)]
    assert query(settings, by_day) == [(15, 10)]
