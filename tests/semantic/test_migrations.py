"""Every revision, up and down, with rows in the tables; and what the tables refuse."""

import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection, Engine

from devhealth.errors import StoreError
from devhealth.relational import reading, writing
from devhealth.semantic import database
from devhealth.semantic.tables import HEAD, metadata
from devhealth.settings import Settings
from tests.postgres import fresh_uri
from tests.processes import at_once
from tests.semantic.rows import AT, ROWS

FIRST = ROWS["0001"]


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(database.migrations_folder()))
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def go(settings: Settings, direction: str, revision: str) -> None:
    engine = database.open_semantic(settings)
    with database._migrating(engine) as connection:
        database._migrate(connection, direction, revision)
    engine.dispose()


def insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    connection.execute(metadata.tables[table].insert().values(row))


def kept(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """What the columns that the first revision knew hold of the rows it had."""
    engine = database.open_semantic(settings)
    with reading(engine) as connection:
        found = {}
        for name, row in FIRST.items():
            table = metadata.tables[name]
            is_it = (column == row[column.name] for column in table.primary_key if column.name in row)
            query = select(*(table.c[column] for column in row)).where(*is_it)
            found[name] = [dict(one._mapping) for one in connection.execute(query)]
    engine.dispose()
    return found


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """Upgraded revision by revision, each with rows in what it makes."""
    for revision in revisions():
        go(settings, "upgrade", revision)
        engine = database.open_semantic(settings)
        with writing(engine) as connection:
            for table, row in ROWS.get(revision, {}).items():
                insert(connection, table, row)
        engine.dispose()
        assert kept(settings) == {name: [row] for name, row in FIRST.items()}, revision
    return settings


def test_every_revision_has_rows_to_be_tested_with():
    assert list(ROWS) == revisions()
    assert {table for rows in ROWS.values() for table in rows} == set(metadata.tables)


def test_rows_of_the_first_revision_survive_every_step_up_and_down(filled: Settings):
    assert database.current(filled) == HEAD
    for revision in reversed(revisions()[:-1]):
        database.downgrade(filled, revision)
        assert database.current(filled) == revision
        assert kept(filled) == {name: [row] for name, row in FIRST.items()}, revision
    assert database.upgrade(filled)
    assert kept(filled) == {name: [row] for name, row in FIRST.items()}


def test_an_organisation_from_before_the_tiers_is_on_the_first_one(settings: Settings):
    go(settings, "upgrade", "0001")
    engine = database.open_semantic(settings)
    with writing(engine) as connection:
        insert(connection, "organizations", FIRST["organizations"])
    database.upgrade(settings)
    with reading(engine) as connection:
        organizations, tiers = metadata.tables["organizations"], metadata.tables["tiers"]
        assert connection.execute(select(organizations.c.tier)).scalar() == "community"
        limits = dict(connection.execute(select(tiers.c.tier, tiers.c.backfill_days)).all())
    assert limits == {"community": 30, "team": 90, "enterprise": None}
    engine.dispose()


def schema(engine: Engine) -> dict[str, dict[str, Any]]:
    """All the engine tells of its tables, comparable."""
    found = inspect(engine)
    described = {}
    for table in set(found.get_table_names()) - {"alembic_version", "sqlite_sequence"}:
        checks = {one["name"]: "".join(one["sqltext"].split()) for one in found.get_check_constraints(table)}
        keys = {
            one["name"]: (one["constrained_columns"], one["referred_table"], one["referred_columns"])
            for one in found.get_foreign_keys(table)
        }
        described[table] = {
            "columns": {one["name"]: (str(one["type"]), one["nullable"]) for one in found.get_columns(table)},
            "primary key": found.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": keys,
            "unique": {one["name"]: one["column_names"] for one in found.get_unique_constraints(table)},
            "checks": checks,
            "indexes": {one["name"]: one["column_names"] for one in found.get_indexes(table)},
        }
    return described


def test_the_migrations_make_every_constraint_that_the_declared_tables_have(settings: Settings, tmp_path: Path):
    migrated = database.open_upgraded(settings)
    fresh = fresh_uri("sqlite" if migrated.dialect.name == "sqlite" else "postgresql", tmp_path)
    declared = database.open_semantic(dataclasses.replace(settings, semantic_uri=fresh))
    with writing(declared) as connection:
        metadata.create_all(connection)
    made, wanted = schema(migrated), schema(declared)
    assert set(made) == set(metadata.tables)
    for table in wanted:
        assert made[table] == wanted[table], table
    assert sum(len(table["checks"]) for table in made.values()) >= 13
    migrated.dispose()
    declared.dispose()


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "a second organisation of a slug": ("organizations", {"org_id": "o2"}),
    "a tier that does not exist": ("organizations", {"org_id": "o2", "slug": "beta", "tier": "gold"}),
    "a limit of no day": ("tiers", {"tier": "none", "backfill_days": 0}),
    "a second user of an e-mail": ("users", {"user_id": "u2"}),
    "a role that is none": ("memberships", {"org_id": "o2", "role": "god"}),
    "a member that does not exist": ("memberships", {"user_id": "nobody"}),
    "a second role in an organisation": ("memberships", {"role": "viewer"}),
    "a setting of no organisation": ("settings", {"org_id": "nobody"}),
    "a credential of no organisation": ("integration_credentials", {"org_id": "nobody"}),
    "a repository twice": ("repositories", {"repo_id": "r2"}),
    "an alias of another organisation's repository": ("repository_aliases", {"org_id": "o3", "alias": "x"}),
    "a configuration of a name that is taken": ("sync_configurations", {"configuration_id": "c3", "name": "found"}),
    "a credential of another organisation": ("sync_configurations", {"org_id": "o3", "name": "x"}),
    "two credentials": (
        "sync_configurations",
        {"configuration_id": "c3", "name": "x", "credential_reference": "env:X"},
    ),
    "an outcome that is none": ("sync_configurations", {"configuration_id": "c3", "name": "x", "last_outcome": "fine"}),
    "a watermark of another organisation's repository": ("sync_watermarks", {"org_id": "o3"}),
    "days of another organisation's repository": ("metric_dirty_ranges", {"org_id": "o3"}),
    "dirty days that end before they begin": ("metric_dirty_ranges", {"before": date(2026, 1, 1)}),
    "an alias of two people": ("identity_mappings", {"identity_id": "bob@example.org"}),
    "an identity of no organisation": ("identity_mappings", {"org_id": "nobody"}),
    "a team of no organisation": ("teams", {"org_id": "nobody"}),
    "a member of another organisation's team": ("team_mappings", {"org_id": "o3"}),
    "a kind of mapping that is none": ("team_mappings", {"kind": "pet"}),
    "a membership that ends before it begins": ("team_mappings", {"pattern": "x", "valid_to": date(1970, 1, 1)}),
    "a job of no organisation": ("backfill_jobs", {"org_id": "nobody"}),
    "a second job of a DAG run": ("backfill_jobs", {"job_id": "j2"}),
    "a job of no day": ("backfill_jobs", {"job_id": "j2", "run_id": "x", "before": date(2026, 1, 1)}),
    "an order that is none": ("backfill_jobs", {"job_id": "j2", "run_id": "x", "sort_order": "random"}),
    "an origin that is none": ("backfill_jobs", {"job_id": "j2", "run_id": "x", "origin": "moon"}),
    "a status that is none": ("backfill_jobs", {"job_id": "j2", "run_id": "x", "status": "fine"}),
    "a chunk of another organisation's job": ("backfill_chunks", {"org_id": "o3"}),
    "a chunk twice": ("backfill_chunks", {"number": 2}),
    "a chunk of no day": ("backfill_chunks", {"number": 2, "since": date(2026, 1, 8)}),
    "a status of a chunk that is none": ("backfill_chunks", {"number": 2, "source": "x", "status": "cancelled"}),
    "a run of no organisation": ("sync_runs", {"org_id": "nobody"}),
    "an outcome of a unit that is none": ("sync_runs", {"unit_id": "x", "outcome": "fine"}),
    "a unit twice": ("sync_runs", {}),
}


@pytest.fixture
def refusing(filled: Settings) -> Iterator[Engine]:
    """A filled database and, in it, an organisation `o3` that has nothing."""
    engine = database.open_semantic(filled)
    with writing(engine) as connection:
        insert(connection, "organizations", {"org_id": "o3", "slug": "gamma", "created_at": AT})
    yield engine
    engine.dispose()


def is_taken(engine: Engine, table: str, changes: dict[str, Any]) -> bool:
    row = next(rows[table] for rows in reversed(ROWS.values()) if table in rows)
    try:
        with writing(engine) as connection:
            insert(connection, table, {**row, **changes})
    except StoreError as error:
        return "constraint" not in str(error).lower()
    return True


def test_the_tables_refuse_what_makes_no_sense(refusing: Engine):
    assert [name for name, (table, changes) in REFUSED.items() if is_taken(refusing, table, changes)] == []


def test_an_organisation_that_has_anything_cannot_be_deleted(refusing: Engine):
    organizations = metadata.tables["organizations"]
    with writing(refusing) as connection:
        assert connection.execute(organizations.delete().where(organizations.c.org_id == "o3")).rowcount == 1
    with pytest.raises(StoreError, match=r"(?i)constraint"), writing(refusing) as connection:
        connection.execute(organizations.delete().where(organizations.c.org_id == "o"))


def test_ten_processes_upgrade_a_database_with_rows_at_once(settings: Settings):
    go(settings, "upgrade", "0001")
    engine = database.open_semantic(settings)
    with writing(engine) as connection:
        for table, row in FIRST.items():
            insert(connection, table, row)
    engine.dispose()
    assert sum(at_once(10, lambda _: database.upgrade(settings))) == 1
    assert kept(settings) == {name: [row] for name, row in FIRST.items()}


def test_rows_that_refer_to_nothing_stop_a_migration_of_sqlite(tmp_path: Path):
    """Foreign keys are off while SQLite alters tables: what they would have refused is found at the end."""
    settings = Settings(home=tmp_path, semantic_uri=fresh_uri("sqlite", tmp_path))
    go(settings, "upgrade", "0001")
    with sqlite3.connect(settings.semantic_uri.removeprefix("sqlite:///")) as connection:
        connection.execute("insert into repository_aliases values ('nobody', 'x', 'y', '2026-01-01')")
    with pytest.raises(StoreError, match="rows of repository_aliases that refer to nothing"):
        database.upgrade(settings)
    assert database.current(settings) == "0001"
