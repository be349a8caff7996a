"""Whatever happens to deployments, tags and releases and on the way, the store ends up with what GitHub has."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.pipelines import metrics
from tests.delivery_sync import TABLES, true
from tests.examples import examples
from tests.github import deployments, repositories
from tests.integration.played_shop import BEGIN, REST, PlayedShop, histories, playing

PEOPLE = ("ada", "grace", "github-actions[bot]")


class _Shop(PlayedShop):
    targets = ("deployments",)

    def __init__(self, settings, monkeypatch, options=None):
        super().__init__(settings, monkeypatch, options)
        repositories.commit(self.world, self.repository)

    def live(self, random):
        world, repository = self.world, self.repository
        world.clock.advance(seconds=random.choice((0, 1, 60, 5_000)))
        deployed, releases = repository["_deployments"], repository["_releases"]
        drafts, tags = [one for one in releases if one["isDraft"]], sorted(repository["_tags"])
        deed = random.choice(
            ("deploy", "deploy", "status", "status", "status", "delete", "tag", "untag", "release", "other")
        )
        if deed == "deploy":
            environment = random.choice(("production", "staging", "review/7"))
            deployments.create(world, repository, environment=environment, creator=random.choice(PEOPLE))
        elif deed == "status" and deployed:
            state = random.choice(("queued", "in_progress", "success", "failure", "error", "inactive"))
            deployments.set_status(world, random.choice(deployed), state, by=random.choice(PEOPLE))
        elif deed == "delete" and deployed:
            deployments.delete(world, random.choice(deployed))
        elif deed == "tag":
            sha = repositories.commit(world, repository)["oid"]
            repositories.tag(world, repository, f"v{random.randint(0, 9)}", sha, by=random.choice((None, "ada")))
        elif deed == "untag" and tags:
            repositories.delete_tag(world, repository, random.choice(tags))
        elif deed == "release":
            deployments.release(world, repository, f"v{random.randint(0, 9)}", is_draft=random.random() < 0.3)
        elif drafts:
            deployments.publish(world, random.choice(drafts))
        elif releases and random.random() < 0.5:
            deployments.delete_release(world, random.choice(releases))
        elif releases:
            deployments.edit_release(world, random.choice(releases), name=f"Better {random.random()}")

    def do(self, step, number, random):
        if step != "meanwhile":
            super().do(step, number, random)
            return
        self.server.faults.add(lambda _request, right: (self.live(random), right())[1], after=number, times=2)
        assert not self.sync(full_resync=random.random() < 0.5).failed
        self.server.faults.clear()

    def stored(self):
        return {
            table: self.rows(table, [*(rows[0] if rows else TABLES[table])], TABLES[table])
            for table, rows in true(self.repository).items()
        }


@pytest.fixture
def shop(prepared):
    with playing(_Shop, prepared) as made:
        yield made


@examples(15)
@given(seed=st.integers(0, 2**32), steps=histories(faulty=9, meanwhile=9), is_rest=st.booleans())
def test_any_interleaving_of_changes_and_syncs_ends_with_what_is_there(prepared, seed, steps, is_rest):
    with playing(_Shop, prepared, REST if is_rest else {}) as shop:
        shop.play(Random(seed), [("live", 12), *steps])
        shop.world.clock.advance(days=7)  # the survey tells of the newest ten, and of the others once a week
        assert not shop.sync().failed
        assert shop.stored() == true(shop.repository)


def test_nothing_new_is_no_unit_and_one_changed_is_one_written(shop):
    made = [deployments.create(shop.world, shop.repository, status="success") for _ in range(5)]
    repositories.tag(shop.world, shop.repository, "v1")
    deployments.release(shop.world, shop.repository, "v1")
    shop.world.clock.advance(minutes=1)
    assert shop.sync().stored[0].rows["deployments"] == 5
    assert shop.sync().planned == 0
    shop.world.clock.advance(minutes=1)
    deployments.set_status(shop.world, made[1], "failure")
    shop.world.clock.advance(minutes=1)
    rows = shop.sync().stored[0].rows
    assert (rows["deployments"], rows.get("tags"), rows.get("releases")) == (1, None, None)
    assert shop.sync().planned == 0
    repositories.tag(shop.world, shop.repository, "v1", repositories.commit(shop.world, shop.repository)["oid"])
    rows = shop.sync().stored[0].rows
    assert (rows.get("deployments"), rows["tags"], rows["releases"]) == (None, 1, 1)
    assert shop.stored() == true(shop.repository)


def test_an_unfinished_one_is_looked_at_until_it_is_over(shop):
    waiting = deployments.create(shop.world, shop.repository, status="queued")
    for _ in range(12):
        deployments.create(shop.world, shop.repository, status="failure")
    shop.world.clock.advance(minutes=1)
    assert shop.sync().stored[0].rows["deployments"] == 13
    for _ in range(2):
        assert shop.sync().rows == 0, "nothing of it is shown at a glance, so it is asked for"
    deployments.set_status(shop.world, waiting, "success")
    shop.world.clock.advance(minutes=1)
    assert shop.sync().stored[0].rows["deployments"] == 1
    assert shop.sync().planned == 0
    assert shop.stored() == true(shop.repository)


def test_one_that_is_deleted_beyond_what_is_looked_at_is_drift_and_goes(shop):
    for _ in range(1_110):
        deployments.create(shop.world, shop.repository, status="failure")
    shop.world.clock.advance(minutes=1)
    assert shop.sync().warnings == []
    deployments.delete(shop.world, shop.repository["_deployments"][0])
    [warning] = shop.sync().warnings
    assert "deployments: 1110 stored, 1109 at the provider" in warning
    assert shop.sync().warnings == []
    assert shop.stored() == true(shop.repository)


def _deploy(shop, at, environment, *states):
    """A deployment created at a time, and what became of it after how many minutes."""
    shop.world.clock.set(at)
    made = deployments.create(shop.world, shop.repository, environment=environment)
    for minutes, state in states:
        shop.world.clock.set(at + timedelta(minutes=minutes))
        deployments.set_status(shop.world, made, state)
    return made


def test_the_metrics_of_a_day_are_those_of_the_deployments_that_finished(shop):
    def at(hour):
        return BEGIN + timedelta(hours=hour)

    _deploy(shop, at(9), "prod", (1, "in_progress"), (30, "success"))
    _deploy(shop, at(10), "production", (5, "queued"), (60, "failure"))
    turned = _deploy(shop, at(11), "Live", (15, "success"))
    _deploy(shop, at(12), "staging", (90, "success"), (91, "inactive"))
    running = _deploy(shop, at(13), "staging", (1, "in_progress"))
    late = _deploy(shop, at(23), "production", (120, "error"))
    shop.world.clock.set(at(30))
    assert not shop.sync().failed
    first, second = date(2024, 5, 1), date(2024, 5, 2)
    assert _metrics(shop) == [
        ("production", first, 3, 1, 0.5, 1.75, 3),
        ("production", second, 1, 1, 2.0, 2.0, 1),
        ("staging", first, 1, 0, 1.5, 1.5, 1),
    ]
    shop.world.clock.set(at(37))
    deployments.set_status(shop.world, running, "success")
    deployments.set_status(shop.world, turned, "failure")
    deployments.delete(shop.world, late)
    assert not shop.sync().failed
    assert _metrics(shop) == [
        ("production", first, 2, 1, 0.75, 1.5, 2),
        ("production", second, 1, 1, 26.0, 26.0, 1),
        ("staging", first, 1, 0, 1.5, 1.5, 1),
        ("staging", second, 1, 0, 24.0, 24.0, 1),
    ]


def _metrics(shop):
    metrics.compute_dirty(shop.settings, datetime(2024, 5, 4, tzinfo=UTC), shop.organisation)
    return shop.select(
        "select environment, day, deployments_count, failed_count, duration_hours_p50, duration_hours_sum, "
        "duration_hours_count from deploy_metrics_daily_latest where org_id = %(org)s order by environment, day"
    )
