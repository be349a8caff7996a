"""Connections to PostgreSQL and SQLite: what the semantic database and the SQL record sink share.

Foreign errors become StoreError here, without statement parameters and without passwords.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import DateTime, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.types import TypeDecorator

from devhealth.errors import SchemaOutdated, SettingsError, StoreError
from devhealth.settings import private_folder

BUSY_SECONDS = 60
"""How long a process waits for another one that writes the same SQLite file."""

_POSTGRESQL = {"postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"}
_WAL = "wal"
_MISSING_TABLE = "42P01"
_MISSING_COLUMN = "42703"
_MISSING_IN_SQLITE = ("no such table", "no such column")


class UtcDateTime(TypeDecorator):  # type: ignore[type-arg]  # cannot be subscripted on SQLAlchemy 1.4
    """An aware time, UTC on both sides; SQLite, which knows no zones, keeps it as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC; a naive time is a bug of the caller and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected an aware time, got {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """UTC, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_engine(uri: str, *, variable: str, echo: bool = False) -> Engine:
    """An engine for the database a URI names; `variable` is the setting it came from, for messages.

    A SQLite file is created with its folder, readable by its owner only, in WAL mode. Raises SettingsError for a URI of
    another kind and StoreError for a folder that cannot be written.
    """
    url = _parse(uri, variable)
    if url.get_backend_name() == "postgresql":
        options = {"connect_timeout": "15", "application_name": "devhealth"} | dict(url.query)
        return create_engine(url.set(query=options), future=True, echo=echo, hide_parameters=True, pool_pre_ping=True)
    _create_file(Path(str(url.database)), variable)
    engine = create_engine(
        url,
        future=True,
        echo=echo,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, in one transaction: all its statements see the same moment."""
    is_sqlite = engine.dialect.name == "sqlite"  # where that is so by itself
    options = {} if is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with translated(engine), engine.connect().execution_options(**options) as connection:
        yield connection


@contextlib.contextmanager
def reading_of(where: Connection | Engine) -> Iterator[Connection]:
    """The open connection given, or one of the engine given that only reads."""
    if isinstance(where, Connection):
        yield where
        return
    with reading(where) as connection:
        yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: committed when the block ends, rolled back when it raises.

    On SQLite it holds the write lock from its first moment, so what it reads cannot change before it writes.
    """
    with translated(engine), engine.execution_options(devhealth_writes=True).begin() as connection:
        yield connection


@contextlib.contextmanager
def turn(engine: Engine, name: str) -> Iterator[None]:
    """Held by one process at a time among all that use this database; the others wait.

    A process that dies gives it back. No transaction is open meanwhile.
    """
    if engine.dialect.name == "sqlite":
        with FileLock(f"{engine.url.database}.{name}.lock", mode=0o600):
            yield
        return
    key = {"name": f"devhealth {name}"}
    with translated(engine), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_advisory_lock(hashtext(:name))"), key)
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(hashtext(:name))"), key)


@contextlib.contextmanager
def turn_if_free(engine: Engine, name: str, *, patience_seconds: float = 0) -> Iterator[bool]:
    """As `turn`, without waiting longer than that: whether it is held. Who only looks holds it for a moment."""
    if engine.dialect.name == "sqlite":
        lock = FileLock(f"{engine.url.database}.{name}.lock", mode=0o600)
        try:
            lock.acquire(timeout=patience_seconds)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
        return
    key, deadline = {"name": f"devhealth {name}"}, time.monotonic() + patience_seconds
    with translated(engine), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        attempt = text("select pg_try_advisory_lock(hashtext(:name))")
        while not (is_held := bool(connection.execute(attempt, key).scalar())) and time.monotonic() < deadline:
            time.sleep(0.05)
        try:
            yield is_held
        finally:
            if is_held:
                connection.execute(text("select pg_advisory_unlock(hashtext(:name))"), key)


def forget_turn(engine: Engine, name: str) -> None:
    """Leave no file of a turn behind. Only for one who holds it, when nobody will ask for it again."""
    if engine.dialect.name == "sqlite":
        Path(f"{engine.url.database}.{name}.lock").unlink(missing_ok=True)


@contextlib.contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turn the errors of the database into ours."""
    try:
        yield
    except DBAPIError as error:
        raise _translate(error.orig, engine.url) from None
    except engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]  # of a driver's own cursor
        raise _translate(error, engine.url) from None
    except (UnicodeEncodeError, OverflowError) as error:
        raise StoreError(f"{location(engine.url)} cannot hold a value: {error}.") from None


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what happens on a conflict."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def location(url: URL) -> str:
    """Where the database is, for messages: no user, no password."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite {url.database}"
    return f"PostgreSQL {url.database} at {url.host or url.query.get('host') or 'localhost'}"


def _parse(uri: str, variable: str) -> URL:
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{variable} is no database URL: expected postgresql://user:password@host/database."
        ) from None
    if url.drivername in _POSTGRESQL:
        if "@" in (url.host or ""):
            raise SettingsError(f"{variable} cannot be read: escape special characters of the password as %xx.")
        return url.set(drivername="postgresql+psycopg2")
    if url.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise SettingsError(f"{variable} has the scheme {url.drivername}: expected postgresql:// or sqlite:///.")
    if not url.database or url.database == ":memory:":
        raise SettingsError(f"{variable} names no SQLite file: expected sqlite:////path/to/file.db.")
    return url


def _create_file(path: Path, variable: str) -> None:
    """Make the file a SQLite database in WAL mode, unless it is.

    Only SQLite itself opens it once it is there: closing a file takes off every lock this process holds on it, and
    another process would then clear away the journal of a connection that is still open here.
    """
    try:
        if path.exists() and _journal_mode(path, "pragma journal_mode") == _WAL:
            return
        private_folder(path.parent)
        with FileLock(f"{path}.lock", timeout=BUSY_SECONDS, mode=0o600):
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            _journal_mode(path, f"pragma journal_mode = {_WAL}")
    except (OSError, sqlite3.Error) as error:
        raise _unwritable(path, variable, error) from error


def _journal_mode(path: Path, pragma: str) -> str:
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        return str(connection.execute(pragma).fetchone()[0])


def _unwritable(path: Path, variable: str, error: Exception) -> StoreError:
    return StoreError(f"cannot open the SQLite file {path}: {error}. Set {variable} to a file that can be written.")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy begins them, DDL included
    connection.execute("pragma foreign_keys = on")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("devhealth_writes")
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _translate(error: BaseException | None, url: URL) -> StoreError:
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    if url.password:
        text = text.replace(str(url.password), "***")
    where = location(url)
    if getattr(error, "pgcode", None) in {_MISSING_TABLE, _MISSING_COLUMN} or text.startswith(_MISSING_IN_SQLITE):
        return SchemaOutdated(f"{where} is not at the version this code needs: {text}. Run `devhealth db upgrade`.")
    return StoreError(f"{where} refused or could not be reached: {text}.")
