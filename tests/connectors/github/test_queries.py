"""Every GraphQL text is one that GitHub understands, and that the local server serves."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from devhealth.connectors.github import queries
from tests.fixtures import fixtures

_FOLDER = Path(queries.__file__).parent
_LOCAL = Path(__file__).parents[2] / "github" / "schema.graphql"


def _schema(path: Path):
    return build_schema(path.read_text(), assume_valid=True)


@pytest.fixture(scope="module")
def published():
    return _schema(fixtures("github/schema/schema.graphql"))


@pytest.fixture(scope="module")
def local():
    return _schema(_LOCAL)


@pytest.mark.parametrize("name", queries.queries())
def test_a_query_is_valid_by_the_published_schema(name, published):
    assert not validate(published, parse(queries.query(name)))


@pytest.mark.parametrize("name", queries.queries())
def test_a_query_is_valid_by_what_the_local_server_serves(name, local):
    assert not validate(local, parse(queries.query(name)))


def test_every_fragment_is_spread_somewhere():
    files = {path.stem: path.read_text() for path in _FOLDER.glob("*.graphql")}
    fragments = {name for name, text in files.items() if text.startswith("fragment")}
    assert {name for name in fragments if not any(f"...{name}\n" in text for text in files.values())} == set()
