"""Whatever happens to issues and on the way, the store ends up with what GitHub has: real stages, real ClickHouse."""

from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.models.table import table_of
from devhealth.pipelines.metrics import compute_dirty
from devhealth.semantic import database, organizations
from devhealth.warehouse.connection import connected
from tests.examples import examples
from tests.git_sync import Tables
from tests.github import conversations, issues, projects
from tests.github.issue_life import live
from tests.integration.played_shop import REST, PlayedShop, histories, playing
from tests.issue_sync import stored, true

RULE = {"incident_labels": ["incident", "sev1"], "incident_types": ["Outage"]}


class _Shop(PlayedShop):
    targets = ("work-items", "incidents")

    def __init__(self, settings, monkeypatch, options=None):
        super().__init__(settings, monkeypatch, RULE | (options or {}))

    def live(self, random):
        live(self.world, self.repository, random, may_end="api" not in self.options)  # REST does not tell how many

    def do(self, step, number, random):
        if step != "sync":
            super().do(step, number, random)
            return
        self.world.clock.advance(seconds=random.choice((0, 5)))
        report = self.sync()
        assert not report.failed
        for _ in range(3):  # what a backfill stored and went before the next sync is drift, and read anew
            report = self.sync() if report.warnings else report
        assert not report.warnings

    def stored(self):
        """Work items and transitions as `tests.issue_sync` compares them, and the keys of incidents."""
        tables = Tables()
        for name in ("work_items", "work_item_transitions", "incidents"):
            table = table_of(name)
            columns = ", ".join(table.record.__struct_fields__)
            for row in self.select(f"select {columns} from {name} final where org_id = %(org)s"):
                record = msgspec.convert(row, table.record, strict=False)
                tables.rows.setdefault(name, {})[tuple(getattr(record, one) for one in table.key)] = record
        incidents = [row for row in tables.rows.get("incidents", {}).values() if not row.is_deleted]
        return stored(tables) | {"incidents": sorted((row.key, row.status) for row in incidents)}

    def true(self):
        found = []
        for issue in self.repository["_issues"].values():
            labels = {label["name"] for label in issue["_labels"]}
            if labels & {"incident", "sev1"} or issue["_type"] == "Outage":
                found.append((f"acme/shop#{issue['number']}", "open" if issue["state"] == "OPEN" else "resolved"))
        expected = true(self.repository, f"127.0.0.1:{self.server.port}", is_rest="api" in self.options)
        return expected | {"incidents": sorted(found)}


def _without_left_projects(found, expected):
    """Moves in projects that the issue has left since are kept; the others are compared."""
    there = {row["transition_id"] for row in expected["work_item_transitions"]}
    rows = found["work_item_transitions"]
    kept = [row for row in rows if "@" not in row["transition_id"] or row["transition_id"] in there]
    return found | {"work_item_transitions": kept}


def _without_moves(rows):
    kept = [row for row in rows["work_item_transitions"] if row["field"] != "status"]
    return rows | {"work_item_transitions": kept}


@pytest.fixture
def shop(prepared):
    with playing(_Shop, prepared) as made:
        yield made


@examples(12)
@given(seed=st.integers(0, 2**32), steps=histories(), is_rest=st.booleans())
def test_any_interleaving_of_changes_and_syncs_ends_with_what_is_there(prepared, seed, steps, is_rest):
    with playing(_Shop, prepared, REST if is_rest else {}) as shop:
        shop.play(Random(seed), [("live", 8), *steps, ("sync", 0)])
        found, expected = shop.stored(), shop.true()
        if is_rest:  # a move is no update of the issue, and REST has no projects to look at
            found, expected = _without_moves(found), _without_moves(expected)
        assert _without_left_projects(found, expected) == expected


def test_nothing_new_is_no_unit_and_two_changes_are_two_issues(shop):
    board = projects.create(shop.world, "acme")
    for _ in range(5):
        shop.world.clock.advance(minutes=1)
        projects.add(shop.world, board, issues.create(shop.world, shop.repository, labels=("sev1",)))
    rows = {key: count for one in shop.sync().stored for key, count in one.rows.items()}
    assert (rows["work_items"], rows["incidents"]) == (5, 5)
    assert shop.sync().rows == 0, "what was updated in this very second is looked at again"
    shop.world.clock.advance(minutes=1)
    assert shop.sync().rows == 0
    assert shop.sync().planned == 0
    shop.world.clock.advance(minutes=1)
    for number in (2, 4):
        conversations.comment(shop.world, shop.repository["_issues"][number], "ada")
    shop.world.clock.advance(minutes=1)
    [report] = [one for one in shop.sync().stored if one.rows]
    assert report.rows["work_items"] == 2
    assert shop.stored() == shop.true()
    assert shop.sync().planned == 0
    projects.set_status(shop.world, board["_items"][0], "Done")
    shop.world.clock.advance(minutes=1)
    [report] = [one for one in shop.sync().stored if one.rows]
    assert report.rows["work_items"] == 1
    assert shop.stored() == shop.true()


def test_another_rule_is_news_although_no_issue_has_changed(shop):
    for labels in (("sev1",), ("outage",)):
        issues.create(shop.world, shop.repository, labels=labels)
    shop.world.clock.advance(minutes=1)
    shop.sync()
    assert shop.sync().planned == 0
    shop.options = {"incident_labels": ["outage"]}
    shop.register(shop.organisation)
    assert shop.sync().planned == 1
    assert shop.stored()["incidents"] == [("acme/shop#2", "open")]


def test_incident_metrics_are_those_computed_by_hand(shop):
    """One opened on the 1st, three on the 2nd, of which two were resolved that day, after 2 and 4 hours."""
    world, start = shop.world, datetime(2024, 5, 1, 10, tzinfo=UTC)
    made = [
        issues.create(world, shop.repository, labels=("sev1",), at=start + timedelta(hours=hours))
        for hours in (0, 22, 24, 24)
    ]
    issues.create(world, shop.repository, labels=("bug",), at=start)
    conversations.close(world, made[1], at=start + timedelta(hours=24))
    conversations.close(world, made[2], at=start + timedelta(hours=28))
    world.clock.advance(days=5)
    assert not shop.sync().failed
    compute_dirty(shop.settings, datetime(2024, 5, 10, tzinfo=UTC), shop.organisation)
    org_id = organizations.organization_id(database.open_semantic(shop.settings), shop.organisation)
    with connected(shop.settings) as client:
        rows = client.execute(
            "select toString(day), incidents_opened, incidents_resolved, restore_hours_p50, restore_hours_p90, "
            "restore_hours_sum, restore_hours_count from incident_metrics_daily_latest where org_id = %(org)s "
            "and incidents_opened + incidents_resolved > 0 order by day",
            {"org": org_id},
        )
    assert [tuple(row) for row in rows] == [
        ("2024-05-01", 1, 0, None, None, 0.0, 0),
        ("2024-05-02", 3, 2, 3.0, pytest.approx(3.8), 6.0, 2),
    ]


def test_what_a_backfill_has_stored_and_is_gone_since_is_gone(shop):
    issues.create(shop.world, shop.repository, labels=("sev1",))
    shop.world.clock.advance(minutes=1)
    shop.sync()
    made = issues.create(shop.world, shop.repository, labels=("sev1",))
    assert shop.backfill(0).rows
    assert len(shop.stored()["incidents"]) == 2
    issues.delete(shop.world, made)
    shop.world.clock.advance(minutes=1)
    for _ in range(3):
        shop.sync()
    assert shop.stored() == shop.true()
    assert shop.sync().planned == 0
