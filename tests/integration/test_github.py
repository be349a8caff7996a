"""All targets of GitHub at once: whatever is changed, refused, cut or killed, the store ends as after one full sync."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.github.sending import Exchange
from devhealth.models.table import all_tables
from devhealth.semantic import dirty_ranges, watermarks
from devhealth.sinks import clickhouse
from devhealth.staging import UnitStaging
from tests.examples import examples
from tests.github import deployments, faults, issue_life, life, pipelines
from tests.integration.played_shop import PlayedShop, histories, playing
from tests.processes import killed_at
from tests.pull_request_sync import CHILDREN

OPTIONS = {"incident_labels": ["bug"]}
MOMENTS = (
    (Exchange, "reply"),
    (UnitStaging, "write_page"),
    (UnitStaging, "write"),
    (clickhouse, "insert"),
    (dirty_ranges, "mark"),
    (watermarks, "advance"),
)
FAULTS = (
    faults.status(502),
    faults.status(403, b'{"message": "No"}'),
    faults.status(500),
    faults.garbage(),
    faults.cut(),
    faults.drop(),
    faults.secondary(retry_after=1),
    faults.resource_limits(),
)
MET = {"account_emails", "accounts"}
"""Whoever was met is known, whatever became of the place."""
HIDDEN = {"org_id", "repo_id", "fetched_at", "is_deleted"}


class _Shop(PlayedShop):
    targets = ("prs", "work-items", "cicd", "deployments", "incidents")

    def live(self, random):
        world, repository = self.world, self.repository
        match random.choice(("pull", "pull", "issue", "issue", "run", "deployment")):
            case "pull":
                life.live(world, repository, random)
            case "issue":
                issue_life.live(world, repository, random)
            case "run":
                run = pipelines.create(world, repository, jobs=("build", "test"))
                if random.random() < 0.5:
                    pipelines.finish(world, run, random.choice(("success", "failure")))
            case "deployment":
                found = [one for one in repository["_deployments"] if one["state"] == "PENDING"]
                if found and random.random() < 0.5:
                    deployments.set_status(world, random.choice(found), random.choice(("success", "failure")))
                else:
                    deployments.create(world, repository)

    def do(self, step, number, random):
        match step:
            case "fault":
                fault, after = FAULTS[number % len(FAULTS)], number // len(FAULTS)
                self.server.faults.add(fault, times=1, after=after)
                self.sync()
                self.server.faults.clear()
            case "unplug":
                broken = self.server.faults.add(faults.drop(), times=-1, after=number)
                self.sync()
                self.server.faults.planned.remove(broken)
            case "kill":
                killed_at(number, MOMENTS, self.sync)
            case _:
                super().do(step, number, random)

    def stored(self, slug):
        """What is there by every record table, without what tells the organisation and the time of the fetch."""
        tables = [table for table in all_tables() if not table.is_metric and table.name not in MET]
        rows = {table.name: _rows(self, table, slug) for table in tables}
        fetched = {row["number"]: row["fetched_at"] for row in rows["pull_requests"]}
        for name in CHILDREN:  # rows of an overtaken run never count
            rows[name] = [row for row in rows[name] if row["fetched_at"] >= fetched[row["number"]]]
        return {
            name: sorted(repr({key: _plain(value) for key, value in row.items() if key not in HIDDEN}) for row in found)
            for name, found in rows.items()
        }


def _plain(value):
    """The driver shows a flag that is off as False or as 0."""
    return int(value) if isinstance(value, bool) else value


def _rows(shop, table, slug):
    columns = [column.name for column in table.columns]
    there = " and not is_deleted" if "is_deleted" in columns else ""
    found = shop.select(f"select {', '.join(columns)} from {table.name} final where org_id = %(org)s{there}", slug)
    return [dict(zip(columns, row, strict=True)) for row in found]


@examples(6, shrinks=False)
@given(seed=st.integers(0, 2**32), steps=histories(least=2, fault=200, kill=150, unplug=20))
def test_the_store_ends_as_after_one_full_sync(prepared, seed, steps):
    with playing(_Shop, prepared, OPTIONS) as shop:
        shop.play(Random(seed), [("live", 6), *steps])
        shop.world.clock.advance(days=1)  # of what the survey cannot see, the next day tells
        for last in [shop.sync(), shop.sync()]:  # where something got lost, the second reads everything
            assert last.failed == []
        assert last.warnings == []
        fresh = shop.new_organisation()
        assert shop.sync(organisation=fresh).failed == []
        stored, true = shop.stored(shop.organisation), shop.stored(fresh)
        assert {name: sorted({*rows} ^ {*true[name]}) for name, rows in stored.items() if rows != true[name]} == {}
