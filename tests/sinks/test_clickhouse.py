"""The ClickHouse sink, against the real engine: every write happens twice, late, or out of order."""

import asyncio
import dataclasses
import itertools
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from devhealth.models.git import Commit, CommitFileStat, CommitIdentity, CommitReachability, Ref
from devhealth.models.pull_requests import PullRequestReview
from devhealth.models.table import EARLIEST, Snapshot
from devhealth.models.text import to_bytes, to_text
from devhealth.sinks import open_sink
from devhealth.sinks.clickhouse import ClickHouseSink
from devhealth.sinks.gathering import GatheringSink
from tests.pull_requests import pull_request

_OF = {"org_id": "acme", "repo_id": "shop"}
_FIRST, _SECOND, _THIRD = (datetime(2026, 3, day, 1, 2, 3, 456789, tzinfo=UTC) for day in (1, 2, 3))


def _write(sink, *records):
    return asyncio.run(sink.write_batch(list(records), sink.session))


def _retire(sink, table: str, version: datetime, **of):
    return _told_by_retiring(sink, Snapshot(table=table, version=version, **(_OF | of)))


def _told_by_retiring(sink, snapshot: Snapshot) -> list[date]:
    told = set()
    asyncio.run(sink.retire(snapshot, sink.session, lambda days: told.update(*days.values())))
    return sorted(told)


def _told(sink, *records) -> dict[str, list[date]]:
    """What a write tells, by repository."""
    told = {}
    asyncio.run(
        sink.write_batch(
            list(records), sink.session, lambda days: told.update({repo: sorted(of) for (_, repo), of in days.items()})
        )
    )
    return told


def _reach(sha: str, fetched_at: datetime, *, day: int = 1, reachable: bool = True, **of) -> CommitReachability:
    at = datetime(2026, 1, day, 23, 59, 59, tzinfo=UTC)
    return CommitReachability(
        **(_OF | of),
        committed_at=at,
        sha=sha,
        is_reachable=reachable,
        in_default_branch=reachable,
        fetched_at=fetched_at,
    )


def _ref(name: str, fetched_at: datetime, sha: str = "a") -> Ref:
    return Ref(
        **_OF,
        name=name,
        kind="branch",
        sha=sha,
        is_default=False,
        is_deleted=False,
        created_at=None,
        fetched_at=fetched_at,
    )


def _commit(**changes) -> Commit:
    commit = Commit(
        **_OF,
        committed_at=datetime(1970, 1, 1, tzinfo=UTC),
        sha="a" * 40,
        parents=[],
        author_name="",
        author_email="",
        authored_at=datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC),
        author_offset_seconds=-43200,
        committer_name="",
        committer_email="",
        committer_offset_seconds=50400,
        subject="",
        additions=0,
        deletions=2**32 - 1,
        files_changed=0,
        size_bucket="small",
        is_merge=False,
        is_revert=False,
        reverted_sha=None,
        co_authors=[],
        fetched_at=_FIRST,
    )
    return msgspec.structs.replace(commit, **changes)


@pytest.fixture
def sink(client):
    return ClickHouseSink(client)


def _rows(client, table: str) -> list:
    return client.execute(f"select * from {table} final order by all")


def test_a_row_comes_back_as_it_was_written(sink, client):
    """Quotes, backslashes, line ends, odd bytes, the edges of times and numbers, microseconds of the version."""
    raw = [b"plain", b'it\'s \\ "quoted"\n\t\0', "ünï—😀".encode(), b"\xff\xfe latin \xe9", b'"starts quoted', b""]
    for number, name in enumerate(raw):
        commit = _commit(
            sha=f"{number:040}",
            author_name=to_text(name),
            parents=[to_text(name), "b" * 40],
            co_authors=[to_text(name)],
            reverted_sha=None if number % 2 else "c" * 40,
        )
        assert _write(sink, commit) == 1
    names = list(Commit.__struct_fields__)
    rows = client.execute(f"select {', '.join(names)} from commits final order by sha")
    for row, name in zip(rows, raw, strict=True):
        found = dict(zip(names, row, strict=True))
        assert (
            to_bytes(found["author_name"]) == to_bytes(found["parents"][0]) == to_bytes(found["co_authors"][0]) == name
        )
        assert found["fetched_at"] == _FIRST
        assert found["committed_at"] == datetime(1970, 1, 1, tzinfo=UTC)
        assert found["authored_at"] == datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)
        assert (found["author_offset_seconds"], found["deletions"]) == (-43200, 2**32 - 1)
    assert [row[names.index("reverted_sha")] for row in rows] == ["c" * 40, None] * 3


def test_identifiers_with_quotes_stay_data(sink, client):
    odd = "a'); drop table refs; --\\"
    _write(sink, _reach("a", _FIRST, org_id=odd))
    _retire(sink, "commit_reachability", _SECOND, org_id=odd)
    assert client.execute("select org_id, is_reachable from commit_reachability final") == [(odd, False)]


def test_a_batch_of_several_types_repositories_and_times_lands_in_its_tables(sink, client):
    records = [
        _ref("refs/heads/main", _FIRST),
        _reach("a", _FIRST),
        _reach("b", _SECOND, repo_id="web"),
        _ref("refs/tags/v1", _SECOND),
    ]
    assert _write(sink, *records) == 4
    assert [row[2] for row in _rows(client, "refs")] == ["refs/heads/main", "refs/tags/v1"]
    assert client.execute("select repo_id, fetched_at from commit_reachability final order by repo_id") == [
        ("shop", _FIRST),
        ("web", _SECOND),
    ]


def test_a_batch_written_twice_is_stored_once(sink, client):
    stat = CommitFileStat(
        **_OF,
        committed_at=_FIRST,
        sha="a",
        path="x",
        old_path=None,
        additions=1,
        deletions=2,
        is_binary=False,
        is_gone=False,
        fetched_at=_FIRST,
    )
    for _ in range(2):
        _write(sink, stat, msgspec.structs.replace(stat, path="y"))
    assert client.execute("select count() from commit_file_stats") == [(2,)]
    _write(sink, msgspec.structs.replace(stat, path="y"))
    assert client.execute("select count() from commit_file_stats final") == [(2,)]


def test_an_empty_batch_is_no_statement(sink, client):
    assert _write(sink) == 0


def test_the_newest_fetch_wins_in_every_order(sink, client):
    for order in itertools.permutations((_FIRST, _SECOND, _THIRD)):
        client.execute("truncate table refs")
        for at in order:
            _write(sink, _ref("refs/heads/main", at, sha=at.isoformat()))
        assert client.execute("select sha from refs final") == [(_THIRD.isoformat(),)]


def test_a_snapshot_retires_what_is_older_and_tells_the_days(sink, client):
    _write(sink, _reach("old", _FIRST, day=1), _reach("other", _FIRST, day=3))
    _write(sink, _reach("new", _SECOND, day=2), _reach("theirs", _FIRST, day=4, org_id="umbrella"))
    assert _retire(sink, "commit_reachability", _SECOND) == [date(2026, 1, 1), date(2026, 1, 3)]
    assert _retire(sink, "commit_reachability", _SECOND) == [], "nothing is left to go"
    assert client.execute(
        "select sha, is_reachable, in_default_branch from commit_reachability final order by sha"
    ) == [
        ("new", True, True),
        ("old", False, False),
        ("other", False, False),
        ("theirs", True, True),
    ]
    assert _retire(sink, "commit_reachability", _THIRD) == [date(2026, 1, 2)]


def test_a_snapshot_of_a_table_without_times_tells_no_days(sink, client):
    _write(sink, _ref("refs/heads/gone", _FIRST), _ref("refs/heads/main", _SECOND))
    assert _retire(sink, "refs", _SECOND) == []
    assert client.execute("select name, is_deleted, sha from refs final order by name") == [
        ("refs/heads/gone", True, "a"),
        ("refs/heads/main", False, "a"),
    ]


def test_what_comes_back_after_a_snapshot_is_there_again(sink, client):
    _write(sink, _reach("a", _FIRST))
    _retire(sink, "commit_reachability", _SECOND)
    _write(sink, _reach("a", _THIRD))
    assert client.execute("select is_reachable from commit_reachability final") == [(True,)]


def test_rows_and_snapshots_in_every_order_end_the_same(sink, client):
    just_before = _SECOND - timedelta(microseconds=1)
    steps = [
        lambda of: _write(sink, _reach("a", _FIRST, **of), _reach("b", _FIRST, **of)),
        lambda of: _retire(sink, "commit_reachability", _SECOND, **of),
        lambda of: _write(sink, _reach("b", _THIRD, **of), _reach("c", _THIRD, **of)),
        lambda of: _write(sink, _reach("c", _FIRST, **of), _reach("d", just_before, **of)),
    ]
    for number, order in enumerate(itertools.permutations(steps)):
        for step in order:
            step({"repo_id": f"shop-{number}"})
            step({"repo_id": f"shop-{number}"})
    seen = client.execute(
        "select groupArray((sha, is_reachable)) from "
        "(select * from commit_reachability final order by repo_id, sha) group by repo_id"
    )
    assert seen == [([("a", False), ("b", True), ("c", True), ("d", False)],)] * 24


def test_more_partitions_than_the_server_default_allows_fit_in_one_insert(client):
    client.execute("create table monthly (day Date) engine = MergeTree partition by toYYYYMM(day) order by day")
    client.execute("insert into monthly select toDate('1990-01-01') + number * 31 from numbers(300)")
    assert client.execute("select count() from monthly") == [(300,)]


def test_both_write_to_the_secondary_too_and_answer_for_the_primary(warehouse_settings, tmp_path):
    settings = dataclasses.replace(warehouse_settings, sink="both", secondary_uri=f"sqlite:///{tmp_path / 'second.db'}")
    with open_sink(settings) as sink:
        assert _write(sink, _reach("a", _FIRST)) == 1
        assert _retire(sink, "commit_reachability", _SECOND) == [date(2026, 1, 1)]
        clickhouse, engine = sink.session
        assert clickhouse.execute("select is_reachable from commit_reachability final") == [(False,)]
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("select sha, is_reachable from commit_reachability").all()
    assert rows == [("a", 0)]


def _review(number: int, review: str, fetched_at: datetime, *, day: int | None = 1) -> PullRequestReview:
    return PullRequestReview(
        **_OF,
        number=number,
        review_id=review,
        author="ann",
        state="approved",
        submitted_at=datetime(2026, 1, day, 23, 59, 59, tzinfo=UTC) if day else None,
        commit_sha=None,
        body_length=0,
        is_deleted=False,
        fetched_at=fetched_at,
    )


def _retire_reviews(sink, version: datetime, *numbers: int) -> list[date]:
    snapshot = Snapshot(**_OF, table="pull_request_reviews", version=version, column="number", values=numbers)
    return _told_by_retiring(sink, snapshot)


def test_a_snapshot_of_some_values_speaks_of_no_other_rows(sink, client):
    old = [_review(1, "a", _FIRST, day=1), _review(2, "b", _FIRST, day=None), _review(3, "c", _FIRST, day=3)]
    _write(sink, *old, _review(1, "d", _SECOND, day=4))
    assert _retire_reviews(sink, _SECOND, 1, 2) == [date(2026, 1, 1)], "a pending review has no day"
    assert _retire_reviews(sink, _SECOND, 1, 2) == []
    assert client.execute("select review_id, is_deleted from pull_request_reviews final order by review_id") == [
        ("a", True),
        ("b", True),
        ("c", False),
        ("d", False),
    ]
    assert client.execute("select count() from record_snapshots") == [(0,)], "rows of others may still arrive"


def test_a_snapshot_of_a_whole_repository_tells_every_day_column(sink, client):
    opened, merged = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
    _write(
        sink, pull_request(1, _FIRST, created_at=opened), pull_request(2, _FIRST, created_at=opened, merged_at=merged)
    )
    assert _retire(sink, "pull_requests", _SECOND) == [date(2026, 1, 1), date(2026, 2, 2)]
    client.execute("optimize table pull_requests final")  # the rows as they were are no more
    assert _retire(sink, "pull_requests", _SECOND) == []


def test_a_write_tells_the_days_of_the_rows_that_differ_before_it_writes_them(sink, client):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    first = [_commit(sha=str(number), committed_at=at + timedelta(days=number)) for number in range(3)]
    first.append(_commit(sha="0", committed_at=at, repo_id="other"))
    held = []
    asyncio.run(sink.write_batch(first, sink.session, lambda _: held.append(client.execute("select 1 from commits"))))
    assert held == [[]]
    assert _told(sink, *first) == {}
    later = [msgspec.structs.replace(one, fetched_at=_SECOND) for one in first]
    assert _told(sink, *later) == {}, "a newer version of the same is no news"
    assert client.execute("select count(), min(fetched_at) from commits final") == [(4, _SECOND)]
    changes = ({"reverted_sha": ""}, {"co_authors": ["Eve <e@x>"]}, {"is_merge": True}, {"subject": "\xff'"}, {})
    for number, change in enumerate(changes):
        changed = msgspec.structs.replace(later[1], **change, fetched_at=_THIRD + timedelta(days=number))
        assert _told(sink, later[0], changed) == {"shop": [date(2026, 1, 2)]}
        assert _told(sink, changed) == {}
    merged = [pull_request(1, _FIRST, created_at=at), pull_request(1, _SECOND, created_at=at, merged_at=_THIRD)]
    assert [_told(sink, one) for one in merged] == [
        {"shop": [date(2026, 1, 1)]},
        {"shop": [date(2026, 1, 1), date(2026, 3, 3)]},
    ]
    moved = pull_request(1, _THIRD, created_at=at, merged_at=_THIRD + timedelta(days=2))
    assert _told(sink, moved) == {"shop": [date(2026, 1, 1), date(2026, 3, 3), date(2026, 3, 5)]}


def test_a_name_that_stands_for_somebody_else_changes_every_day_and_a_new_one_does_not(sink):
    def identity(name: str, stands_for: str, fetched_at: datetime) -> CommitIdentity:
        return CommitIdentity(
            **_OF,
            name=name,
            email="",
            identity_email=stands_for,
            identity_name="",
            is_bot=False,
            fetched_at=fetched_at,
        )

    assert _told(sink, identity("ann", "ann", _FIRST)) == {}
    assert _told(sink, identity("ann", "ann", _SECOND), identity("bob", "bob", _SECOND)) == {}
    days = _told(sink, identity("bob", "ann", _THIRD))["shop"]
    assert (days[0], days[-1] >= date(2026, 3, 3), len(days)) == (EARLIEST, True, (days[-1] - EARLIEST).days + 1)


def test_what_is_gathered_tells_each_repository_what_is_its_own(sink, client):
    gathered = GatheringSink(sink)
    told = {}
    for repo_id in ("shop", "web"):
        records = [_reach("a", _FIRST, repo_id=repo_id, day=1 if repo_id == "shop" else 2)]
        asyncio.run(
            gathered.write_batch(
                records, gathered.session, lambda days, repo_id=repo_id: told.setdefault(repo_id, []).append(days)
            )
        )
    assert told == {}
    asyncio.run(gathered.flush(gathered.session))
    assert told == {
        "shop": [{("acme", "shop"): {date(2026, 1, 1)}}],
        "web": [{("acme", "web"): {date(2026, 1, 2)}}],
    }


def test_files_of_a_commit_that_was_read_again_are_replaced_as_a_set(sink, client):
    """Of a commit that was not read again nothing is told."""

    def stat(sha, path, at):
        changes = {"old_path": None, "additions": 1, "deletions": 2, "is_binary": False, "is_gone": False}
        return CommitFileStat(**_OF, committed_at=_FIRST, sha=sha, path=path, fetched_at=at, **changes)

    of_it = {"column": "sha", "beside": "commits"}
    _write(sink, _commit(sha="s", fetched_at=_FIRST), _commit(sha="t", fetched_at=_FIRST))
    _write(sink, stat("s", "kept", _FIRST), stat("s", "gone", _FIRST), stat("t", "gone", _FIRST))
    assert _retire(sink, "commit_file_stats", _FIRST, **of_it) == []
    _write(sink, _commit(sha="s", fetched_at=_SECOND), stat("s", "kept", _SECOND))
    assert _retire(sink, "commit_file_stats", _SECOND, **of_it) == [_FIRST.date()]
    assert _retire(sink, "commit_file_stats", _SECOND, **of_it) == []
    assert client.execute("select sha, path, additions, is_gone from commit_file_stats final order by sha, path") == [
        ("s", "gone", 0, True),
        ("s", "kept", 1, False),
        ("t", "gone", 1, False),
    ]
