"""Recognisable secrets, and where a search must not find them: files, tables, output, arguments."""

import base64
import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import psutil
from sqlalchemy import inspect, text

from devhealth.semantic import database
from devhealth.warehouse.connection import connected


class Planted:
    """Secrets by a name for messages; `users` are those they are sent with."""

    def __init__(self, secrets: Mapping[str, str], users: Iterable[str] = ()) -> None:
        self._forms = {name: set(_forms(secret, users)) for name, secret in secrets.items()}

    def found_in(self, content: bytes | str, *, but: str = "") -> list[str]:
        """Names of the secrets that stand in the content, in any spelling."""
        raw = content.encode(errors="surrogateescape") if isinstance(content, str) else content
        return [name for name, forms in self._forms.items() if name != but and any(form in raw for form in forms)]

    def found_in_files(self, folder: Path, *, passes: Mapping[str, str]) -> dict[str, list[str]]:
        """The same for every file below a folder; one whose path ends with a key of `passes` may hold that secret."""
        found = {}
        for path in folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    but = next((secret for end, secret in passes.items() if str(path).endswith(end)), "")
                    found[str(path)] = self.found_in(path.read_bytes(), but=but) + self.found_in(str(path))
        assert found, folder
        return {path: names for path, names in found.items() if names}

    @contextlib.contextmanager
    def watching(self, pid: int) -> Iterator[dict[str, list[str]]]:
        """The arguments of a process and of all its descendants, looked at again and again until the block ends."""
        found: dict[str, list[str]] = {}
        looked, is_over = threading.Event(), threading.Event()

        def look() -> None:
            while not is_over.is_set():
                with contextlib.suppress(psutil.Error):
                    root = psutil.Process(pid)
                    for process in [root, *root.children(recursive=True)]:
                        with contextlib.suppress(psutil.Error):
                            line = " ".join(process.cmdline())
                            found[line] = self.found_in(line)
                looked.set()
                time.sleep(0.1)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield found
        finally:
            looked.wait(10)
            is_over.set()
            thread.join()


def rows_of_airflow(path: Path) -> str:
    """Every row of Airflow's database: a long value may be cut into pages in the file."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        assert {"xcom", "rendered_task_instance_fields", "log"} <= set(tables)
        return "\n".join(repr(connection.execute(f'select * from "{table}"').fetchall()) for table in tables)


def rows_of_stores(settings) -> str:
    """Every row of the semantic database and of ClickHouse."""
    with database.open_semantic(settings).connect() as connection:
        tables = inspect(connection).get_table_names()
        lines = [repr(connection.execute(text(f"select * from {table}")).all()) for table in tables]
    with connected(settings) as client:
        kept = "database = currentDatabase() and engine not like '%View'"
        tables = client.execute(f"select name from system.tables where {kept}")
        lines += [repr(client.execute(f"select * from `{name}`")) for (name,) in tables]
    return "\n".join(lines)


def _forms(secret: str, users: Iterable[str]) -> Iterator[bytes]:
    raw = secret.encode()
    yield from (raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), quote(secret).encode())
    yield from (json.dumps(secret)[1:-1].encode(), repr(secret)[1:-1].encode(), base64.b64encode(raw))
    for user in users:
        yield base64.b64encode(f"{user}:{secret}".encode())
