"""What is shown is read from what is stored, of the organisation asked for alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from devhealth.errors import UnknownName
from devhealth.models.table import all_tables
from devhealth.models.unit import DayRange
from devhealth.pipelines import setup, stages
from devhealth.pipelines.finish import finish_sync
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.overview import Deployments, Incidents, Pipelines, PullRequests
from devhealth.pipelines.overview.build import overview
from devhealth.pipelines.overview.queries import rows_of
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.run import run_sync
from devhealth.pipelines.status import read_status
from devhealth.semantic import database, dirty_ranges, organizations, repositories
from devhealth.warehouse.connection import connected
from tests.metrics.filled import record
from tests.metrics.history import insert
from tests.pipelines.conftest import NOW, Shop, request


@pytest.fixture
def stored(settings, shop):
    setup.register_source(settings, "acme", str(shop.path))
    run_sync(settings, request())
    compute_dirty(settings, NOW)
    return settings


def test_an_overview_says_what_git_says(stored, shop):
    (one,) = overview(stored, "acme").repositories
    assert (one.organisation, one.name, one.default_branch) == ("acme", "shop", "main")
    assert (one.totals.commits, one.totals.people, one.totals.files) == (5, 1, 1)
    assert sum(week.commits for week in one.weeks) == shop.commits
    assert one.bus_factor_30d == 1


def test_rows_of_another_organisation_with_the_same_repository_change_nothing(stored):
    """Every query of the page has the tenant filter."""
    before = overview(stored, "acme")
    with connected(stored) as client:
        for declared in all_tables():
            client.execute(f"insert into {declared.name} select * replace ('umbrella' as org_id) from {declared.name}")
    assert overview(stored, "acme") == before


def test_a_repository_that_is_not_stored_is_refused(stored):
    with pytest.raises(UnknownName, match="devhealth show"):
        overview(stored, "acme", "nowhere")


def test_the_time_spent_by_another_organisation_is_not_shown(stored, shop):
    setup.register_source(stored, "umbrella", str(shop.path))
    assert overview(stored, "umbrella").last_run == []


# Repositories that a provider's API was read of


@pytest.fixture
def store(settings):
    """Stores records as of acme's repository acme/api, which git never read, and computes their metrics."""
    engine = database.open_semantic(settings)
    org_id = organizations.ensure_organization(engine, "acme")
    is_called = {"provider": "github", "host": "github.com", "provider_id": "7", "name": "acme/api"}
    repo_id = repositories.register(engine, org_id, **is_called, aliases=("github.com/acme/api",))

    def stored(*records):
        with connected(settings) as client:
            for table, said in records:
                insert(client, [record(table, org_id=org_id, repo_id=repo_id, **said)])
        dirty_ranges.mark(engine, org_id, repo_id, [DayRange("2026-01-01", "2026-06-01")], "new")
        compute_dirty(settings, NOW)
        (one,) = overview(settings, "acme", "acme/api").repositories
        return one

    return stored


def at(day, hour=12):
    return datetime(2026, 3, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)


def read(target):
    return "repository_targets", {"target": target}


def merged(number, on, hours, **said):
    times = {"created_at": on - timedelta(hours=hours), "merged_at": on, "closed_at": on}
    fields = {"number": number, "provider_host": "github.com", "author": "ada", "state": "merged", "additions": 10}
    return "pull_requests", fields | times | said


def test_a_repository_that_git_never_read_is_shown_with_the_name_it_is_registered_with(store):
    one = store(read("prs"), merged(1, at(3), 1))
    assert (one.name, one.totals, one.weeks, one.pull_requests_merged) == ("acme/api", None, [], 1)


def test_percentiles_are_of_all_days_together(store):
    """The mean of the daily medians would be 6 hours."""
    lines = {"additions": 40}
    review = {"number": 2, "review_id": "1", "author": "bob", "state": "approved", "submitted_at": at(3, 11)}
    one = store(
        read("prs"),
        merged(1, at(3), 1),
        merged(2, at(3), 3, **lines),
        merged(3, at(5), 10, **lines),
        merged(4, at(5) - timedelta(days=31), 500),
        ("pull_requests", {"number": 5, "author": "ada", "state": "open", "created_at": at(4)}),
        ("pull_requests", {"number": 6, "author": "ada", "state": "closed", "created_at": at(4), "closed_at": at(4)}),
        ("pull_request_reviews", review),
    )
    assert (one.delivery.first_day, one.delivery.last_day) == (date(2026, 2, 4), date(2026, 3, 5))
    assert one.delivery.pull_requests == PullRequests(
        last_day=date(2026, 3, 5),
        opened=5,
        merged=3,
        closed_unmerged=1,
        cycle_hours_p50=3.0,
        cycle_hours_p90=8.6,
        first_review_hours_p50=2.0,
        size_loc_p50=40.0,
        unreviewed_ratio=2 / 3,
    )
    assert one.pull_requests_merged == 4


def test_what_was_never_read_is_not_zero(store):
    one = store(read("prs"))
    assert one.delivery.pull_requests == PullRequests()
    assert (one.delivery.pipelines, one.delivery.deployments, one.delivery.incidents) == (None, None, None)
    assert (one.delivery.last_day, one.pull_requests_merged) == (None, 0)
    again = store(read("cicd"), read("incidents"))
    assert (again.delivery.pipelines, again.delivery.incidents) == (Pipelines(), Incidents())
    assert again.delivery.deployments is None


def test_merged_pull_requests_are_unknown_until_they_are_read(store):
    assert store(read("cicd")).pull_requests_merged is None


def test_what_is_not_computed_yet_is_shown_all_the_same(store, settings):
    one = store(read("prs"))
    with connected(settings) as client:
        (org_id,) = [row[0] for row in client.execute("select distinct org_id from repository_targets")]
        table, said = merged(1, at(3), 1)
        insert(client, [record(table, org_id=org_id, repo_id=one.repo_id, **said)])
    (one,) = overview(settings, "acme").repositories
    assert (one.pull_requests_merged, one.delivery.last_day) == (1, None)


def test_pipelines_deployments_and_incidents_of_the_same_days(store):
    def run(run_id, attempt, on, minutes, conclusion):
        times = {"queued_at": on, "started_at": on, "finished_at": on + timedelta(minutes=minutes)}
        return "pipeline_runs", {"run_id": run_id, "attempt": attempt, "conclusion": conclusion} | times

    def deployment(deployment_id, environment, state):
        times = {"created_at": at(4), "finished_at": at(5)}
        return "deployments", {"deployment_id": deployment_id, "environment": environment, "state": state} | times

    one = store(
        run("1", 1, at(3), 60, "failure"),
        run("1", 2, at(4), 2, "success"),
        run("2", 1, at(4), 4, "failure"),
        run("3", 1, at(5), 12, "success"),
        run("4", 1, at(5), 1, "canceled"),
        deployment("1", "production", "success"),
        deployment("2", "production", "failed"),
        deployment("3", "staging", "failed"),
        ("incidents", {"incident_id": "1", "opened_at": at(5) - timedelta(days=40), "resolved_at": at(5)}),
        ("incidents", {"incident_id": "2", "opened_at": at(5, 10)}),
    )
    assert one.delivery.pull_requests is None
    assert one.delivery.pipelines == Pipelines(
        last_day=date(2026, 3, 5), runs=4, success_ratio=2 / 3, duration_minutes_p50=4.0
    )
    assert one.delivery.deployments == Deployments(last_day=date(2026, 3, 5), deployments=2, failed=1)
    assert one.delivery.incidents == Incidents(
        last_day=date(2026, 3, 5), opened=1, resolved=1, restore_hours_p50=40 * 24.0
    )


def test_a_repository_of_git_alone_has_no_delivery(stored):
    assert overview(stored, "acme").repositories[0].delivery is None


def test_a_repository_is_found_by_its_url_though_nobody_answers_there(settings, store):
    one = store(read("prs"))
    assert setup.find_repository(settings, "acme", "https://github.com/acme/api.git") == one.repo_id


def test_thousands_of_repositories_fit_into_a_query(settings):
    ids = [f"{number:036}" for number in range(20_000)]
    with connected(settings) as client:
        assert rows_of(client, "activity", {"org_id": "acme", "repo_ids": ids}) == []


def test_two_repositories_of_one_name_are_told_apart_wherever_they_are_named(settings, tmp_path):
    """In the plan, its failures, the status, the chunks of a backfill and the overview, by name and by id."""
    for place, commits in (("a", 1), ("b", 2)):
        (tmp_path / place).mkdir()
        setup.register_source(settings, "acme", str(Shop(tmp_path / place / "repo").commit(commits).path))
    for unit in (units := plan_sync(settings, request())):
        stages.fetch_unit(settings, unit)
    assert {(unit.called, unit.name) for unit in units} == {("a/repo", "repo"), ("b/repo", "repo")}
    report = finish_sync(settings, units, provider="local_git", run_id=units[0].run_id)  # nothing was stored
    assert {(one.name, one.repo_id) for one in report.failed} == {(unit.called, unit.repo_id) for unit in units}
    assert "a/repo (git, process)" in report.failure_text()
    run_sync(settings, request(full_resync=True))
    (of,) = read_status(settings, NOW, "acme").organisations
    by_id = {unit.repo_id: unit.called for unit in units}
    assert {(one.repository, one.repo_id) for one in of.targets} == {(name, repo_id) for repo_id, name in by_id.items()}
    found = overview(settings, "acme").repositories
    assert {(one.repo_id, one.name, one.totals.commits) for one in found} == {
        (repo_id, name, 1 if name == "a/repo" else 2) for repo_id, name in by_id.items()
    }
    assert len(overview(settings, "acme", "repo").repositories) == 2
    for wanted in found:
        for name in (wanted.name, wanted.repo_id):
            assert [one.repo_id for one in overview(settings, "acme", name).repositories] == [wanted.repo_id]
