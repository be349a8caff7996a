"""Blame pages in, exact records out."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from devhealth.errors import RecordError
from devhealth.models import blame_pages
from devhealth.models.blame_pages import BlameCursor, BlameState
from devhealth.models.git import BlameRange
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.processors.local_git import blame
from devhealth.staging import UnitStaging

AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
ONE, TWO = "1" * 40, "2" * 40


def range_of(path: str, first: int, count: int, sha: str) -> BlameRange:
    return BlameRange(
        org_id="acme", repo_id="shop", path=path, first_line=first, line_count=count, sha=sha, fetched_at=AT
    )


def records(
    folder: Path, *pages: list[tuple[bytes, bytes]], since: str | None = None, is_whole: bool = True
) -> list[list[Record | Snapshot]]:
    unit = Unit(
        unit_id="shop-blame",
        run_id="run",
        org_id="acme",
        provider="local_git",
        target="blame",
        repo_id="shop",
        source="/shop",
        name="shop",
        mode="incremental",
        window=None,
        planned_until=AT,
        staging=str(folder),
    )
    staging = UnitStaging(unit.staging)
    staging.write_page(blame_pages.STATE, msgspec.json.encode(BlameState(AT, BlameCursor(TWO), since)))
    for number, page in enumerate(pages):
        staging.write_page(f"100-{number:07d}", blame_pages.join(page))
    if is_whole:
        staging.write_page(blame_pages.CURSOR, msgspec.json.encode(BlameCursor(TWO)))
    return list(blame.to_records(staging.pages(), unit))


def test_ranges_come_by_line_with_neighbours_of_one_commit_joined(tmp_path: Path) -> None:
    ranges = f"{TWO} 9 4 1\n{ONE} 7 2 2\n{ONE} 1 1 1\n{ONE} 5 5 10".encode()
    assert records(tmp_path, [(b"a", ranges)], since=ONE) == [
        [range_of("a", 1, 3, ONE), range_of("a", 4, 1, TWO), range_of("a", 5, 10, ONE)]
    ]


def test_a_file_without_lines_has_one_row_of_zeros(tmp_path: Path) -> None:
    assert records(tmp_path, [(b"gone", b""), (b"b", f"{ONE} 1 1 1".encode())], since=ONE) == [
        [range_of("gone", 0, 0, ""), range_of("b", 1, 1, ONE)]
    ]


def test_a_file_that_could_not_be_read_keeps_what_is_stored(tmp_path: Path) -> None:
    assert records(tmp_path, [(b"?", b"?"), (b"a", f"{ONE} 1 1 1".encode())], is_whole=False) == [
        [range_of("a", 1, 1, ONE)]
    ]


def test_odd_paths_survive(tmp_path: Path) -> None:
    paths = [b"caf\xe9", b"new\nline", b'"q"\t', "é".encode()]
    one = [(path, f"{ONE} 1 1 1".encode()) for path in paths]
    (batch,) = records(tmp_path, one, since=ONE)
    assert [record.path for record in batch if isinstance(record, BlameRange)] == [
        '"caf\\351"', "new\nline", '"\\"q\\"\\t"', "é"
    ]  # fmt: skip


def test_only_a_whole_blame_retires_what_it_did_not_list(tmp_path: Path) -> None:
    everything = Snapshot(table="blame_ranges", org_id="acme", repo_id="shop", version=AT)
    assert records(tmp_path / "whole") == [[everything]]
    assert records(tmp_path / "part", since=ONE) == []
    assert records(tmp_path / "damaged", is_whole=False) == []


def test_batches_are_bounded(tmp_path: Path) -> None:
    ranges = "\n".join(f"{(ONE, TWO)[line % 2]} 1 {line} 1" for line in range(1, 25_001)).encode()
    batches = records(tmp_path, [(b"long", ranges)], [(b"short", f"{ONE} 1 1 1".encode())], since=ONE)
    assert [len(batch) for batch in batches] == [10_000, 10_000, 5_001]


def test_pages_without_a_state_are_refused(tmp_path: Path) -> None:
    records(tmp_path, [(b"a", b"")])
    pages = UnitStaging(str(tmp_path)).pages()[1:]
    with pytest.raises(RecordError, match="begin with 000-state, got 100-0000000"):
        list(blame.to_records(pages, Unit(**dict.fromkeys(Unit.__struct_fields__, ""))))
