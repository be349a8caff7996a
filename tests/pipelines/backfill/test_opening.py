"""Opening a job: a bad request is told before anything is stored; a good one becomes chunks in the order of work."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from devhealth.errors import InputError, SchemaOutdated, SecretError, TierExceeded, UnknownName
from devhealth.pipelines import setup
from devhealth.pipelines.backfill import cancel_job, check_request, close_job, open_job, plan_job
from devhealth.relational import turn_if_free
from devhealth.semantic import backfill_chunks, backfill_jobs, database, tiers
from devhealth.semantic.sync_runs import UnitRun
from devhealth.semantic.tables import metadata
from tests.pipelines.backfill.conftest import BEFORE, SINCE, asked, configure, rows_of, unlimited
from tests.pipelines.conftest import NOW, Shop


def opened(settings, **changes):
    return open_job(settings, asked(**changes), NOW)


def complete(settings, job, *numbers):
    engine = database.open_semantic(settings)
    for unit in plan_job(settings, job.org_id, job.job_id):
        if unit.chunk in numbers:
            backfill_chunks.begin(engine, job.org_id, job.job_id, unit.chunk, is_attempt=True)
            run = UnitRun(
                org_id=job.org_id,
                run_id=job.job_id,
                unit_id=unit.unit_id,
                provider="local_git",
                configuration="shop",
                repo_id=unit.repo_id,
                name="shop",
                target="git",
                mode="backfill",
                since=None,
                before=NOW,
                outcome="stored",
                rows=1,
                requests=1,
                fetch_seconds=0,
                process_seconds=0,
                store_seconds=0,
                error=None,
                finished_at=NOW,
            )
            backfill_chunks.complete(engine, job.org_id, job.job_id, unit.chunk, run, [])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"organisation": ""}, InputError, "no organisation is named"),
        ({"organisation": "nobody"}, UnknownName, "organisation 'nobody' does not exist"),
        ({"configuration": ""}, InputError, "no configuration is named. There are: "),
        ({"configuration": "nothing"}, UnknownName, "no configuration 'nothing'. There are: "),
        ({"configuration": "paused"}, InputError, "is paused. `devhealth config resume paused "),
        ({"configuration": "empty"}, InputError, "configuration empty has no source"),
        ({"configuration": "globs"}, InputError, "configuration globs has no source"),
        ({"configuration": "many"}, InputError, r"20,001 chunks .* at most 20,000"),
        ({"configuration": "secret"}, SecretError, "NO_SUCH_VARIABLE is not set"),
        ({"targets": ("prs",)}, InputError, "no target 'prs'. It has: blame, git"),
        ({"targets": ("blame",)}, InputError, "only blame is asked, and that describes the present"),
        ({"order": "sideways"}, InputError, "order is 'sideways': expected oldest_first or newest_first"),
        ({"since": None}, InputError, "since is missing"),
        ({"since": "soon"}, InputError, "since is 'soon'"),
        ({"since": BEFORE}, InputError, "must come before"),
        ({"since": "2026-06-02"}, InputError, "lies in the future"),
        ({"before": "2026-06-03"}, InputError, "lies in the future"),
        ({"job_id": "20260101T000000-00000000"}, UnknownName, "acme has no backfill job"),
    ],
)
def test_a_bad_request_is_told_in_one_sentence_and_stores_nothing(settings, acme, tmp_path, changes, error, message):
    configure(settings, acme, "paused", [tmp_path / "shop"], is_paused=True)
    configure(settings, acme, "empty", [])
    configure(settings, acme, "globs", [], discovery=[str(tmp_path / "none/*")])
    configure(settings, acme, "many", [tmp_path / str(number) for number in range(20_001)])
    configure(settings, acme, "secret", [tmp_path / "shop"], credential="env:NO_SUCH_VARIABLE")
    before = {name: rows_of(settings, name) for name in metadata.tables}
    with pytest.raises(error, match=message) as caught:
        opened(settings, **changes)
    assert "\n" not in str(caught.value)
    assert {name: rows_of(settings, name) for name in metadata.tables} == before


def test_the_tier_counts_exactly_and_is_checked_before_anything_is_stored(settings, shop, tmp_path):
    setup.register_source(settings, "acme", str(shop.path), targets=["git"])
    with pytest.raises(TierExceeded, match=r"community tier: .* at most 30 days, 31 asked"):
        opened(settings, before=SINCE + timedelta(31))
    assert rows_of(settings, "backfill_jobs") == []
    assert opened(settings, before=SINCE + timedelta(30)).chunks == 5


def test_a_database_that_was_never_upgraded_says_what_to_run(warehouse_settings):
    with pytest.raises(SchemaOutdated, match="devhealth db upgrade"):
        open_job(warehouse_settings, asked(), NOW)


def test_chunks_go_through_the_windows_oldest_first(settings, acme, tmp_path):
    docs = Shop(tmp_path / "docs").commit()
    configure(settings, acme, "both", [tmp_path / "shop", docs.path])
    job = opened(settings, configuration="both")
    units = plan_job(settings, job.org_id, job.job_id)
    assert [(unit.name, unit.window.since.date()) for unit in units] == [
        (name, SINCE + timedelta(7 * week)) for week in range(4) for name in ("shop", "docs")
    ]
    assert {(unit.mode, unit.job_id, unit.configuration) for unit in units} == {("backfill", job.job_id, "both")}
    assert [unit.chunk for unit in units] == list(range(1, 9))
    assert len({unit.unit_id for unit in units}) == len({unit.staging for unit in units}) == 8
    assert len({unit.shared for unit in units}) == 2


def test_chunks_go_through_the_windows_newest_first(settings, acme):
    job = opened(settings, order="newest_first", before=SINCE + timedelta(10))
    days = [(unit.window.since.day, unit.window.before.day) for unit in plan_job(settings, acme, job.job_id)]
    assert days == [(8, 11), (1, 8)]


def test_a_target_of_the_present_is_left_out_with_a_warning(settings, acme, caplog):
    job = opened(settings, targets=("git", "blame"))
    assert "blame is left out" in job.warnings[0]
    assert "blame is left out" in caplog.text
    assert {unit.target for unit in plan_job(settings, acme, job.job_id)} == {"git"}


def test_a_repository_of_two_copies_is_read_once(settings, acme, shop, tmp_path, caplog):
    shop.git("clone", "-q", str(shop.path), str(tmp_path / "copy"))
    configure(settings, acme, "copies", [shop.path, tmp_path / "copy"])
    assert opened(settings, configuration="copies").chunks == 4
    assert "is left out: it is the repository that is read from" in caplog.text


def test_what_discovery_finds_is_read_too(settings, acme, tmp_path):
    for name in ("one", "two"):
        (tmp_path / "found").mkdir(exist_ok=True)
        Shop(tmp_path / "found" / name).commit()
    configure(settings, acme, "found", [], discovery=[str(tmp_path / "found/*"), str(tmp_path / "none/*")])
    job = opened(settings, configuration="found")
    assert job.chunks == 8
    assert any("none" in warning for warning in job.warnings)


def test_a_source_out_of_reach_becomes_chunks_that_are_tried_again_on_resume(settings, acme, tmp_path):
    configure(settings, acme, "both", [tmp_path / "shop", tmp_path / "later"])
    job = opened(settings, configuration="both")
    units = plan_job(settings, acme, job.job_id)
    assert {unit.repo_id == "" for unit in units if unit.source.endswith("later")} == {True}
    Shop(tmp_path / "later").commit()
    opened(settings, configuration="", since=None, before=None, job_id=job.job_id)
    assert all(unit.repo_id for unit in plan_job(settings, acme, job.job_id))


def test_a_name_that_two_providers_have_must_be_told_with_its_provider(settings, acme, tmp_path):
    configure(settings, acme, "shop", [tmp_path / "shop"], provider="other_git")
    with pytest.raises(InputError, match=r"ambiguous.* local_git/shop or other_git/shop"):
        opened(settings)
    assert opened(settings, configuration="local_git/shop").provider == "local_git"


def test_a_resumed_job_keeps_its_id_and_what_is_completed(settings, acme):
    job = opened(settings)
    complete(settings, job, 1, 3)
    again = open_job(settings, asked(configuration="", since=None, before=None, job_id=job.job_id), NOW)
    assert (again.job_id, again.chunks, again.since, again.before) == (job.job_id, 4, SINCE, BEFORE)
    assert [unit.chunk for unit in plan_job(settings, acme, job.job_id)] == [2, 4]


def test_a_completed_job_cannot_be_resumed(settings, acme):
    job = opened(settings)
    complete(settings, job, 1, 2, 3, 4)
    assert close_job(settings, acme, job.job_id).status == "completed"
    with pytest.raises(InputError, match="is completed: nothing is left to resume"):
        opened(settings, job_id=job.job_id)


def test_a_job_that_another_process_works_on_cannot_be_resumed(settings, acme):
    job = opened(settings)
    with turn_if_free(database.open_semantic(settings), f"backfill-{job.job_id}") as is_held:
        assert is_held
        with pytest.raises(InputError, match="is running in another process"):
            opened(settings, job_id=job.job_id)
    assert opened(settings, job_id=job.job_id).job_id == job.job_id


def test_a_job_that_a_dag_run_works_on_cannot_be_resumed_by_another(settings, acme):
    job = opened(settings, origin="dag", dag_id="backfill", run_id="first")
    with pytest.raises(InputError, match="is running in Airflow: run first of DAG backfill"):
        opened(settings, job_id=job.job_id)
    with pytest.raises(InputError, match="is running in Airflow"):
        opened(settings, job_id=job.job_id, origin="dag", dag_id="backfill", run_id="second")
    cancel_job(settings, "acme", job.job_id)
    assert opened(settings, job_id=job.job_id, origin="dag", dag_id="backfill", run_id="second").job_id == job.job_id
    stored = backfill_jobs.find(database.open_semantic(settings), acme, job.job_id)
    assert (stored.status, stored.run_id) == ("pending", "second")


def test_a_dag_run_that_asks_again_gets_the_job_it_has(settings, acme):
    run = {"origin": "dag", "dag_id": "backfill", "run_id": "first"}
    job = opened(settings, **run)
    complete(settings, job, 1)
    assert opened(settings, **run) == job
    assert len(rows_of(settings, "backfill_jobs")) == 1
    complete(settings, job, 2, 3, 4)
    close_job(settings, acme, job.job_id)
    assert opened(settings, **run) == job
    assert plan_job(settings, acme, job.job_id) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"configuration": "other"}, "configuration other is asked"),
        ({"targets": ("prs",)}, "target prs is asked"),
        ({"since": SINCE - timedelta(1)}, "since 2026-02-28 is asked"),
        ({"before": BEFORE + timedelta(1)}, "before 2026-03-30 is asked"),
    ],
)
def test_what_contradicts_the_job_to_resume_is_refused(settings, acme, changes, message):
    job = opened(settings)
    with pytest.raises(InputError, match=message):
        opened(settings, job_id=job.job_id, **changes)


def test_a_paused_configuration_and_a_lowered_tier_stop_a_resume_too(settings, acme, shop):
    job = opened(settings, before=SINCE + timedelta(60))
    tiers.set_tier(database.open_semantic(settings), acme, "community")
    with pytest.raises(TierExceeded):
        opened(settings, job_id=job.job_id, before=SINCE + timedelta(60))
    tiers.set_tier(database.open_semantic(settings), acme, "enterprise")
    configure(settings, acme, "shop", [shop.path], is_paused=True)
    with pytest.raises(InputError, match="is paused"):
        opened(settings, job_id=job.job_id, before=SINCE + timedelta(60))


def test_nobody_resumes_or_cancels_the_job_of_another_organisation(settings, acme):
    unlimited(settings, "beta")
    job = opened(settings)
    with pytest.raises(UnknownName, match="organisation beta has no backfill job"):
        opened(settings, organisation="beta", job_id=job.job_id)
    with pytest.raises(UnknownName, match="organisation beta has no backfill job"):
        cancel_job(settings, "beta", job.job_id)
    assert backfill_jobs.find(database.open_semantic(settings), acme, job.job_id).status == "pending"


def test_a_request_is_checked_without_asking_the_sources(settings, acme, shop):
    shop.path.rename(shop.path.with_name("moved"))
    assert check_request(settings, asked(), NOW) == (SINCE, BEFORE)
    with pytest.raises(InputError, match="no target"):
        check_request(settings, asked(targets=("prs",)), NOW)
    assert rows_of(settings, "backfill_jobs") == []


def test_ten_times_the_chunks_are_stored_with_as_many_statements(settings, acme):
    sent = []

    def note(*_):
        sent.append(1)

    counts = []
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for weeks in (5, 50):
            sent.clear()
            job = opened(settings, since="2025-01-01", before=date(2025, 1, 1) + timedelta(weeks=weeks))
            plan_job(settings, acme, job.job_id)
            counts.append((job.chunks, len(sent)))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    (few, sent_for_few), (many, sent_for_many) = counts
    assert (few, many, sent_for_many) == (5, 50, sent_for_few)
