"""Pages of any size and of any bytes become records in bounded batches."""

import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest

from devhealth.errors import RecordError
from devhealth.processors.local_git import git as processor
from devhealth.processors.local_git import numstat
from devhealth.staging import UnitStaging
from tests.git_histories import FILE, Commit, make_repository
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
