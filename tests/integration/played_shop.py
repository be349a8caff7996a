"""A repository at a played GitHub, and devhealth organisations that sync it: real stages, real ClickHouse."""

import uuid
from datetime import UTC, datetime, timedelta

from devhealth.connectors.github import client
from devhealth.models.unit import Window
from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.semantic import database, organizations
from devhealth.warehouse.connection import connected
from tests.github import repositories
from tests.github.impatience import short_pauses
from tests.github.server import GitHubServer
from tests.github.world import World

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)


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
