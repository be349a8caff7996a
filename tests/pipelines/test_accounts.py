"""Whom an account stands for follows identities and e-mails, and the days of its pull requests follow that."""

from datetime import UTC, date, datetime

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.people import settle
from devhealth.pipelines.run import run_sync
from devhealth.relational import writing
from devhealth.semantic import database, dirty_ranges, identities, organizations
from devhealth.semantic.identities import Identity
from devhealth.warehouse.connection import connected
from tests.metrics import filled
from tests.metrics.history import insert
from tests.pipelines.conftest import Shop, request

AS_OF = datetime(2026, 3, 20, tzinfo=UTC)
AUTHORS = "select author_email, day, prs_opened from user_metrics_daily_latest where prs_opened > 0 order by all"


@pytest.fixture
def acme(settings, tmp_path):
    """Ada commits from 1 to 3 March and opens a pull request on the 10th."""
    setup.register_source(settings, "acme", str(Shop(tmp_path / "shop").commit(3).path))
    assert not run_sync(settings, request(as_of=AS_OF)).failed
    return Acme(settings)


class Acme:
    def __init__(self, settings):
        self.settings, self.engine = settings, database.open_semantic(settings)
        self.org_id = organizations.organization_id(self.engine, "acme")
        [(self.repo_id,)] = self.rows("select repo_id from repositories")
        where = {"org_id": self.org_id, "repo_id": self.repo_id, "provider_host": "github.com"}
        opened = datetime(2026, 3, 10, tzinfo=UTC)
        self.store(filled.record("pull_requests", **where, number=1, author="ada", created_at=opened))

    def store(self, *records):
        with connected(self.settings) as client:
            insert(client, records)

    def settle(self):
        return settle(self.settings, self.engine, [self.org_id], AS_OF)

    def dirty(self):
        return {(one.since, one.before) for one in dirty_ranges.take(self.engine)}

    def rows(self, query):
        with connected(self.settings) as client:
            return client.execute(query)


def test_the_days_of_an_account_that_becomes_somebody_are_computed_again(acme):
    compute_dirty(acme.settings, AS_OF)
    day = date(2026, 3, 10)
    assert acme.rows(AUTHORS) == [("ada", day, 1)]
    assert acme.settle().rows == 0
    known = {"org_id": acme.org_id, "provider_host": "github.com", "login": "ada", "email": "ada@example.org"}
    acme.store(filled.record("account_emails", **known))
    assert acme.settle().rows == 1
    assert acme.dirty() == {(day, date(2026, 3, 11))}
    compute_dirty(acme.settings, AS_OF)
    assert acme.rows(AUTHORS) == [("ada@example.org", day, 1)]


def test_a_mapped_login_is_the_identity_and_its_own_again_without(acme):
    compute_dirty(acme.settings, AS_OF)
    for person, expected in (
        (Identity("lovelace@example.org", aliases=("Ada",)), "lovelace@example.org"),
        (None, "ada"),
    ):
        with writing(acme.engine) as connection:
            identities.replace_all(connection, acme.org_id, [person] if person else [])
        compute_dirty(acme.settings, AS_OF)
        assert acme.rows(AUTHORS) == [(expected, date(2026, 3, 10), 1)]
