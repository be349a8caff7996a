"""GitHub through a real Airflow, whose tasks ask a server in a process of its own with the real client libraries."""

import json
import time
from datetime import UTC, date, datetime

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.backfill import BackfillRequest, run_backfill
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from tests.github import conversations, deployments, issues, pipelines, pulls, repositories
from tests.github.own_process import OwnProcess
from tests.github.world import World
from tests.integration.conftest import FIRST_DAY, daily_history
from tests.integration.second_devhealth import contents, second

pytestmark = pytest.mark.airflow

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


@pytest.fixture
def github(tmp_path):
    """A repository with twelve of everything, in a process that the test may kill."""
    world = World(FIRST_DAY)
    shop = repositories.create(world, "acme/shop")
    for number in range(12):
        world.clock.advance(hours=10)
        pull = pulls.create(world, shop, commits=2)
        pulls.review(world, pull, "grace", "APPROVED", comments=["Why?"])
        conversations.comment(world, pull, "hopper")
        if number % 2:
            pulls.merge(world, pull)
        conversations.close(world, issues.create(world, shop, labels=("bug",)))
        pipelines.finish(world, pipelines.create(world, shop, jobs=("test", "lint")))
        deployments.create(world, shop, status="success")
    with OwnProcess(world, tmp_path) as server:
        yield server


@pytest.fixture
def home(airflow_home, github, tmp_path, monkeypatch):
    """An Airflow that knows the server."""
    given = {"GITHUB_API_URL": github.api_url, "GITHUB_TOKEN": TOKEN}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    daily_history(tmp_path / "git" / "acme" / "shop")
    home = airflow_home.with_environment(**given)
    setup.prepare(home.settings)
    options = {"clone_url": f"file://{tmp_path}/git/{{name}}", "incident_labels": ["bug"]}
    setup.register_source(home.settings, "acme", "acme/shop", provider="github", name="shop", options=options)
    return home


@pytest.fixture
def undisturbed(home, warehouse_settings):
    return second(home.settings, warehouse_settings)


def unplugged(home, github, moments, dag_id, **conf):
    """What a run says in which the server dies at each of these requests after it was last started."""
    run = home.start("dags", "test", "--conf", json.dumps(conf), dag_id, log="dag.log")
    deaths = 0
    for moment in moments:
        github.order("faults.dies", after=moment)
        while github.process.poll() is None and run.poll() is None:
            time.sleep(0.02)
        deaths += github.process.poll() is not None
        if run.poll() is not None:
            break
        github.start()
    said = run.wait(200), (home.folder / "dag.log").read_text()
    assert said[0] == 0, said[1][-6000:]
    assert deaths == len(moments)
    return said[1]


def assert_same(settings, undisturbed):
    found = contents(settings)
    assert found == contents(undisturbed)
    counts = {
        name: found[name][0]
        for name in ("commits", "pull_requests", "work_items", "incidents", "pipeline_runs", "deployments")
    }
    assert counts == {"commits": 15} | dict.fromkeys(list(counts)[1:], 12)


def test_a_sync_whose_server_dies_again_and_again_stores_what_an_undisturbed_one_does(home, github, undisturbed):
    now = datetime.now(UTC)
    assert not run_sync(undisturbed, SyncRequest(provider="github", run_id=new_run_id(now), as_of=now)).failed
    unplugged(home, github, [0, 3, 12], "sync_github")
    assert_same(home.settings, undisturbed)


def test_a_backfill_whose_server_dies_again_and_again_stores_what_an_undisturbed_one_does(home, github, undisturbed):
    days = {"organisation": "acme", "configuration": "shop", "since": "2026-03-01", "before": "2026-03-08"}
    request = BackfillRequest(**(days | {"since": date(2026, 3, 1), "before": date(2026, 3, 8)}))
    assert run_backfill(undisturbed, request).status == "completed"
    unplugged(home, github, [1, 4, 12], "backfill", **days)
    assert_same(home.settings, undisturbed)
