"""Pages of any size and of any bytes become records in bounded batches."""

import tracemalloc
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from devhealth.errors import RecordError
from devhealth.models.unit import Window
from devhealth.processors.local_git import git as processor
from devhealth.processors.local_git import numstat
from devhealth.staging import UnitStaging
from tests.git_histories import FILE, Commit, git, make_repository
from tests.git_sync import Tables, settings_below, sync, unit_for


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
def test_tokens_do_not_depend_on_where_blocks_meet(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numstat, "_BLOCK", block)
    content = "\x01a\0naïve\0\0\n1\t2\tx\0".encode() + b"\xff\0"
    tokens = [token for found in numstat.token_blocks(BytesIO(content)) for token in found]
    assert tokens == ["\x01a", "naïve", "", "\n1\t2\tx", "\udcff"]


@pytest.mark.parametrize("block", [3, 50, 1 << 20])
def test_commits_do_not_depend_on_where_blocks_meet(
    block: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = b"".join(b"line %d\n" % at for at in range(30))
    commits = [
        Commit(files={b"a": (FILE, text), b"\x01odd": (FILE, b"x\n")}),
        Commit(parents=[0], files={b"a": None, b"\x01b": (FILE, text + b"more\n")}),
        Commit(parents=[0]),
        Commit(parents=[1, 2]),
    ]
    make_repository(tmp_path / "source", commits)
    expected = Tables()
    sync(expected, tmp_path / "source", tmp_path / "whole")
    monkeypatch.setattr(numstat, "_BLOCK", block)
    monkeypatch.setattr(numstat, "BATCH", 1)
    found = Tables()
    sync(found, tmp_path / "source", tmp_path / "split")
    for table in ("commits", "commit_file_stats"):
        assert found.facts(table) == expected.facts(table)
    assert {row["old_path"] for row in found.facts("commit_file_stats")} == {None, "a"}


@pytest.mark.parametrize("batch", [1, 100])
def test_a_name_that_a_tree_has_twice_is_one_row_of_all_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(numstat, "BATCH", batch)
    [first] = make_repository(tmp_path / "source", [Commit(files={b"z": (FILE, b"1\n")})])
    blobs = [git(tmp_path / "source", "hash-object", "-w", "--stdin", stdin=b"1\n" * count) for count in (3, 4, 5)]
    entries = zip((b"a", b"a", b"b"), blobs, strict=True)
    tree = b"".join(b"100644 %s\0%s" % (name, bytes.fromhex(sha.decode())) for name, sha in entries)
    made = git(tmp_path / "source", "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=tree)
    commit = git(tmp_path / "source", "commit-tree", made.decode().strip(), "-p", first, "-m", "odd").decode().strip()
    git(tmp_path / "source", "update-ref", "refs/heads/main", commit)
    for number, place in enumerate([str(tmp_path / "source"), f"file://{tmp_path}/source"]):
        tables = Tables()
        sync(tables, place, tmp_path / f"home-{number}")  # type: ignore[arg-type]
        rows = {row["path"]: row["additions"] for row in tables.facts("commit_file_stats") if row["sha"] == commit}
        assert rows == {"a": 7, "b": 5, "z": 0}
        [told] = [row for row in tables.facts("commits") if row["sha"] == commit]
        assert (told["additions"], told["files_changed"]) == (12, 3)


def test_a_date_of_thousands_of_digits_is_no_date(tmp_path: Path) -> None:
    """Git takes it for 1970; nothing else of the history suffers, whatever is asked for."""
    make_repository(tmp_path / "source", [Commit(files={b"a": (FILE, b"1\n")})])
    text = git(tmp_path / "source", "cat-file", "commit", "main").replace(b"1600000000", b"9" * 5_000)
    odd = git(tmp_path / "source", "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text)
    git(tmp_path / "source", "update-ref", "refs/heads/odd", odd.decode().strip())
    tables = Tables()
    cursor = sync(tables, tmp_path / "source", tmp_path / "first")
    assert cursor
    times = {row["sha"]: row["committed_at"].year for row in tables.facts("commits")}
    assert sorted(times.values()) == [1970, 2020]
    git(tmp_path / "source", "update-ref", "-d", "refs/heads/odd")
    assert sync(tables, tmp_path / "source", tmp_path / "second", cursor)
    reached = {row["committed_at"].year: row["is_reachable"] for row in tables.facts("commit_reachability")}
    assert reached == {1970: False, 2020: True}
    assert len(tables.facts("commit_reachability")) == len(times)
    git(tmp_path / "source", "update-ref", "refs/heads/odd", odd.decode().strip())
    window = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC))
    for shared in ("", str(tmp_path / "shared")):
        filled = Tables()
        sync(
            filled,
            tmp_path / "source",
            tmp_path / f"third{bool(shared)}",
            mode="backfill",
            window=window,
            shared=shared,
        )
        assert [row["committed_at"].year for row in filled.facts("commits")] == [2020]


def test_pages_without_a_state_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="expected page 000-state first, got no page"):
        list(processor.to_records([], unit_for(tmp_path, tmp_path)))


def test_a_commit_of_many_files_passes_through_in_bounded_memory(tmp_path: Path) -> None:
    """30,000 files in one commit, records handed on in small batches."""
    files = {b"folder%d/%d" % (at % 97, at): (FILE, b"x\n") for at in range(30_000)}
    make_repository(tmp_path / "source", [Commit(files=files)])
    from devhealth.connectors.local_git import git as connector

    unit = unit_for(tmp_path / "source", tmp_path / "unit")
    list(connector.fetch(unit, settings_below(tmp_path)))
    tracemalloc.start()
    sizes = [len(batch) for batch in processor.to_records(UnitStaging(unit.staging).pages(), unit)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) >= 30_000
    assert max(sizes) <= 20_000
    assert peak < 40 << 20
