"""Tasks whose provider wants to be left alone give their worker back and go on afterwards; several units to a task."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.semantic import configurations, database
from tests.github import conversations, faults, pulls, repositories
from tests.github.server import GitHubServer
from tests.github.world import World
from tests.integration.conftest import FIRST_DAY
from tests.integration.second_devhealth import contents, second

pytestmark = pytest.mark.airflow

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
DAG = '''
"""The DAG of GitHub, as if a second were a long time to wait."""

from devhealth_airflow import deferral
from devhealth_airflow.sync_dag import sync_dag

from devhealth.transport import waiting

deferral._SPREAD_SECONDS, waiting.IN_PLACE_SECONDS = 0.0, 1.0

dag = sync_dag(provider="github", targets=("prs",), description="as if", doc_md=__doc__)
'''
SOURCES = [f"acme/{name}" for name in ("shop", "site", "gone", "wiki", "lost", "left")]
"""Two to a task: three is all this Airflow maps. Those of the last task, and one of the one before, are gone."""


def given(server):
    return {"GITHUB_API_URL": server.api_url, "GITHUB_TOKEN": TOKEN}


@pytest.fixture
def github(monkeypatch):
    world = World(FIRST_DAY)
    there = [repositories.create(world, source) for source in SOURCES]
    for number in range(240):
        world.clock.advance(minutes=10)
        pull = pulls.create(world, there[number % 4])
        conversations.comment(world, pull, "hopper")
    with GitHubServer(world) as server:
        for name, value in given(server).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def home(airflow_home, github, tmp_path):
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "sync_github.py").write_text(DAG)
    home = airflow_home.with_environment(
        AIRFLOW__CORE__DAGS_FOLDER=str(tmp_path / "dags"), AIRFLOW__CORE__MAX_MAP_LENGTH="3", **given(github)
    )
    setup.prepare(home.settings)
    made = setup.register_source(home.settings, "acme", SOURCES[0], provider="github", targets=["prs"], name="all")
    kept = {"provider": "github", "targets": ["prs"], "options": {}}
    engine = database.open_semantic(home.settings)
    configurations.save(engine, org_id=made.org_id, name="all", sources=SOURCES, **kept)
    for source in ("acme/gone", "acme/lost", "acme/left"):
        repositories.delete(github.world, github.world.names[source])
    return home


def asked(github):
    """How often each query was answered since the last time."""
    counts = Counter(one.operation for one in github.requests if one.status == 200)
    github.forget_requests()
    return counts


def test_bundles_are_deferred_and_tried_again_and_ask_for_nothing_twice(home, github, warehouse_settings):
    undisturbed = second(home.settings, warehouse_settings)
    now = datetime.now(UTC)
    asked(github)
    report = run_sync(undisturbed, SyncRequest(provider="github", run_id=new_run_id(now), as_of=now))
    assert (len(report.stored), len(report.failed)) == (3, 3)
    expected = asked(github)

    github.faults.add(faults.status(422, b"{}"), when=faults.says("query Survey"))  # nothing can be reached: once more
    for before in (0, 4, 6):
        github.faults.add(faults.secondary(retry_after="2"), after=before)
    github.faults.add(faults.status(422, b"{}"), when=faults.says('"site"'), after=1)
    said = home.test_dag("sync_github", expect=1)

    assert contents(home.settings) == contents(undisturbed)
    assert asked(github) == expected
    assert said.count("The task gives its worker back until then.") >= 3
    assert "acme/site (GraphQL of" in said
    assert "was answered with status 422" in said
    states = home.states("sync_github")
    ended = {
        index: [states[f"unit.{task}", index] for task in ("connector", "processor", "sink")] for index in range(3)
    }
    assert ended == {0: ["success"] * 3, 1: ["success"] * 3, 2: ["failed", "upstream_failed", "upstream_failed"]}
    assert home.query("select try_number from task_instance where task_id = 'plan'") == [(2,)]
    tries = home.query("select try_number from task_instance where task_id = 'unit.connector' order by map_index")
    assert tries == [(2,), (1,), (1,)]
    assert "3 of 6 units failed, the others are stored: acme/gone" in said
    names = home.query("select rendered_map_index from task_instance where task_id = 'unit.sink' and map_index = 0")
    assert names == [("acme/shop prs and 1 more",)]
