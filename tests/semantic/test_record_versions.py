from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from devhealth.models.observation import RESERVED
from devhealth.semantic import database, organizations, record_versions
from devhealth.semantic.record_versions import Taken
from devhealth.settings import Settings
from tests.processes import at_once

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)


def test_it_is_the_time_where_clocks_are_right(engine: Engine, acme: str):
    assert record_versions.newest(engine, acme) is None
    for seconds in (0, 1, 60):
        at = NOW + timedelta(seconds=seconds)
        assert record_versions.take(engine, acme, now=at).version == at


@pytest.mark.parametrize(
    "skew", [timedelta(0), timedelta(seconds=-120), timedelta(days=-2), timedelta(microseconds=-1)]
)
def test_it_rises_whatever_the_clock_says(engine: Engine, acme: str, skew: timedelta):
    first = record_versions.take(engine, acme, now=NOW).version
    second = record_versions.take(engine, acme, now=NOW + skew).version
    assert second > first + RESERVED


def test_it_is_above_what_a_store_holds_already(engine: Engine, acme: str):
    ahead = NOW + timedelta(days=2)
    assert record_versions.take(engine, acme, now=NOW, above=ahead).version > ahead
    assert record_versions.take(engine, acme, now=NOW).version > ahead


def test_it_says_which_one_the_last_unit_of_a_target_took(engine: Engine, acme: str, shop: str):
    def take(target: str) -> Taken:
        return record_versions.take(engine, acme, now=NOW, repo_id=shop, target=target)

    first = take("git")
    assert first.before is None
    assert take("blame").before is None
    assert take("git").before == first.version


def test_organisations_have_their_own(engine: Engine, acme: str):
    record_versions.take(engine, acme, now=NOW + timedelta(days=2))
    beta = organizations.ensure_organization(engine, "beta")
    assert record_versions.take(engine, beta, now=NOW).version == NOW


def test_no_two_processes_are_given_the_same(settings: Settings):
    database.upgrade(settings)
    engine = database.open_semantic(settings)
    acme = organizations.ensure_organization(engine, "acme")
    engine.dispose()

    def run(number: int) -> None:
        own = database.open_semantic(settings)
        record_versions.take(own, acme, now=NOW, repo_id=f"r{number}", target="git")

    at_once(8, run)
    taken = {record_versions.take(engine, acme, now=NOW, repo_id=f"r{n}", target="git").before for n in range(8)}
    assert len(taken) == 8
