"""Whatever happens to runs and between the requests for them, the rows end up as the runs are."""

import uuid
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.github import cicd as connector
from devhealth.connectors.github import run_list, workflow_runs
from devhealth.errors import SourceError
from tests.examples import examples
from tests.git_sync import Tables
from tests.github import faults, repositories, rest_delivery
from tests.github.pipeline_life import live
from tests.github.server import GitHubServer
from tests.github.world import World
from tests.pipeline_run_sync import stored, sync, true
from tests.pull_request_sync import settings_for

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("live"), st.integers(1, 30)),
        st.tuples(st.just("sync"), st.just(0)),
        st.tuples(st.just("cut"), st.integers(0, 30)),
        st.tuples(st.just("changing"), st.integers(0, 12)),
        st.tuples(st.just("resync"), st.just(0)),
        st.tuples(st.just("later"), st.integers(1, 10)),
    ),
    max_size=10,
)


class _Shop:
    """A repository, and what is stored of it; syncs go on where the one before was cut off."""

    def __init__(self, folder, seed, skew):
        self.world = World(datetime(2024, 5, 1, tzinfo=UTC))
        self.repository = repositories.create(self.world, "acme/shop")
        self.server = GitHubServer(self.world, skew=timedelta(hours=skew))
        self.folder, self.random, self.tables = folder / uuid.uuid4().hex, Random(seed), Tables()
        self.cursor, self.units, self.known = None, 0, set()

    def do(self, step, number):
        match step:
            case "live":
                self._live(number)
            case "later":
                self.world.clock.advance(days=number)
            case "cut":
                broken = self.server.faults.add(faults.status(403, b'{"message": "No"}'), times=-1, after=number)
                try:
                    self.sync()
                except SourceError:
                    self._live(3)
                    self.server.faults.planned.remove(broken)
                    self.sync()
                self.server.faults.clear()
            case "changing":
                self.server.faults.add(lambda _request, right: (self._live(2), right())[1], after=number)
                self.sync()
                self.server.faults.clear()
            case "resync":
                self.sync(mode="full")
            case _:
                self.sync()

    def sync(self, **changes):
        """The next unit, or the one that was cut off again."""
        folder = self.folder / str(self.units)
        seen = set(self.repository["_runs"])
        self.cursor = sync(self.tables, settings_for(self.server, folder), folder / "unit", self.cursor, **changes)
        self.units, self.known = self.units + 1, seen

    def _live(self, count):
        for _ in range(count):
            live(self.world, self.repository, self.random, self.known)


@pytest.fixture
def small_lists(monkeypatch):
    """As many runs as a list shows here, and as are looked at by each sync, a test can make."""
    monkeypatch.setattr(workflow_runs, "PER_PAGE", 2)
    monkeypatch.setattr(rest_delivery, "CAP", 6)
    monkeypatch.setattr(run_list, "MOST_RESULTS", 6)
    monkeypatch.setattr(connector, "FEW", 5)


@examples(30)
@given(seed=st.integers(0, 2**32), steps=STEPS, skew=st.sampled_from([0, 0, -2, 2]))
def test_any_interleaving_ends_with_what_is_there(small_lists, tmp_path, seed, steps, skew):
    shop = _Shop(tmp_path, seed, skew)
    with shop.server:
        for step, number in [("live", 20), *steps]:
            shop.do(step, number)
        shop.world.clock.advance(days=1)
        shop.sync()
        assert stored(shop.tables) == true(shop.repository)
        assert msgspec.json.decode(shop.cursor)["totals"] == {"pipeline_runs": [len(shop.repository["_runs"]), None]}
        before = {name: dict(rows) for name, rows in shop.tables.rows.items()}
        shop.sync()
        assert {name: dict(rows) for name, rows in shop.tables.rows.items()} == before
