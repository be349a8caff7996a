"""A semantic database of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from devhealth.semantic import database, organizations, repositories
from devhealth.settings import Settings
from tests.postgres import ENGINES, fresh_uri


@pytest.fixture(params=ENGINES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings whose semantic database is empty."""
    return Settings(home=tmp_path, semantic_uri=fresh_uri(request.param, tmp_path))


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """A semantic database at HEAD."""
    database.upgrade(settings)
    engine = database.open_semantic(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def acme(engine: Engine) -> str:
    """Id of an organisation."""
    return organizations.ensure_organization(engine, "acme")


@pytest.fixture
def shop(engine: Engine, acme: str) -> str:
    """Id of a repository of acme."""
    return repositories.register(
        engine,
        acme,
        provider="local_git",
        host="localhost",
        provider_id="/srv/shop",
        name="shop",
        aliases=["/srv/shop"],
    )
