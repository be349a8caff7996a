"""Whatever happens at GitHub and on the way, the store ends up with what GitHub has: real stages, real ClickHouse."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.warehouse.connection import connected
from tests.examples import examples
from tests.github import conversations, pulls
from tests.github.life import live
from tests.integration.played_shop import REST, PlayedShop, histories, playing
from tests.pull_request_sync import CHILDREN, true


class _Shop(PlayedShop):
    targets = ("prs",)

    def live(self, random):
        live(self.world, self.repository, random)

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
def shop(prepared):
    with playing(_Shop, prepared) as made:
        yield made


@examples(12)
@given(seed=st.integers(0, 2**32), steps=histories(cut=6), is_rest=st.booleans())
def test_any_interleaving_of_changes_and_syncs_ends_with_what_is_there(prepared, seed, steps, is_rest):
    with playing(_Shop, prepared, REST if is_rest else {}) as shop:
        shop.play(Random(seed), [("live", 5), *steps, ("sync", 0)])
        assert shop.stored() == shop.true()


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
