"""Documents applied to a semantic database of each kind."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from devhealth.pipelines.configuration import yaml_tree
from devhealth.pipelines.configuration.apply import Plan, apply
from devhealth.pipelines.configuration.read import read
from devhealth.relational import reading
from devhealth.semantic import database
from devhealth.semantic.tables import metadata
from devhealth.settings import Settings
from tests.postgres import ENGINES, fresh_uri

KEY = Fernet.generate_key().decode()
SECRET = "planted-5f2e9a"

FULL = """
organisations:
  acme:
    tier: team
    credentials:
      git-host: {provider: local_git, fields: {token: {env: TOKEN}}}
    configurations:
      shop:
        provider: local_git
        sources: [/srv/git/shop, https://git.example.com/acme/api.git]
        discover: ["/srv/git/*.git"]
        targets: [git, blame]
        options: {any_branch: true, depth_days: 365, bot_patterns: ["ci@acme"], default_branch: main}
        credential: stored:git-host
        schedule: "@daily"
        paused: true
    identities:
      ada@example.org: {name: Ada Lovelace, aliases: [ada@home.example, adal], bot: false}
    teams:
      platform:
        name: Platform
        repositories: ["acme/*", {glob: "acme/legacy-*", from: 2025-01-01, to: 2026-01-01}]
        projects: [PLAT]
        members: [ada@example.org, {identity: bob@example.org, from: 2026-01-01, to: 2026-07-01}]
"""


@pytest.fixture(params=ENGINES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, semantic_uri=fresh_uri(request.param, tmp_path), secret_key=KEY)


def put(settings: Settings, text: str, folder: Path = Path("/srv"), **choices) -> Plan:
    """Apply a document; secrets come from TOKEN, or from `environ`."""
    tree = yaml_tree.read(text.encode(), "org.yaml", folder)
    return apply(settings, read(tree), tree, **{"environ": {"TOKEN": SECRET}, **choices})


def rows(settings: Settings) -> dict[str, list[tuple]]:
    """Every row of every table, as it stands; what time it was written included."""
    engine = database.open_semantic(settings)
    with reading(engine) as connection:
        found = {table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables}
    engine.dispose()
    return found


def said(plan: Plan) -> list[str]:
    """`change configurations shop` for each change."""
    return [f"{one.action} {one.section} {one.name}" for one in plan.changes]
