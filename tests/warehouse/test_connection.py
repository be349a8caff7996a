"""Connections to ClickHouse, and what their failures tell."""

import contextlib
import dataclasses
import socket
import threading
import traceback
import uuid
from urllib.parse import urlsplit, urlunsplit

import pytest

from devhealth.errors import SettingsError, StoreError
from devhealth.settings import Settings
from devhealth.warehouse.connection import connect, connected, resolve_uri


def _with_uri(settings: Settings, **parts) -> Settings:
    uri = urlsplit(settings.clickhouse_uri)
    return dataclasses.replace(settings, clickhouse_uri=urlunsplit(uri._replace(**parts)))


def test_without_a_uri_the_embedded_server_is_used(warehouse_home):
    settings = Settings(home=warehouse_home)
    assert resolve_uri(settings).startswith("clickhouse://devhealth:")
    with connected(settings) as client:
        assert client.execute("select currentDatabase()") == [("devhealth",)]


def test_a_database_that_is_missing_is_created(warehouse_settings):
    name = f"test_{uuid.uuid4().hex}"
    with connected(_with_uri(warehouse_settings, path=f"/{name}")) as client:
        assert client.execute("select currentDatabase()") == [(name,)]
        client.execute(f"drop database {name}")


@pytest.mark.parametrize("uri", ["postgresql://ann:secret@db/x", "sqlite:///x.db", "mongodb://db/x"])
def test_another_kind_of_database_is_a_value_error_that_names_the_setting(tmp_path, uri):
    with pytest.raises(ValueError, match="Set CLICKHOUSE_URI") as raised:
        connect(Settings(home=tmp_path, clickhouse_uri=uri))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "uri",
    [
        "clickhouse://ann:top:s3cret@db:port/x",
        "clickhouse://ann:s3cret/s3cret@db/x",
        "clickhouse://ann:s3cret@[::1/x",
        "ann s3cret:s3cret@db",
    ],
)
def test_a_uri_that_cannot_be_read_is_an_error_without_the_password(tmp_path, uri):
    with pytest.raises(SettingsError, match="CLICKHOUSE_URI cannot be read") as raised:
        connect(Settings(home=tmp_path, clickhouse_uri=uri))
    assert "s3cret" not in "".join(traceback.format_exception(raised.value)), "the driver's own words hold it"


def test_a_wrong_password_is_an_error_without_the_password(warehouse_settings):
    port = urlsplit(warehouse_settings.clickhouse_uri).port
    settings = _with_uri(warehouse_settings, netloc=f"devhealth:s3cret@127.0.0.1:{port}")
    with pytest.raises(StoreError, match="does not know this user name and password") as raised:
        connect(settings)
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))
    assert "s3cret" not in repr(settings)


def test_nobody_listening_is_an_error_with_the_remedy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(StoreError, match=rf"127\.0\.0\.1:{port} cannot be reached: .+CLICKHOUSE_URI is right"):
        connect(Settings(home=tmp_path, clickhouse_uri=f"clickhouse://127.0.0.1:{port}/x"))


def test_tls_is_spoken_for_clickhouses(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        uri = f"clickhouses://127.0.0.1:{server.getsockname()[1]}/x?connect_timeout=1"
        with pytest.raises(StoreError):
            connect(Settings(home=tmp_path, clickhouse_uri=uri))
        peer, _ = server.accept()
        with peer:
            assert peer.recv(3)[:2] == b"\x16\x03", "a TLS handshake"


def test_a_refused_statement_is_a_short_store_error(warehouse_settings):
    with connected(warehouse_settings) as client:
        with pytest.raises(StoreError, match=r"refused \(code 60\): .*nowhere") as raised:
            client.execute("select * from nowhere")
        assert "Stack trace" not in str(raised.value)
        with pytest.raises(StoreError, match="nowhere"):
            list(client.execute_iter("select * from nowhere"))
        assert client.execute("select 1") == [(1,)], "the connection goes on"


def test_a_foreign_address_is_out_of_reach_in_tests(tmp_path):
    with pytest.raises(StoreError, match="tests may only reach this machine"):
        connect(Settings(home=tmp_path, clickhouse_uri="clickhouse://192.0.2.1/x"))


@pytest.fixture
def silenced(warehouse_settings):
    """Settings of a ClickHouse behind a line on which, once the event is set, nothing comes back."""
    address, silent = urlsplit(warehouse_settings.clickhouse_uri), threading.Event()

    def pump(source, target, *, is_answer):
        with contextlib.suppress(OSError):
            while said := source.recv(1 << 16):
                if not (is_answer and silent.is_set()):
                    target.sendall(said)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                near = listener.accept()[0]
                far = socket.create_connection((address.hostname, address.port))
                open_sockets.extend((near, far))
                for source, target, is_answer in ((near, far, False), (far, near, True)):
                    threading.Thread(
                        target=pump, args=(source, target), kwargs={"is_answer": is_answer}, daemon=True
                    ).start()

    open_sockets = [listener := socket.create_server(("127.0.0.1", 0))]
    threading.Thread(target=serve, daemon=True).start()
    netloc = f"{address.username}:{address.password}@127.0.0.1:{listener.getsockname()[1]}"
    yield _with_uri(warehouse_settings, netloc=netloc, query="send_receive_timeout=1"), silent
    for each in open_sockets:
        each.close()


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("create table silent (a String) engine = MergeTree order by a", None),
        ("insert into told (a) values", [["x"]]),
        ("select 1", None),
    ],
    ids=["a definition", "an insert", "a query"],
)
def test_a_server_that_never_answers_is_an_error_after_a_while(silenced, statement, rows):
    settings, silent = silenced
    with connected(settings) as client:
        client.execute("create table told (a String) engine = MergeTree order by a")
        silent.set()
        with pytest.raises(StoreError, match=r"did not answer for 1 s: .+ then run again"):
            client.execute(statement, rows)


def test_a_server_that_accepts_and_never_greets_is_an_error_after_a_while(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = f"clickhouse://127.0.0.1:{server.getsockname()[1]}/x?send_receive_timeout=1"
        with pytest.raises(StoreError, match="did not answer for 1 s"):
            connect(Settings(home=tmp_path, clickhouse_uri=uri))


def test_five_minutes_of_silence_are_the_most(warehouse_settings):
    with connected(warehouse_settings) as client:
        assert client.connection.socket.gettimeout() == 300
