"""Connections to ClickHouse: a server when CLICKHOUSE_URI names one, else the embedded one; callers cannot tell."""

import contextlib
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ErrorCodes, NetworkError, ServerException, SocketTimeoutError

from devhealth.errors import SettingsError, StoreError
from devhealth.settings import Settings
from devhealth.warehouse.embedded import ensure_started

_EXPECTED = "expected clickhouse://user:password@host:9000/database (clickhouses:// for TLS)"
_AUTHENTICATION_FAILED = 516  # newer than the driver's list of codes
_STATEMENT_SETTINGS = {
    "max_partitions_per_insert_block": 0,  # a first sync spans every month of a history
}


logging.getLogger("clickhouse_driver.connection").setLevel(logging.ERROR)  # it warns of what it also raises


class WarehouseClient(Client):  # type: ignore[misc]
    """A clickhouse-driver client whose errors are StoreErrors."""

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """As in clickhouse-driver."""
        with _translated(self):
            return super().execute(*args, **kwargs)

    def execute_iter(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """As in clickhouse-driver, but the statement runs when the first row is asked for."""
        with _translated(self):
            yield from super().execute_iter(*args, **kwargs)


def resolve_uri(settings: Settings) -> str:
    """The ClickHouse URI in force, password included; starts the embedded server where no other is configured.

    Raises SettingsError for a URI of another kind of database, WarehouseError when the embedded one cannot start.
    """
    check(settings)
    return settings.clickhouse_uri or ensure_started(settings.home).uri


def check(settings: Settings) -> None:
    """Raise SettingsError unless ClickHouse is what holds the records; reaches for nothing."""
    uri = settings.clickhouse_uri
    if uri is None and settings.sink == "sql":
        raise SettingsError(
            "metrics live in ClickHouse, and DEVHEALTH_SINK=sql stores nothing there. "
            "Set DEVHEALTH_SINK=both, or CLICKHOUSE_URI to a ClickHouse that holds the records."
        )
    if uri is not None and not re.match(r"[a-z][a-z0-9+.-]*:", uri):
        raise _unreadable()
    scheme = "clickhouse" if uri is None else uri.partition(":")[0]
    if scheme not in {"clickhouse", "clickhouses"}:
        raise SettingsError(
            f"metrics live in ClickHouse, and CLICKHOUSE_URI (else DATABASE_URI, else DATABASE_URL) is of the kind "
            f"{scheme!r}. Set CLICKHOUSE_URI: {_EXPECTED}."
        )


def connect(settings: Settings) -> WarehouseClient:
    """A connected client; the database is created when it is missing.

    Not to be used by two threads at once. Raises StoreError when ClickHouse is out of reach or refuses the login.
    """
    uri = resolve_uri(settings)
    try:
        return _connect(uri)
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, NetworkError):  # the embedded server may have gone idle since it was asked for
            return _connect(resolve_uri(settings))
        if not isinstance(cause, ServerException) or cause.code != ErrorCodes.UNKNOWN_DATABASE:
            raise
    parts = urlsplit(uri)
    default = _connect(urlunsplit(parts._replace(path="/default")))
    default.execute(f"create database if not exists `{parts.path.strip('/')}`")
    default.disconnect()
    return _connect(uri)


@contextlib.contextmanager
def connected(settings: Settings) -> Iterator[WarehouseClient]:
    """A connected client that is disconnected at the end of the block."""
    client = connect(settings)
    try:
        yield client
    finally:
        client.disconnect()


def _unreadable() -> SettingsError:
    return SettingsError(f"CLICKHOUSE_URI cannot be read: {_EXPECTED}; escape special characters as %xx.")


def _connect(uri: str) -> WarehouseClient:
    try:
        client: WarehouseClient = WarehouseClient.from_url(uri)
    except ValueError:
        raise _unreadable() from None
    client.settings.update(_STATEMENT_SETTINGS)
    with _translated(client):
        client.connection.connect()
    return client


@contextlib.contextmanager
def _translated(client: Client) -> Iterator[None]:
    try:
        yield
    except ServerException as error:
        reason = str(error.message).partition(" Stack trace:")[0].removeprefix("DB::Exception: ").strip()
        if error.code == _AUTHENTICATION_FAILED:
            reason = "it does not know this user name and password. Correct CLICKHOUSE_URI."
        raise StoreError(f"ClickHouse at {_address(client)} refused (code {error.code}): {reason}") from error
    except (NetworkError, SocketTimeoutError, OSError, EOFError) as error:
        raise StoreError(
            f"ClickHouse at {_address(client)} cannot be reached: {error}. "
            "See that it runs and that CLICKHOUSE_URI is right, then run again."
        ) from error
    except Error as error:
        raise StoreError(f"ClickHouse at {_address(client)} and its driver disagree: {error}") from error


def _address(client: Client) -> str:
    host, port = client.connection.hosts[0]
    return f"{host}:{port}"
