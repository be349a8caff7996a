from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest
from sqlalchemy.engine import Engine

from devhealth.errors import StoreError
from devhealth.semantic import database, organizations, repositories, watermarks
from devhealth.semantic.watermarks import Advance, Watermark
from devhealth.settings import Settings
from tests.processes import at_once

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)


def advance(
    engine: Engine, org_id: str, repo_id: str, at: datetime, cursor: str | None, now: datetime = NOW
) -> Advance:
    """Of a run that no other one overlapped."""
    stood = watermarks.read(engine, org_id, repo_id, "git")
    return watermarks.advance(engine, org_id, repo_id, "git", at=at, cursor=cursor, stood=stood, now=now)


def test_there_is_none_before_the_first_run(engine: Engine, acme: str, shop: str):
    assert watermarks.read(engine, acme, shop, "git") is None


def test_it_moves_forward_with_its_cursor(engine: Engine, acme: str, shop: str):
    assert advance(engine, acme, shop, NOW - timedelta(days=2), "old") == Advance(NOW - timedelta(days=2), "old", None)
    assert advance(engine, acme, shop, NOW - timedelta(days=1), None) == Advance(NOW - timedelta(days=1), None, None)
    assert watermarks.read(engine, acme, shop, "git") == Watermark(NOW - timedelta(days=1), None)


def test_its_time_never_moves_back_but_its_cursor_is_that_of_the_last_run(engine: Engine, acme: str, shop: str):
    """The clock stepped back, or is that of another worker: the later run read later all the same."""
    advance(engine, acme, shop, NOW, "old")
    assert advance(engine, acme, shop, NOW - timedelta(seconds=1), "new") == Advance(NOW, "new", None)


def test_the_same_time_takes_the_new_cursor(engine: Engine, acme: str, shop: str):
    advance(engine, acme, shop, NOW, "first")
    assert advance(engine, acme, shop, NOW, "second").cursor == "second"


def test_it_is_clamped_to_now(engine: Engine, acme: str, shop: str):
    assert advance(engine, acme, shop, NOW + timedelta(days=9), "c") == Advance(NOW, "c", None)


def test_one_in_the_future_is_lowered_and_named(engine: Engine, acme: str, shop: str):
    ahead = NOW + timedelta(days=400)
    advance(engine, acme, shop, ahead, "corrupt", now=ahead)
    assert advance(engine, acme, shop, NOW - timedelta(hours=1), "good") == Advance(
        NOW - timedelta(hours=1), "good", ahead
    )
    assert advance(engine, acme, shop, NOW, "next") == Advance(NOW, "next", None)


@pytest.mark.parametrize("order", permutations([1, 2, 3]))
def test_runs_one_after_the_other_leave_the_latest_time_and_the_last_cursor(
    engine: Engine, acme: str, shop: str, order: tuple[int, ...]
):
    for hour in order:
        advance(engine, acme, shop, NOW - timedelta(hours=9 - hour), f"cursor {hour}")
    assert watermarks.read(engine, acme, shop, "git") == Watermark(NOW - timedelta(hours=6), f"cursor {order[-1]}")


def test_it_keeps_the_greatest_version(engine: Engine, acme: str, shop: str):
    for seconds in (5, 9, 7):
        version = NOW + timedelta(seconds=seconds)
        watermarks.advance(engine, acme, shop, "git", at=NOW, cursor="c", stood=None, now=NOW, version=version)
    assert watermarks.read(engine, acme, shop, "git") == Watermark(NOW, "c", None, NOW + timedelta(seconds=9))


@pytest.mark.parametrize("before", [None, Watermark(NOW - timedelta(hours=9), None), Watermark(NOW, "before them")])
@pytest.mark.parametrize("order", [*permutations([1, 2]), *permutations([1, 2, 3]), (2, 1, 3, 4), (1, 2, 3, 4)])
def test_runs_that_overlapped_leave_the_latest_time_and_no_cursor(
    engine: Engine, acme: str, shop: str, order: tuple[int, ...], before: Watermark | None
):
    if before:
        advance(engine, acme, shop, before.at, before.cursor)
    latest = NOW + timedelta(hours=max(order))
    for hour in order:
        at, cursor = NOW + timedelta(hours=hour), f"cursor {hour}"
        watermarks.advance(engine, acme, shop, "git", at=at, cursor=cursor, stood=before, now=latest)
    assert watermarks.read(engine, acme, shop, "git") == Watermark(latest, None)


def test_runs_that_overlapped_and_saw_the_same_keep_their_cursor(engine: Engine, acme: str, shop: str):
    for minute in (2, 1):
        at = NOW - timedelta(minutes=minute)
        watermarks.advance(engine, acme, shop, "git", at=at, cursor="same", stood=None, now=NOW)
    assert watermarks.read(engine, acme, shop, "git") == Watermark(NOW - timedelta(minutes=1), "same")


def test_times_of_other_zones_are_compared_as_instants(engine: Engine, acme: str, shop: str):
    east = timezone(timedelta(hours=9))
    advance(engine, acme, shop, (NOW - timedelta(hours=2)).astimezone(east), "earlier")
    assert advance(engine, acme, shop, NOW - timedelta(hours=1), "later").cursor == "later"


def test_a_look_that_finds_nothing_new_moves_it_as_far_as_it_looked(engine: Engine, acme: str, shop: str):
    def confirm(at: datetime, cursor: str) -> Watermark | None:
        watermarks.confirm(engine, acme, [(shop, "git", cursor)], at=at, now=NOW)
        return watermarks.read(engine, acme, shop, "git")

    assert confirm(NOW, "seen") is None
    advance(engine, acme, shop, NOW - timedelta(days=3), "seen")
    assert confirm(NOW - timedelta(days=2), "seen") == Watermark(NOW - timedelta(days=2), "seen")
    assert confirm(NOW - timedelta(days=4), "seen") == Watermark(NOW - timedelta(days=2), "seen")
    assert confirm(NOW - timedelta(days=1), "other") == Watermark(NOW - timedelta(days=2), "seen")
    assert watermarks.read(engine, acme, shop, "blame") is None
    assert confirm(NOW + timedelta(days=9), "seen") == Watermark(NOW, "seen")


def test_targets_repositories_and_organisations_have_their_own(engine: Engine, acme: str, shop: str):
    beta = organizations.ensure_organization(engine, "beta")
    same = {"provider": "local_git", "host": "localhost", "name": "shop"}
    theirs = repositories.register(engine, beta, provider_id="/srv/shop", aliases=["/srv/shop"], **same)
    advance(engine, acme, shop, NOW, "ours")
    assert watermarks.read(engine, acme, shop, "blame") is None
    assert watermarks.read(engine, beta, theirs, "git") is None
    assert watermarks.read(engine, beta, shop, "git") is None
    assert watermarks.read_all(engine, acme, [shop, theirs]) == {(shop, "git"): Watermark(NOW, "ours")}
    assert watermarks.read_all(engine, acme, []) == {}


def test_a_repository_of_another_organisation_cannot_have_one(engine: Engine, acme: str, shop: str):
    beta = organizations.ensure_organization(engine, "beta")
    with pytest.raises(StoreError):
        advance(engine, beta, shop, NOW, "c")


def test_twenty_processes_at_once_leave_the_latest_time(settings: Settings):
    database.upgrade(settings)
    engine = database.open_semantic(settings)
    acme = organizations.ensure_organization(engine, "acme")
    shop = repositories.register(engine, acme, provider="p", host="h", provider_id="1", name="shop", aliases=[])
    engine.dispose()

    def run(number: int) -> None:
        at, cursor = NOW - timedelta(minutes=number), f"cursor {number}"
        own = database.open_semantic(settings)
        watermarks.advance(own, acme, shop, "git", at=at, cursor=cursor, stood=None, now=NOW)

    at_once(20, run)
    assert watermarks.read(engine, acme, shop, "git") == Watermark(NOW, None)
