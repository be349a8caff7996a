"""What tests share: a warehouse of their own, and no network but loopback."""

import dataclasses
import errno
import ipaddress
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest

from devhealth.settings import Settings
from tests.examples import examples

hypothesis.settings.register_profile("ours", examples(100))
hypothesis.settings.load_profile("ours")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Connecting anywhere but to this machine fails."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address):
        _refuse_foreign(self, address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address):
        _refuse_foreign(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


def _refuse_foreign(used: socket.socket, address) -> None:
    if used.family not in {socket.AF_INET, socket.AF_INET6} or address[0] == "localhost":
        return
    try:
        is_foreign = not ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        is_foreign = True
    if is_foreign:
        raise OSError(errno.ENETUNREACH, f"tests may only reach this machine, not {address[0]}")


@pytest.fixture(scope="session")
def warehouse_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A devhealth home whose embedded ClickHouse lives until the end of the session."""
    from devhealth.warehouse import embedded

    home = tmp_path_factory.mktemp("home")
    yield home
    embedded.stop(home)


@pytest.fixture
def warehouse_settings(warehouse_home: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh, empty devhealth: an own ClickHouse database, everything else below `tmp_path`."""
    from devhealth.warehouse import embedded
    from devhealth.warehouse.connection import connected

    home = tmp_path / "devhealth"
    parts = urlsplit(embedded.ensure_started(warehouse_home).uri)
    database = f"test_{uuid.uuid4().hex}"
    server = Settings(home=home, clickhouse_uri=urlunsplit(parts))
    with connected(server) as client:
        client.execute(f"create database {database} engine = Atomic")
        yield dataclasses.replace(
            server,
            clickhouse_uri=urlunsplit(parts._replace(path=f"/{database}")),
            semantic_uri=f"sqlite:///{home / 'semantic.db'}",
            staging_uri=str(home / "staging"),
        )
        client.execute(f"drop database {database}")


@pytest.fixture
def client(warehouse_settings: Settings):
    """A connection to `warehouse_settings`, with all tables and views in place."""
    from devhealth.warehouse.connection import connected
    from devhealth.warehouse.schema import ensure_schema

    with connected(warehouse_settings) as client:
        ensure_schema(client)
        yield client


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's own database, migrated once for all homes, those of pytest's other workers too."""
    from filelock import FileLock

    from tests.airflow_home import new_home

    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "migrated-airflow"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            new_home(folder).run("db", "migrate")
            (folder / "done").touch()
    return folder / "airflow.db"
