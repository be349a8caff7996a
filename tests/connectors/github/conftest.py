"""A played GitHub with one repository, and settings that read it."""

from datetime import UTC, datetime

import pytest

from devhealth.connectors.github import client
from tests.github import repositories
from tests.github.impatience import short_pauses
from tests.github.server import GitHubServer
from tests.github.world import World
from tests.pull_request_sync import settings_for


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(client, "Clock", short_pauses)


@pytest.fixture
def world():
    return World(datetime(2024, 5, 1, tzinfo=UTC))


@pytest.fixture
def shop(world):
    return repositories.create(world, "acme/shop")


@pytest.fixture
def server(world):
    with GitHubServer(world) as running:
        yield running


@pytest.fixture
def settings(server, tmp_path):
    return settings_for(server, tmp_path)
