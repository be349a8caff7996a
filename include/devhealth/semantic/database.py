"""The semantic database: opening it, and bringing its tables to the version this code needs.

The revisions stand in the folder `alembic` beside this file, so they travel with a checkout, a copied `include/` and
the wheel alike; `alembic/` at the root of a checkout is where new ones are written from.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

from devhealth.errors import InputError, SchemaOutdated, SettingsError, StoreError
from devhealth.relational import location, open_engine, reading, translated, writing
from devhealth.semantic.tables import HEAD, metadata
from devhealth.settings import Settings

_FIRST_TABLES = {"organizations", "repositories", "repository_aliases", "sync_watermarks", "metric_dirty_ranges"}
"""Made by the first revision and there ever since."""
_LOCK_KEY = 0x6465766865616C74
"""Advisory lock that one migrating process at a time holds on PostgreSQL."""


def open_semantic(settings: Settings) -> Engine:
    """An engine for the semantic database; a SQLite file is created, its tables are not."""
    return open_engine(settings.semantic_uri, variable="POSTGRES_URI", echo=settings.echo_sql)


def open_upgraded(settings: Settings) -> Engine:
    """An engine for the semantic database, its tables brought to HEAD."""
    upgrade(settings)
    return open_semantic(settings)


def upgrade(settings: Settings) -> bool:
    """Bring the tables to HEAD; True when there was something to do. Any number of processes may call it at once."""
    engine = open_semantic(settings)
    try:
        if _revision(engine) == HEAD:
            return False
        with _migrating(engine) as connection:
            found = _read_revision(connection)
            if found == HEAD:
                return False
            _reject_newer(found, engine)
            _migrate(connection, "upgrade", "head")
            return True
    finally:
        engine.dispose()


def downgrade(settings: Settings, revision: str) -> None:
    """Take the tables back to a revision; `base` removes them all."""
    engine = open_semantic(settings)
    try:
        with _migrating(engine) as connection:
            _reject_newer(_read_revision(connection), engine)
            _migrate(connection, "downgrade", revision)
    finally:
        engine.dispose()


def current(settings: Settings) -> str | None:
    """The revision the tables are at; None when there are none."""
    engine = open_semantic(settings)
    try:
        return _revision(engine)
    finally:
        engine.dispose()


def check(engine: Engine) -> None:
    """Raise SchemaOutdated, naming the remedy, unless the tables are at HEAD. One short query."""
    found = _revision(engine)
    _reject_newer(found, engine)
    if found != HEAD:
        raise SchemaOutdated(
            f"the semantic database, {location(engine.url)}, is at revision {found or 'none'}, "
            f"this code needs {HEAD}. Run `devhealth db upgrade`."
        )


def migrations_folder() -> Path:
    """Where env.py and the revisions are; raises StoreError when they were left behind."""
    folder = Path(__file__).parent / "alembic"
    if not (folder / "env.py").is_file():
        raise StoreError(f"the migrations are missing: expected {folder}. Install devhealth, or copy include/, whole.")
    return folder


def _reject_newer(found: str | None, engine: Engine) -> None:
    if found is not None and found > HEAD:  # revisions are numbered 0001, 0002, ...
        raise SchemaOutdated(
            f"the semantic database, {location(engine.url)}, is at revision {found}, newer than this code ({HEAD}). "
            "Install the devhealth that upgraded it."
        )


def _revision(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return _read_revision(connection)


def _read_revision(connection: Connection) -> str | None:
    tables = set(inspect(connection).get_table_names())
    is_numbered = "alembic_version" in tables
    query = text("select version_num from alembic_version order by version_num")
    found = [str(one) for one in connection.execute(query).scalars()] if is_numbered else []
    is_ours = tables >= _FIRST_TABLES if found else not tables & metadata.tables.keys()
    # Other programs number their revisions too: a number alone says nothing of whose it is.
    if not is_ours or len(found) > 1 or not all(re.fullmatch(r"\d{4}", one) for one in found):
        raise SettingsError(
            f"{location(connection.engine.url)} holds the tables of another program (revision "
            f"{', '.join(found) or 'none'}), and nothing was changed there. Give devhealth a database of its own: "
            "set POSTGRES_URI, or in Airflow the connection devhealth_postgres, to an empty one."
        )
    return found[0] if found else None


@contextlib.contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """A transaction that keeps other migrations waiting.

    SQLite alters a table by making it anew, which foreign keys forbid: there they are checked at the end instead.
    """
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            yield connection
        return
    without_keys = engine.execution_options(devhealth_writes=True).connect()
    with translated(engine), without_keys as connection:
        connection.connection.cursor().execute("pragma foreign_keys = off")  # no effect once a transaction has begun
        with connection.begin():
            yield connection
            broken = connection.exec_driver_sql("pragma foreign_key_check").fetchall()
            if broken:
                raise StoreError(
                    f"{location(engine.url)} would hold rows of {broken[0][0]} that refer to nothing, so it is left as "
                    "it was. Correct them, then migrate again."
                )
        connection.connection.cursor().execute("pragma foreign_keys = on")


def _migrate(connection: Connection, direction: str, revision: str) -> None:
    from alembic import command  # noqa: PLC0415  costs 0.1 s, and most calls find nothing to do
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        getattr(command, direction)(config, revision)
    except CommandError as error:
        raise InputError(f"cannot {direction} the semantic database to {revision!r}: {error}.") from error
