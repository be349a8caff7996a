import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from devhealth.errors import InputError, SchemaOutdated, SettingsError, StoreError
from devhealth.relational import writing
from devhealth.semantic import database, organizations
from devhealth.semantic.tables import HEAD, metadata
from devhealth.settings import Settings
from tests.processes import at_once

INNER = {"sqlite_sequence"}
"""Tables of SQLite itself, which SQLAlchemy 1.4 lists among ours."""


def _checked(settings):
    engine = database.open_semantic(settings)
    try:
        database.check(engine)
    finally:
        engine.dispose()


def _downgraded(settings):
    database.downgrade(settings, "base")


def test_there_is_one_head_and_the_code_names_it():
    config = Config()
    config.set_main_option("script_location", str(database.migrations_folder()))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_command_alembic_finds_the_revisions_of_the_package_and_upgrades(tmp_path):
    root, uri = Path(__file__).parents[2], f"sqlite:///{tmp_path / 'semantic.db'}"
    environ = os.environ | {"POSTGRES_URI": uri, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)
    assert database.current(Settings(home=tmp_path, semantic_uri=uri)) == HEAD
    assert not (root / "alembic" / "__init__.py").exists()


def test_up_down_and_up_again(settings: Settings):
    assert database.current(settings) is None
    assert database.upgrade(settings)
    assert database.current(settings) == HEAD
    database.downgrade(settings, "base")
    assert database.current(settings) is None
    engine = database.open_semantic(settings)
    assert set(inspect(engine).get_table_names()) - INNER == {"alembic_version"}
    engine.dispose()
    assert database.upgrade(settings)
    assert database.current(settings) == HEAD


def test_the_migrations_make_exactly_the_declared_tables(settings: Settings):
    database.upgrade(settings)
    with database.open_semantic(settings).connect() as connection:
        wanted = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, *_: name not in INNER,
        }
        context = MigrationContext.configure(connection, opts=wanted)
        assert compare_metadata(context, metadata) == []


def test_every_table_but_users_and_tiers_carries_the_organisation():
    assert {table.name for table in metadata.tables.values() if "org_id" not in table.columns} == {"users", "tiers"}


def test_every_table_with_an_organisation_refers_to_one(settings: Settings):
    """Directly, or through the row of another table of the same organisation."""
    engine = database.open_upgraded(settings)
    for table in metadata.tables.values():
        if table.name != "organizations" and "org_id" in table.columns:
            keys = inspect(engine).get_foreign_keys(table.name)
            assert any("org_id" in key["constrained_columns"] for key in keys), table.name
    engine.dispose()


def test_twenty_processes_upgrade_at_once(settings: Settings):
    import alembic.command  # noqa: F401  before the fork, so that they meet in the database

    done = at_once(20, lambda number: database.upgrade(settings))
    assert sum(done) == 1
    assert database.current(settings) == HEAD


def test_an_upgrade_with_nothing_to_do_is_fast(settings: Settings):
    database.upgrade(settings)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        assert not database.upgrade(settings)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.05


def test_an_unknown_revision_is_refused(settings: Settings):
    database.upgrade(settings)
    with pytest.raises(InputError, match="'7777'"):
        database.downgrade(settings, "7777")
    assert database.current(settings) == HEAD


def test_check_names_the_remedy_when_tables_are_missing(settings: Settings):
    engine = database.open_semantic(settings)
    with pytest.raises(SchemaOutdated, match=rf"revision none.*needs {HEAD}.*`devhealth db upgrade`"):
        database.check(engine)
    with pytest.raises(SchemaOutdated, match="`devhealth db upgrade`"):
        organizations.list_organizations(engine)
    engine.dispose()


def test_check_refuses_tables_newer_than_the_code(settings: Settings):
    database.upgrade(settings)
    engine = database.open_semantic(settings)
    database.check(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(SchemaOutdated, match="9999, newer than this code"):
        database.check(engine)
    with pytest.raises(SchemaOutdated, match="9999, newer than this code"):
        database.upgrade(settings)
    engine.dispose()


@pytest.mark.parametrize(
    "revisions", [["d2f4e1b3c5a7"], ["0001"], [HEAD], ["9999"], ["0001", "0002"], []], ids=",".join
)
@pytest.mark.parametrize("work", [database.upgrade, database.current, _checked, _downgraded])
def test_the_database_of_another_program_is_refused_and_left_alone(settings: Settings, revisions, work):
    """Its migrations may be numbered like ours, or be another tool's that has tables called like ours."""
    engine = database.open_semantic(settings)
    with writing(engine) as connection:
        connection.exec_driver_sql("create table alembic_version (version_num varchar(32) primary key)")
        connection.exec_driver_sql("create table dag_run (id int)")
        connection.exec_driver_sql("create table repositories (id int)")
        for revision in revisions:
            connection.exec_driver_sql(f"insert into alembic_version values ('{revision}')")
    with pytest.raises(SettingsError, match=r"another program.*nothing was changed.*database of its own"):
        work(settings)
    assert set(inspect(engine).get_table_names()) - INNER == {"alembic_version", "dag_run", "repositories"}
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from alembic_version").scalar() == len(revisions)
    engine.dispose()


@pytest.mark.parametrize("revision", ["d2f4e1b3c5a7", "0003x"])
def test_a_program_that_wrote_its_revision_beside_ours_is_noticed(settings: Settings, revision):
    database.upgrade(settings)
    engine = database.open_semantic(settings)
    with writing(engine) as connection:
        connection.exec_driver_sql(f"insert into alembic_version values ('{revision}')")
    with pytest.raises(SettingsError, match=f"another program.*{revision}"):
        database.check(engine)
    engine.dispose()


def test_tables_of_others_without_revisions_may_be_beside_ours(settings: Settings):
    engine = database.open_semantic(settings)
    with writing(engine) as connection:
        connection.exec_driver_sql("create table polls (id int)")
    assert database.upgrade(settings)
    assert database.current(settings) == HEAD
    engine.dispose()


def test_a_killed_migration_leaves_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    migrate = database._migrate

    def die_afterwards(connection, direction, revision):
        migrate(connection, direction, revision)
        raise KeyboardInterrupt

    monkeypatch.setattr(database, "_migrate", die_afterwards)
    with pytest.raises(KeyboardInterrupt):
        database.upgrade(settings)
    engine = database.open_semantic(settings)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_an_incomplete_copy_says_where_the_migrations_belong(settings: Settings, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(database, "__file__", str(tmp_path / "database.py"))
    with pytest.raises(StoreError, match="migrations are missing: expected"):
        database.upgrade(settings)


def test_a_sqlite_file_is_private_and_its_folder_made(tmp_path: Path):
    file = tmp_path / "new" / "folder" / "semantic.db"
    settings = Settings(home=tmp_path, semantic_uri=f"sqlite:///{file}")
    database.upgrade(settings)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    with database.open_semantic(settings).connect() as connection:
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_means_psycopg2(scheme: str, tmp_path: Path):
    settings = Settings(home=tmp_path, semantic_uri=f"{scheme}://user:secret@127.0.0.1:1/semantic")
    engine = database.open_semantic(settings)
    assert engine.url.drivername == "postgresql+psycopg2"
    with pytest.raises(StoreError, match=r"127\.0\.0\.1") as caught:
        database.check(engine)
    assert "secret" not in f"{caught.value!r} {caught.value.__cause__!r} {engine!r} {settings!r}"
