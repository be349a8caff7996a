"""Whatever happens at GitHub and on the way, the store ends up with what GitHub has: real stages, real ClickHouse."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devhealth.warehouse.connection import connected
from tests.github import conversations, faults, pulls
from tests.github.life import live
from tests.integration.played_shop import PlayedShop
from tests.pull_request_sync import CHILDREN, true

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("live"), st.integers(1, 8)),
        st.tuples(st.just("sync"), st.just(0)),
        st.tuples(st.just("cut"), st.integers(0, 6)),
        st.tuples(st.just("resync"), st.just(0)),
        st.tuples(st.just("backfill"), st.integers(0, 3)),
    ),
    max_size=8,
)


class _Shop(PlayedShop):
    targets = ("prs",)

    def stored(self):
        found = {
            table: self.rows(
                table,
                [*(rows[0] if rows else ["number"]), "fetched_at"],
                [one for one in ("number", CHILDREN.get(table)) if one],
            )
            for table, rows in self.true().items()
        }
        fetched = {row["number"]: row.pop("fetched_at") for row in found["pull_requests"]}
        for table in CHILDREN:
            rows = [row for row in found[table] if row["number"] in fetched]
            found[table] = [row for row in rows if row.pop("fetched_at") >= fetched[row["number"]]]
        return found

    def true(self):
        return true(self.repository, f"127.0.0.1:{self.server.port}", is_rest="api" in self.options)


@pytest.fixture
def shop(prepared, monkeypatch):
    made = _Shop(prepared, monkeypatch)
    yield made
    made.server.stop()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), steps=STEPS, is_rest=st.booleans())
def test_any_interleaving_of_changes_and_syncs_ends_with_what_is_there(prepared, seed, steps, is_rest):
    with pytest.MonkeyPatch.context() as patch:
        shop = _Shop(prepared, patch, {"api": "rest"} if is_rest else {})
        random = Random(seed)
        try:
            for step, number in [("live", 5), *steps, ("sync", 0)]:
                _do(shop, random, step, number)
            assert shop.stored() == shop.true()
        finally:
            shop.server.stop()


def _do(shop, random, step, number):
    match step:
        case "live":
            for _ in range(number):
                live(shop.world, shop.repository, random)
        case "sync":
            assert not shop.sync().failed
        case "resync":
            assert not shop.sync(full_resync=True).failed
        case "backfill":
            assert not shop.backfill(number).failed
        case "cut":
            broken = shop.server.faults.add(faults.status(403, b'{"message": "No"}'), times=-1, after=number)
            shop.sync()
            shop.server.faults.planned.remove(broken)


def test_nothing_new_is_no_unit_and_two_changes_are_two_pull_requests(shop):
    for _ in range(5):
        shop.world.clock.advance(minutes=1)
        pulls.create(shop.world, shop.repository)
    assert shop.sync().stored[0].rows["pull_requests"] == 5
    assert shop.sync().rows == 0, "what was updated in this very second is looked at again"
    shop.world.clock.advance(minutes=1)
    assert shop.sync().rows == 0
    assert shop.sync().planned == 0
    shop.world.clock.advance(minutes=1)
    for number in (2, 4):
        conversations.comment(shop.world, shop.repository["_pulls"][number], "ada")
    assert shop.sync().stored[0].rows["pull_requests"] == 2
    assert shop.stored() == shop.true()


def test_rows_that_got_lost_are_drift_and_come_back(shop):
    for _ in range(5):
        pulls.create(shop.world, shop.repository)
    assert shop.sync().warnings == []
    with connected(shop.settings) as client:
        client.execute("delete from pull_requests where number = 3")
    shop.world.clock.advance(minutes=1)
    conversations.comment(shop.world, shop.repository["_pulls"][1], "ada")
    [warning] = shop.sync().warnings
    assert "drift" in warning
    assert "pull_requests: 4 stored, 5 at the provider" in warning
    assert shop.sync().warnings == []
    assert shop.stored() == shop.true()
