"""What is shown is read from what is stored, of the organisation asked for alone."""

import pytest

from devhealth.errors import UnknownName
from devhealth.models.table import all_tables
from devhealth.pipelines import setup
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.overview.build import overview
from devhealth.pipelines.run import run_sync
from devhealth.warehouse.connection import connected
from tests.pipelines.conftest import NOW, request


@pytest.fixture
def stored(settings, shop):
    setup.register_source(settings, "acme", str(shop.path))
    run_sync(settings, request())
    compute_dirty(settings, NOW)
    return settings


def test_an_overview_says_what_git_says(stored, shop):
    (one,) = overview(stored, "acme").repositories
    assert (one.organisation, one.name, one.default_branch) == ("acme", "shop", "main")
    assert (one.totals.commits, one.totals.people, one.totals.files) == (5, 1, 1)
    assert sum(week.commits for week in one.weeks) == shop.commits
    assert one.bus_factor_30d == 1


def test_rows_of_another_organisation_with_the_same_repository_change_nothing(stored):
    """Every query of the page has the tenant filter."""
    before = overview(stored, "acme")
    with connected(stored) as client:
        for declared in all_tables():
            client.execute(f"insert into {declared.name} select * replace ('umbrella' as org_id) from {declared.name}")
    assert overview(stored, "acme") == before


def test_a_repository_that_is_not_stored_is_refused(stored):
    with pytest.raises(UnknownName, match="devhealth show"):
        overview(stored, "acme", "nowhere")


def test_the_time_spent_by_another_organisation_is_not_shown(stored, shop):
    setup.register_source(stored, "umbrella", str(shop.path))
    assert overview(stored, "umbrella").last_run == []
