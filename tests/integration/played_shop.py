"""A repository at a played GitHub, and devhealth organisations that sync it: real stages, real ClickHouse."""

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from devhealth.connectors.github import client
from devhealth.models.unit import Window
from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.semantic import database, organizations
from devhealth.warehouse.connection import connected
from tests.github import faults, repositories
from tests.github.impatience import short_pauses
from tests.github.server import GitHubServer
from tests.github.world import World

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
REST = {"api": "rest"}


def histories(*, least=0, **more):
    """Lists of up to eight steps for `PlayedShop.play`; those a class adds come with the most of their numbers."""
    most = {"sync": 0, "cut": 9, "resync": 0, "backfill": 3} | more
    steps = [st.tuples(st.just(step), st.integers(0, number)) for step, number in most.items()]
    return st.lists(st.one_of(st.tuples(st.just("live"), st.integers(1, 8)), *steps), min_size=least, max_size=8)


@contextmanager
def playing(kind, settings, options=None):
    """A shop of a class of those; its server runs meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        shop = kind(settings, patch, options)
        try:
            yield shop
        finally:
            shop.server.stop()


class PlayedShop:
    """`acme/shop`, and an organisation of its own that syncs the targets of the class."""

    targets: tuple[str, ...] = ()

    def __init__(self, settings, monkeypatch, options=None):
        self.settings, self.options = settings, options or {}
        self.world = World(BEGIN)
        self.repository = repositories.create(self.world, "acme/shop")
        self.server = GitHubServer(self.world)
        self.server.start()
        monkeypatch.setenv("GITHUB_API_URL", self.server.api_url)
        monkeypatch.setattr(client, "Clock", short_pauses)
        self.organisation = self.new_organisation()

    def new_organisation(self):
        """The slug of one more that syncs it."""
        slug = f"acme-{uuid.uuid4().hex[:8]}"
        self.register(slug)
        return slug

    def register(self, slug):
        """Make its configuration what the options say."""
        setup.register_source(
            self.settings, slug, "acme/shop", provider="github", targets=self.targets, options=self.options
        )

    def sync(self, **choices):
        """The report of a sync; as the organisation of its own unless told otherwise."""
        as_of = datetime.now(UTC)
        asked = {"provider": "github", "run_id": new_run_id(as_of), "as_of": as_of, "organisation": self.organisation}
        return run_sync(self.settings, SyncRequest(**(asked | choices)))

    def backfill(self, days_ago):
        """The report of a sync of one day."""
        since = self.world.clock.now().replace(hour=0, minute=0, second=0) - timedelta(days=days_ago)
        return self.sync(window=Window(since, since + timedelta(days=1)))

    def live(self, random):
        """One thing happens that is possible now."""
        raise NotImplementedError

    def play(self, random, steps):
        """Do these steps, each a name and a number."""
        for step, number in steps:
            self.do(step, number, random)

    def do(self, step, number, random):
        """One step: so much of life, a sync, or one that is cut off after so many requests."""
        match step:
            case "live":
                for _ in range(number):
                    self.live(random)
            case "sync":
                assert not self.sync().failed
            case "resync":
                assert not self.sync(full_resync=True).failed
            case "backfill":
                assert not self.backfill(number).failed
            case "faulty":
                self.server.faults.add(faults.cut(), after=number)
                assert not self.sync().failed
                self.server.faults.clear()
            case "cut":
                broken = self.server.faults.add(faults.status(403, b'{"message": "No"}'), times=-1, after=number)
                self.sync()
                self.server.faults.planned.remove(broken)
            case _:
                raise ValueError(step)

    def select(self, query, slug=""):
        """What a query finds that names the organisation as %(org)s."""
        engine = database.open_semantic(self.settings)
        with connected(self.settings) as client:
            return client.execute(query, {"org": organizations.organization_id(engine, slug or self.organisation)})

    def rows(self, table, columns, order, slug=""):
        """The rows of a record table that are not gone."""
        query = f"select {', '.join(columns)} from {table} final where org_id = %(org)s and not is_deleted"
        found = self.select(f"{query} order by {', '.join(order)}", slug)
        return [dict(zip(columns, row, strict=True)) for row in found]
