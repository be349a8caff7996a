from datetime import date

import pytest
from sqlalchemy.engine import Engine

from devhealth.errors import StoreError
from devhealth.models.unit import DayRange
from devhealth.relational import writing
from devhealth.semantic import database, dirty_ranges, organizations, repositories
from devhealth.settings import Settings
from tests.processes import at_once


def days(first: int, last: int) -> DayRange:
    return DayRange(f"2026-01-{first:02}", f"2026-01-{last:02}")


def taken(engine: Engine, org_id: str | None = None) -> list[tuple[int, int]]:
    return [(one.since.day, one.before.day) for one in dirty_ranges.take(engine, org_id)]


def test_what_is_marked_is_taken(engine: Engine, acme: str, shop: str):
    assert dirty_ranges.mark(engine, acme, shop, [days(1, 3)], "git run-1") == 1
    (found,) = dirty_ranges.take(engine)
    assert (found.org_id, found.repo_id) == (acme, shop)
    assert (found.since, found.before) == (date(2026, 1, 1), date(2026, 1, 3))


def test_overlapping_and_touching_ranges_of_a_call_are_one(engine: Engine, acme: str, shop: str):
    ranges = [days(8, 9), days(1, 3), days(2, 5), days(5, 6), days(2, 3), days(20, 21)]
    assert dirty_ranges.mark(engine, acme, shop, ranges, "r") == 3
    assert taken(engine) == [(1, 6), (8, 9), (20, 21)]


def test_taking_leaves_them_until_they_are_cleared(engine: Engine, acme: str, shop: str):
    dirty_ranges.mark(engine, acme, shop, [days(1, 2)], "r")
    assert dirty_ranges.take(engine) == dirty_ranges.take(engine)


def test_ranges_marked_meanwhile_are_kept(engine: Engine, acme: str, shop: str):
    dirty_ranges.mark(engine, acme, shop, [days(1, 2)], "r")
    first = dirty_ranges.take(engine)
    dirty_ranges.mark(engine, acme, shop, [days(1, 2), days(5, 6)], "r")
    dirty_ranges.clear(engine, [one.id for one in first])
    assert taken(engine) == [(1, 2), (5, 6)]


def test_an_id_never_comes_back(engine: Engine, acme: str, shop: str):
    """Else a second computation, clearing what both had taken, would clear a new range."""
    dirty_ranges.mark(engine, acme, shop, [days(1, 2)], "r")
    ids = [one.id for one in dirty_ranges.take(engine)]
    dirty_ranges.clear(engine, ids)
    dirty_ranges.mark(engine, acme, shop, [days(1, 2)], "r")
    dirty_ranges.clear(engine, ids)
    assert taken(engine) == [(1, 2)]


def test_nothing_marked_and_nothing_cleared_is_fine(engine: Engine, acme: str, shop: str):
    assert dirty_ranges.mark(engine, acme, shop, [], "r") == 0
    dirty_ranges.clear(engine, [])
    assert dirty_ranges.take(engine) == []


def test_more_than_one_statement_can_name(engine: Engine, acme: str, shop: str):
    for _ in range(3):
        ranges = [DayRange(f"{year}-01-01", f"{year}-02-01") for year in range(1000, 1900)]
        dirty_ranges.mark(engine, acme, shop, ranges, "r")
    found = dirty_ranges.take(engine)
    assert len(found) == 2700
    dirty_ranges.clear(engine, [one.id for one in found[:-1]])
    assert dirty_ranges.take(engine) == found[-1:]


def test_an_organisation_takes_only_its_own(engine: Engine, acme: str, shop: str):
    beta = organizations.ensure_organization(engine, "beta")
    theirs = repositories.register(engine, beta, provider="p", host="h", provider_id="1", name="n", aliases=[])
    dirty_ranges.mark(engine, acme, shop, [days(1, 2)], "r")
    dirty_ranges.mark(engine, beta, theirs, [days(3, 4)], "r")
    assert taken(engine, acme) == [(1, 2)]
    assert taken(engine, beta) == [(3, 4)]
    assert taken(engine) == [(1, 2), (3, 4)]
    with pytest.raises(StoreError):
        dirty_ranges.mark(engine, beta, shop, [days(1, 2)], "r")


def test_a_range_of_no_day_is_refused(engine: Engine, acme: str, shop: str):
    with pytest.raises(StoreError, match="since_before"):
        dirty_ranges.mark(engine, acme, shop, [days(2, 2)], "r")


def test_twenty_processes_mark_at_once(settings: Settings):
    database.upgrade(settings)
    engine = database.open_semantic(settings)
    acme = organizations.ensure_organization(engine, "acme")
    shop = repositories.register(engine, acme, provider="p", host="h", provider_id="1", name="shop", aliases=[])
    engine.dispose()

    def mark(number: int) -> None:
        dirty_ranges.mark(database.open_semantic(settings), acme, shop, [days(number + 1, number + 2)], "r")

    at_once(20, mark)
    assert sorted(taken(engine)) == [(number + 1, number + 2) for number in range(20)]


def test_an_announcement_outlives_a_computation_until_its_writer_settles(engine: Engine, acme: str, shop: str):
    """The computation may have read before the announced rows were stored, and the writer may be killed after it."""
    dirty_ranges.announce(engine, acme, shop, [days(1, 3)], "run-1/unit")
    dirty_ranges.announce(engine, acme, shop, [days(7, 8)], "run-1/other")
    dirty_ranges.mark(engine, acme, shop, [days(9, 10)], "r")
    read = [one.id for one in dirty_ranges.take(engine)]
    dirty_ranges.clear(engine, read)
    assert taken(engine) == [(1, 3), (7, 8)]
    with writing(engine) as connection:
        dirty_ranges.settle(connection, acme, shop, [days(3, 4)], "run-1/unit", "git run-1")
    dirty_ranges.clear(engine, read)
    assert sorted(taken(engine)) == [(1, 4), (7, 8)], "what was settled is to be computed once more"
    dirty_ranges.clear(engine, [one.id for one in dirty_ranges.take(engine)])
    assert taken(engine) == [(7, 8)]


def test_an_announcement_of_a_writer_that_was_killed_is_computed_and_dropped_in_the_end(
    engine: Engine, acme: str, shop: str, monkeypatch: pytest.MonkeyPatch
):
    dirty_ranges.announce(engine, acme, shop, [days(1, 3)], "run-1/unit")
    monkeypatch.setattr(dirty_ranges, "ANNOUNCED_FOR", -dirty_ranges.ANNOUNCED_FOR)  # as if it were made an hour ago
    dirty_ranges.clear(engine, [one.id for one in dirty_ranges.take(engine)])
    assert taken(engine) == []
