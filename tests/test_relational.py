import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from devhealth.errors import SettingsError, StoreError
from devhealth.relational import UtcDateTime, forget_turn, open_engine, reading, turn, turn_if_free, writing
from tests.postgres import ENGINES, fresh_uri


@pytest.mark.parametrize(
    "uri",
    [
        "mysql://user:secret@host/base",
        "secret",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:secret@host:port/x",
        "postgresql://u:secret/secret@secret@host/x",
    ],
)
def test_a_uri_of_another_kind_is_refused_without_repeating_it(uri: str):
    with pytest.raises(SettingsError, match=r"^POSTGRES_URI ") as caught:
        open_engine(uri, variable="POSTGRES_URI")
    assert "secret" not in str(caught.value)


def test_a_file_that_cannot_be_made_names_the_setting(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot open the SQLite file .* Set POSTGRES_URI"):
        open_engine(f"sqlite:///{tmp_path}/file/below/it.db", variable="POSTGRES_URI")


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path):
    (tmp_path / "notes.db").write_text("just some text, long enough to have a header")
    with pytest.raises(StoreError, match="not a database"):
        open_engine(f"sqlite:///{tmp_path}/notes.db", variable="POSTGRES_URI")


@pytest.mark.parametrize("kind", ENGINES)
def test_times_are_utc_on_both_sides(kind: str, tmp_path: Path):
    engine = open_engine(fresh_uri(kind, tmp_path), variable="X")
    table = Table("times", MetaData(), Column("at", UtcDateTime))
    local = datetime(2026, 1, 1, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with writing(engine) as connection:
        if kind == "postgresql":
            connection.exec_driver_sql("set time zone 'Asia/Tokyo'")
        table.create(connection)
        connection.execute(insert(table).values(at=local))
        found = connection.execute(select(table.c.at)).scalar()
    assert found == local
    assert found.utcoffset() == timedelta(0)
    assert found == datetime(2025, 12, 31, 23, 30, 0, 123456, tzinfo=UTC)
    engine.dispose()


@pytest.mark.parametrize("kind", ENGINES)
def test_a_naive_time_is_refused(kind: str, tmp_path: Path):
    engine = open_engine(fresh_uri(kind, tmp_path), variable="X")
    table = Table("times", MetaData(), Column("at", UtcDateTime))
    with writing(engine) as connection:
        table.create(connection)
        with pytest.raises(StatementError, match="aware time"):
            connection.execute(insert(table).values(at=datetime(2026, 1, 1)))  # noqa: DTZ001
    engine.dispose()


@pytest.mark.parametrize("kind", ENGINES)
def test_an_error_inside_a_transaction_leaves_nothing(kind: str, tmp_path: Path):
    engine = open_engine(fresh_uri(kind, tmp_path), variable="X")
    table = Table("times", MetaData(), Column("at", UtcDateTime))

    def fail_half_way() -> None:
        with writing(engine) as connection:
            table.create(connection)
            connection.exec_driver_sql("this is no statement")

    with pytest.raises(StoreError, match="refused"):
        fail_half_way()
    with pytest.raises(StoreError), reading(engine) as connection:
        connection.execute(select(table))
    engine.dispose()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_a_clear_error(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="Set POSTGRES_URI to a file that can be written"):
        open_engine(f"sqlite:///{tmp_path}/x/semantic.db", variable="POSTGRES_URI")


@pytest.mark.parametrize("engine_name", ENGINES)
def test_a_turn_is_held_by_one_at_a_time_and_given_back_by_an_error(engine_name, tmp_path):
    uri = fresh_uri(engine_name, tmp_path)
    held, together = [], []

    def work():
        with turn(open_engine(uri, variable="POSTGRES_URI"), "metrics"):
            held.append(1)
            together.append(len(held))
            time.sleep(0.02)
            held.pop()

    with pytest.raises(ZeroDivisionError), turn(open_engine(uri, variable="POSTGRES_URI"), "metrics"):
        1 / 0  # noqa: B018
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert together == [1, 1, 1, 1]


@pytest.mark.parametrize("engine_name", ENGINES)
def test_a_turn_is_only_taken_when_it_is_free(engine_name, tmp_path):
    uri = fresh_uri(engine_name, tmp_path)
    first, second = (open_engine(uri, variable="POSTGRES_URI") for _ in range(2))
    with turn_if_free(first, "job") as is_first:
        with turn_if_free(second, "job") as is_second, turn_if_free(second, "another") as is_another:
            assert (is_first, is_second, is_another) == (True, False, True)
        with turn_if_free(second, "job") as is_second:  # who looked in vain gave nothing back that is not its own
            assert not is_second
    with turn_if_free(second, "job") as is_second:
        assert is_second
        forget_turn(second, "job")
    assert list(tmp_path.glob("*.job.lock")) == []


@pytest.mark.parametrize("engine_name", ENGINES)
def test_a_turn_that_becomes_free_in_time_is_taken(engine_name, tmp_path):
    uri = fresh_uri(engine_name, tmp_path)
    held, answers = threading.Event(), []

    def wait_for_it():
        held.wait(30)
        with turn_if_free(open_engine(uri, variable="POSTGRES_URI"), "job", patience_seconds=30) as is_held:
            answers.append(is_held)

    waiting = threading.Thread(target=wait_for_it)
    waiting.start()
    with turn_if_free(open_engine(uri, variable="POSTGRES_URI"), "job"):
        held.set()
        time.sleep(0.2)
        assert answers == []
    waiting.join(30)
    assert answers == [True]


WRITE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("insert into t values (1)")
connection.close()
"""


def test_opening_a_sqlite_file_again_leaves_the_locks_of_open_connections(tmp_path):
    """Else another process that ends takes the journal away from under them, and the file is ruined."""
    uri = f"sqlite:///{tmp_path / 'shared.db'}"
    first = open_engine(uri, variable="POSTGRES_URI")
    with first.connect() as connection:
        connection.execute(text("create table t (a)"))
        connection.commit()
        open_engine(uri, variable="POSTGRES_URI")
        subprocess.run([sys.executable, "-c", WRITE, tmp_path / "shared.db"], check=True)
        assert (tmp_path / "shared.db-wal").exists()
    first.dispose()


@pytest.mark.parametrize("kind", ENGINES)
def test_statements_of_one_reading_see_the_same_moment(kind: str, tmp_path: Path):
    engine = open_engine(fresh_uri(kind, tmp_path), variable="X")
    table = Table("seen", MetaData(), Column("at", UtcDateTime))
    row = insert(table).values(at=datetime(2026, 1, 1, tzinfo=UTC))
    with writing(engine) as connection:
        table.create(connection)
    with reading(engine) as reader:
        assert reader.execute(select(table)).all() == []
        with writing(engine) as connection:
            connection.execute(row)
        assert reader.execute(select(table)).all() == []
    with reading(engine) as reader:
        assert len(reader.execute(select(table)).all()) == 1
    with writing(engine) as connection:
        connection.execute(row)
    engine.dispose()


def test_a_reading_cannot_write(tmp_path: Path):
    engine = open_engine(fresh_uri("postgresql", tmp_path), variable="X")
    with pytest.raises(StoreError, match="read-only transaction"), reading(engine) as connection:
        connection.execute(text("create table made (a int)"))
    engine.dispose()
