import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import inspect, select

from devhealth.errors import InputError, SettingsError, StoreError
from devhealth.models.git import BlameRange, Commit, CommitFileStat, CommitIdentity, CommitReachability, Ref
from devhealth.models.metric_rows import FileMetricsDaily
from devhealth.models.table import Record, Snapshot, all_tables
from devhealth.models.text import to_bytes, to_text
from devhealth.relational import open_engine, reading, writing
from devhealth.settings import Settings
from devhealth.sinks import sql_schema
from devhealth.sinks.sql import SqlSink, open_sql_sink
from tests.postgres import ENGINES, fresh_uri
from tests.processes import at_once
from tests.pull_requests import pull_request

FETCHED = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(params=ENGINES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, sink="sql", secondary_uri=fresh_uri(request.param, tmp_path))


@pytest.fixture
def sink(settings: Settings) -> Iterator[SqlSink]:
    with open_sql_sink(settings) as sink:
        yield sink


def write(sink: SqlSink, *records: Record) -> int:
    return asyncio.run(sink.write_batch(list(records), sink.session))


def retire(sink: SqlSink, table: str, version: datetime, org_id: str = "acme", repo_id: str = "shop") -> list[date]:
    return told_by_retiring(sink, Snapshot(table=table, org_id=org_id, repo_id=repo_id, version=version))


def told_by_retiring(sink: SqlSink, snapshot: Snapshot) -> list[date]:
    told: set[date] = set()
    asyncio.run(sink.retire(snapshot, sink.session, lambda days: told.update(*days.values())))
    return sorted(told)


def told(sink: SqlSink, *records: Record) -> dict[str, list[date]]:
    """What a write tells, by repository."""
    told: dict[str, list[date]] = {}
    asyncio.run(
        sink.write_batch(
            list(records), sink.session, lambda days: told.update({k[1]: sorted(v) for k, v in days.items()})
        )
    )
    return told


def rows(sink: SqlSink, table: str) -> list[dict[str, Any]]:
    declared = sql_schema.record_tables(sink.session.dialect.name)[table]
    with reading(sink.session) as connection:
        return sorted((dict(row._mapping) for row in connection.execute(select(declared))), key=repr)


def expected(*records: Record) -> list[dict[str, Any]]:
    return sorted((msgspec.structs.asdict(record) for record in records), key=repr)


def commit(number: int = 0, **changes: Any) -> Commit:
    values: dict[str, Any] = {
        "org_id": "acme",
        "repo_id": "shop",
        "committed_at": datetime(2026, 1, 1, tzinfo=UTC) + number * DAY,
        "sha": f"{number:040x}",
        "parents": [f"{number - 1:040x}"] if number else [],
        "author_name": "Ann",
        "author_email": "ann@example.com",
        "authored_at": datetime(2025, 12, 31, tzinfo=UTC),
        "author_offset_seconds": -18000,
        "committer_name": "",
        "committer_email": "",
        "committer_offset_seconds": 0,
        "subject": "Add it",
        "additions": 4_000_000_000,
        "deletions": 0,
        "files_changed": 1,
        "size_bucket": "large",
        "is_merge": False,
        "is_revert": True,
        "reverted_sha": None,
        "co_authors": [],
        "fetched_at": FETCHED,
    }
    return Commit(**{**values, **changes})


def stat(path: str, **changes: Any) -> CommitFileStat:
    values: dict[str, Any] = {"org_id": "acme", "repo_id": "shop", "committed_at": FETCHED, "sha": "s", "path": path}
    values |= {"old_path": None, "additions": 1, "deletions": 2, "is_binary": False, "is_gone": False}
    values["fetched_at"] = FETCHED
    return CommitFileStat(**{**values, **changes})


def reachable(number: int, version: datetime = FETCHED, **changes: Any) -> CommitReachability:
    values: dict[str, Any] = {"org_id": "acme", "repo_id": "shop", "sha": str(number), "fetched_at": version}
    values["committed_at"] = datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC) + number * DAY
    return CommitReachability(**{**values, "is_reachable": True, "in_default_branch": True, **changes})


def ref(name: str, version: datetime = FETCHED, **changes: Any) -> Ref:
    values: dict[str, Any] = {"org_id": "acme", "repo_id": "shop", "name": name, "kind": "branch", "sha": "s"}
    values |= {"is_default": False, "is_deleted": False, "created_at": None, "fetched_at": version}
    return Ref(**{**values, **changes})


def test_rows_come_back_as_they_went_in(sink: SqlSink):
    records = [commit(1, co_authors=['"Eve" <e@x>', "", "日本"], reverted_sha=""), commit(2)]
    assert write(sink, *records) == 2
    assert rows(sink, "commits") == expected(*records)


def test_written_twice_is_written_once(sink: SqlSink):
    records = [commit(1), commit(2), stat("a"), stat("b"), reachable(1), ref("refs/heads/main")]
    assert write(sink, *records) == write(sink, *records) == 6
    assert rows(sink, "commits") == expected(*records[:2])
    assert rows(sink, "commit_file_stats") == expected(*records[2:4])


def test_a_late_batch_changes_nothing(sink: SqlSink):
    new, old = ref("main", FETCHED + DAY, sha="new"), ref("main", FETCHED, sha="old")
    write(sink, new)
    write(sink, old)
    assert rows(sink, "refs") == expected(new)


def test_a_microsecond_decides(sink: SqlSink):
    new = ref("main", FETCHED.replace(microsecond=100000), sha="new")
    write(sink, ref("main", FETCHED.replace(microsecond=99999), sha="old"))
    write(sink, new)
    write(sink, ref("main", FETCHED.replace(microsecond=0), sha="older"))
    assert rows(sink, "refs") == expected(new)


def test_of_one_key_in_one_batch_the_newest_holds(sink: SqlSink):
    versions = [ref("main", FETCHED + number * DAY, sha=str(number)) for number in (1, 3, 2)]
    write(sink, *versions, ref("main", FETCHED + 3 * DAY, sha="last of equals"))
    assert rows(sink, "refs") == expected(ref("main", FETCHED + 3 * DAY, sha="last of equals"))


def test_the_order_of_batches_and_snapshots_does_not_matter(sink: SqlSink):
    steps = [
        [reachable(1, FETCHED), reachable(2, FETCHED), reachable(3, FETCHED)],
        [reachable(1, FETCHED + DAY), reachable(2, FETCHED + DAY, in_default_branch=False)],
        FETCHED + DAY,
        [reachable(2, FETCHED + 2 * DAY)],
        FETCHED + 2 * DAY,
        FETCHED,
    ]
    outcomes = set()
    for seed in range(12):
        with writing(sink.session) as connection:
            connection.exec_driver_sql("delete from commit_reachability")
            connection.exec_driver_sql("delete from record_snapshots")
        for step in random.Random(seed).sample(steps, len(steps)):
            if isinstance(step, list):
                write(sink, *step)
            else:
                retire(sink, "commit_reachability", step)
        outcomes.add(
            tuple(
                (row["sha"], row["is_reachable"], row["in_default_branch"]) for row in rows(sink, "commit_reachability")
            )
        )
    assert outcomes == {(("1", False, False), ("2", True, True), ("3", False, False))}


def test_retiring_tells_the_days_of_what_goes_and_of_nothing_that_was_gone(sink: SqlSink):
    write(sink, reachable(1), reachable(2), reachable(3, is_reachable=False, in_default_branch=False))
    write(sink, reachable(2, FETCHED + DAY))
    assert retire(sink, "commit_reachability", FETCHED - DAY) == []
    assert retire(sink, "commit_reachability", FETCHED + DAY) == [date(2026, 1, 2)]
    assert retire(sink, "commit_reachability", FETCHED + DAY) == []
    assert retire(sink, "commit_reachability", FETCHED + 2 * DAY) == [date(2026, 1, 3)]


def test_a_write_tells_the_days_of_the_rows_that_differ_before_it_writes_them(sink: SqlSink):
    first = [commit(1, co_authors=["Eve <e@x>"]), commit(2, reverted_sha="a"), commit(1, repo_id="other")]
    days = {"shop": [date(2026, 1, 2), date(2026, 1, 3)], "other": [date(2026, 1, 2)]}
    seen: list[int] = []
    asyncio.run(sink.write_batch(first, sink.session, lambda _: seen.append(len(rows(sink, "commits")))))
    assert set(seen) == {0}
    assert told(sink, *first) == {}
    later = [msgspec.structs.replace(one, fetched_at=FETCHED + DAY) for one in first]
    assert told(sink, *later) == {}, "a newer version of the same is no news"
    assert told(sink, msgspec.structs.replace(later[1], reverted_sha=None), *first[:1]) == {"shop": days["shop"][1:]}
    assert told(sink, msgspec.structs.replace(later[0], co_authors=[]), commit(4)) == {
        "shop": [date(2026, 1, 2), date(2026, 1, 5)]
    }
    write(sink, pull_request(1, FETCHED, created_at=FETCHED))
    merged = pull_request(1, FETCHED + DAY, created_at=FETCHED, merged_at=FETCHED + 3 * DAY)
    assert told(sink, merged) == {"shop": [date(2026, 3, 1), date(2026, 3, 4)]}
    write(sink, merged)
    moved = pull_request(1, FETCHED + 2 * DAY, created_at=FETCHED, merged_at=FETCHED + 5 * DAY)
    assert told(sink, moved) == {"shop": [date(2026, 3, 1), date(2026, 3, 4), date(2026, 3, 6)]}


def test_deleted_branches_are_flagged_and_come_back(sink: SqlSink):
    write(sink, ref("refs/heads/main"), ref("refs/heads/old"))
    write(sink, ref("refs/heads/main", FETCHED + DAY))
    assert retire(sink, "refs", FETCHED + DAY) == []
    assert rows(sink, "refs") == expected(
        ref("refs/heads/main", FETCHED + DAY), ref("refs/heads/old", FETCHED + DAY, is_deleted=True)
    )
    again = ref("refs/heads/old", FETCHED + 2 * DAY)
    write(sink, again)
    assert again in [Ref(**row) for row in rows(sink, "refs")]


def test_organisations_and_repositories_do_not_touch_each_other(sink: SqlSink):
    theirs = [reachable(1, org_id="beta"), reachable(1, repo_id="other")]
    write(sink, reachable(1), *theirs)
    assert retire(sink, "commit_reachability", FETCHED + DAY) == [date(2026, 1, 2)]
    gone = reachable(1, FETCHED + DAY, is_reachable=False, in_default_branch=False)
    assert rows(sink, "commit_reachability") == expected(gone, *theirs)


def test_names_and_paths_that_are_not_utf8_survive(sink: SqlSink):
    """Pitfall: names, e-mails, messages and paths that are not UTF-8, empty, or hold tabs, quotes, newlines, NUL."""
    raw = [b"", b"caf\xe9", b"\xff\xfe", b"a\0b", b'"q"', b"tab\tcr\rlf\n", b"\\N", b"\\.", b"null", b"a,b;c'd", b"%s"]
    raw += ["日本 😀 \u202e".encode(), b"\x01\x7f", b"x" * 9000, bytes(range(1, 256)) * 12]
    texts = [to_text(one) for one in raw]
    assert [to_bytes(one) for one in texts] == raw
    stats = [stat(one, old_path=one or None) for one in texts]
    people = [CommitIdentity(
        org_id="acme", repo_id="shop", name=one, email=one, identity_email=one, identity_name=one, is_bot=False,
        fetched_at=FETCHED,
    ) for one in texts]  # fmt: skip
    listed = commit(1, co_authors=texts, subject=texts[-1])
    for _ in range(2):
        write(sink, *stats, *people, listed)
    assert rows(sink, "commit_file_stats") == expected(*stats)
    assert rows(sink, "commit_identities") == expected(*people)
    assert rows(sink, "commits") == expected(listed)


def test_a_batch_is_stored_whole_or_not_at_all(sink: SqlSink):
    with pytest.raises(StoreError):
        write(sink, commit(1), stat("a", additions=10**30))
    assert rows(sink, "commits") == []
    with pytest.raises(StoreError, match="cannot hold a value"):
        write(sink, commit(1), stat("\udcff"))
    assert rows(sink, "commits") == []
    assert write(sink, commit(1)) == 1


def test_an_empty_batch_is_nothing(sink: SqlSink):
    assert write(sink) == 0


def test_more_rows_than_a_statement_has_parameters(sink: SqlSink):
    ranges = [
        BlameRange(org_id="acme", repo_id="shop", path="a", first_line=n, line_count=1, sha="s", fetched_at=FETCHED)
        for n in range(1, 20_001)
    ]
    assert write(sink, *ranges) == 20_000
    assert len(rows(sink, "blame_ranges")) == 20_000


def test_two_processes_write_the_same_rows_in_any_order(settings: Settings):
    with open_sql_sink(settings):
        pass
    records = [reachable(number) for number in range(2_000)]

    def write_shuffled(number: int) -> None:
        with open_sql_sink(settings) as own:
            for _ in range(3):
                write(own, *random.Random(number).sample(records, len(records)))
                retire(own, "commit_reachability", FETCHED)

    at_once(2, write_shuffled)
    with open_sql_sink(settings) as sink:
        assert rows(sink, "commit_reachability") == expected(*records)


def test_twenty_processes_make_the_tables_at_once(settings: Settings):
    def open_it(number: int) -> None:
        with open_sql_sink(settings) as own:
            write(own, stat(str(number)))

    at_once(20, open_it)
    with open_sql_sink(settings) as sink:
        assert len(rows(sink, "commit_file_stats")) == 20
        there = set(inspect(sink.session).get_table_names())
    assert there == {table.name for table in all_tables() if not table.is_metric} | {"record_snapshots"}


def test_a_new_column_appears_in_existing_tables(settings: Settings):
    """As ClickHouse does it: rows written before hold an empty value, or NULL where that is allowed."""
    with open_sql_sink(settings) as sink:
        write(sink, commit(1))
        with writing(sink.session) as connection:
            for column in ("co_authors", "is_revert", "reverted_sha", "files_changed", "subject", "authored_at"):
                connection.exec_driver_sql(f"alter table commits drop column {column}")

    def open_it(number: int) -> None:
        with open_sql_sink(settings):
            pass

    at_once(20, open_it)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    with open_sql_sink(settings) as sink:
        filled = commit(1, co_authors=[], is_revert=False, files_changed=0, subject="", authored_at=epoch)
        assert rows(sink, "commits") == expected(filled)
        write(sink, commit(1))
        assert rows(sink, "commits") == expected(commit(1))


def test_metrics_are_stored_in_clickhouse_only(sink: SqlSink):
    columns = dict.fromkeys(FileMetricsDaily.__struct_fields__)
    with pytest.raises(InputError, match="Set CLICKHOUSE_URI"):
        write(sink, FileMetricsDaily(**columns))


def test_without_a_uri_the_setting_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match="SECONDARY_DATABASE_URI"), open_sql_sink(Settings(home=tmp_path)):
        pass


def test_an_unreachable_database_does_not_show_its_password(tmp_path: Path):
    uri = "postgresql://user:secret@127.0.0.1:1/records"
    settings = Settings(home=tmp_path, secondary_uri=uri)
    with pytest.raises(StoreError, match=r"PostgreSQL records at 127\.0\.0\.1") as caught, open_sql_sink(settings):
        pass
    assert "secret" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_another_program_may_own_other_tables(settings: Settings):
    engine = open_engine(str(settings.secondary_uri), variable="SECONDARY_DATABASE_URI")
    with writing(engine) as connection:
        connection.exec_driver_sql("create table theirs (id integer)")
    engine.dispose()
    with open_sql_sink(settings) as sink:
        assert "theirs" in inspect(sink.session).get_table_names()


def test_a_snapshot_of_some_values_speaks_of_no_other_rows(sink: SqlSink) -> None:
    opened, merged = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
    write(
        sink,
        pull_request(1, FETCHED, created_at=opened, merged_at=merged),
        pull_request(2, FETCHED, created_at=opened + DAY),
        pull_request(3, FETCHED + DAY, created_at=opened),
    )
    snapshot = Snapshot(
        table="pull_requests", org_id="acme", repo_id="shop", version=FETCHED + DAY, column="number", values=(1, 3)
    )
    assert told_by_retiring(sink, snapshot) == [date(2026, 1, 1), date(2026, 2, 2)]
    assert told_by_retiring(sink, snapshot) == []
    assert {row["number"]: row["is_deleted"] for row in rows(sink, "pull_requests")} == {1: True, 2: False, 3: False}
    write(sink, pull_request(4, FETCHED))
    assert {row["number"]: row["is_deleted"] for row in rows(sink, "pull_requests")}[4] is False


def test_reading_gives_the_rows_of_the_organisations_asked_for_alone(sink: SqlSink):
    ours, theirs, others = (msgspec.structs.replace(commit(), org_id=org_id) for org_id in ("acme", "beta", "gamma"))
    write(sink, ours, theirs, others)

    def read(*org_ids: str) -> list[Record]:
        return sorted(asyncio.run(sink.read(Commit, org_ids, sink.session)), key=repr)

    assert (read("acme"), read("acme", "gamma"), read("nobody")) == ([ours], [ours, others], [])


def test_files_of_a_commit_that_was_read_again_are_replaced_as_a_set(sink: SqlSink):
    """Of a commit that was not read again nothing is told."""
    write(sink, commit(1, sha="s"), commit(2, sha="t"), stat("kept"), stat("gone"), stat("gone", sha="t"))
    again = {"fetched_at": FETCHED + DAY}
    write(sink, commit(1, sha="s", **again), stat("kept", **again))
    of_it = {"org_id": "acme", "repo_id": "shop", "column": "sha", "beside": "commits"}
    told = Snapshot(table="commit_file_stats", version=FETCHED + DAY, **of_it)
    for _ in range(2):
        asyncio.run(sink.retire(told, sink.session))
    found = {(row["sha"], row["path"]): (row["additions"], row["is_gone"]) for row in rows(sink, "commit_file_stats")}
    assert found == {("s", "kept"): (1, False), ("s", "gone"): (0, True), ("t", "gone"): (1, False)}
