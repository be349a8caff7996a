"""Of a damaged repository everything readable is kept, and it never passes for a whole one."""

import shutil
from pathlib import Path

import pytest

from devhealth.connectors.local_git import git as connector
from devhealth.errors import SourceCorrupt, SourceError, SourceNotFound
from devhealth.models.git_pages import COMMITS, CURSOR
from devhealth.processors.local_git import git as processor
from devhealth.staging import UnitStaging
from tests.git_histories import FILE, Commit, git, make_repository, set_refs
from tests.git_sync import Tables, settings_below, sync, unit_for

COUNT = 120
BROKEN = 70


@pytest.fixture
def source(tmp_path: Path) -> tuple[Path, list[str]]:
    """A repository of loose objects: a commit a file."""
    commits = [
        Commit(parents=[at - 1] if at else [], files={b"dir/%d" % at: (FILE, b"content %d\n" % at)})
        for at in range(COUNT)
    ]
    packed = tmp_path / "packed"
    shas = make_repository(packed, commits, {"refs/heads/main": COUNT - 1, "refs/heads/early": BROKEN - 10})
    loose = tmp_path / "source"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "source")
    for pack in (packed / "objects" / "pack").glob("*.pack"):
        git(loose, "unpack-objects", "-q", stdin=pack.read_bytes())
    set_refs(loose, shas, {"refs/heads/main": COUNT - 1, "refs/heads/early": BROKEN - 10})
    return loose, shas


def loose_object(path: Path, name: str) -> Path:
    sha = git(path, "rev-parse", name).decode().strip()
    return path / "objects" / sha[:2] / sha[2:]


def fetched(path: Path, folder: Path) -> tuple[Tables, SourceError]:
    unit = unit_for(path, folder)
    with pytest.raises(SourceError) as caught:
        list(connector.fetch(unit, settings_below(folder)))
    pages = UnitStaging(unit.staging).pages()
    assert CURSOR not in {page.name for page in pages}
    tables = Tables()
    for batch in processor.to_records(pages, unit):
        for record in batch:
            tables.store(record)
    return tables, caught.value


@pytest.mark.parametrize("what", ["{}:dir/70", "{}:dir", "{}^{{tree}}"])
@pytest.mark.parametrize("is_missing", [True, False])
def test_unreadable_files_cost_only_their_commits(
    source: tuple[Path, list[str]], tmp_path: Path, what: str, *, is_missing: bool
) -> None:
    path, shas = source
    damaged = loose_object(path, what.format(shas[BROKEN]))
    damaged.chmod(0o644)
    damaged.unlink() if is_missing else damaged.write_bytes(b"rubbish")
    tables, error = fetched(path, tmp_path / "unit")
    assert isinstance(error, SourceCorrupt)
    lost = set(shas) - {row["sha"] for row in tables.facts("commits")}
    assert shas[BROKEN] in lost
    assert lost <= {shas[BROKEN], shas[BROKEN + 1]}
    assert all(sha in str(error) for sha in lost)
    assert {row["sha"] for row in tables.facts("commit_file_stats")} == set(shas) - lost


@pytest.mark.parametrize("is_missing", [True, False])
def test_an_unreadable_commit_costs_what_only_it_leads_to(
    source: tuple[Path, list[str]], tmp_path: Path, *, is_missing: bool
) -> None:
    path, shas = source
    damaged = loose_object(path, shas[BROKEN])
    damaged.chmod(0o644)
    damaged.unlink() if is_missing else damaged.write_bytes(b"rubbish")
    tables, error = fetched(path, tmp_path / "unit")
    assert isinstance(error, SourceCorrupt)
    assert shas[BROKEN] in str(error)
    expected = {*shas[: BROKEN - 9], *shas[BROKEN + 2 :]}
    assert expected <= {row["sha"] for row in tables.facts("commits")} <= {*expected, shas[BROKEN + 1]}


def test_a_ref_to_a_missing_commit_is_named(source: tuple[Path, list[str]], tmp_path: Path) -> None:
    path, shas = source
    loose_object(path, shas[-1]).unlink()
    tables, error = fetched(path, tmp_path / "unit")
    assert "refs/heads/main" in str(error)
    assert len(tables.facts("commits")) == BROKEN - 9


def test_a_repaired_repository_is_completed_by_a_retry(source: tuple[Path, list[str]], tmp_path: Path) -> None:
    path, shas = source
    damaged = loose_object(path, f"{shas[BROKEN]}:dir/70")
    damaged.rename(tmp_path / "kept")
    fetched(path, tmp_path / "unit")
    (tmp_path / "kept").rename(damaged)
    tables = Tables()
    assert sync(tables, path, tmp_path / "unit")
    assert len(tables.facts("commit_file_stats")) == COUNT


def test_a_repository_that_disappears_while_it_is_read(source: tuple[Path, list[str]], tmp_path: Path) -> None:
    path, _ = source
    fetching = connector.fetch(unit_for(path, tmp_path / "unit"), settings_below(tmp_path))
    next(fetching)
    shutil.rmtree(path)
    with pytest.raises(SourceNotFound):
        list(fetching)
    assert not [page for page in UnitStaging(str(tmp_path / "unit")).pages() if page.name.startswith(COMMITS)]


@pytest.mark.parametrize("is_away", [False, True])
@pytest.mark.parametrize("filtered", ["blob:none", "tree:0"])
def test_a_partial_clone_keeps_what_it_has(
    source: tuple[Path, list[str]], tmp_path: Path, filtered: str, *, is_away: bool
) -> None:
    path, shas = source
    git(path, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--bare", f"--filter={filtered}", f"file://{path}", "partial")
    same = ("main^{tree}", "-p", "main", "-m", "a commit that is all here")
    git(partial, "update-ref", "refs/heads/main", git(partial, "commit-tree", *same).strip())
    stored = sorted((partial / "objects").rglob("*"))
    if is_away:
        path.rename(tmp_path / "away")
    tables, error = fetched(partial, tmp_path / "unit")
    assert isinstance(error, SourceCorrupt)
    assert f"({partial}) is a partial clone" in str(error)
    assert "without --filter" in str(error)
    assert "fsck" not in str(error)
    assert "a commit that is all here" in {row["subject"] for row in tables.facts("commits")}
    assert len(tables.facts("commit_reachability")) == len(shas) + 1
    assert sorted((partial / "objects").rglob("*")) == stored


def test_a_corrupt_tip_and_a_corrupt_tag_are_named(source: tuple[Path, list[str]], tmp_path: Path) -> None:
    path, shas = source
    git(path, "tag", "-a", "-m", "x", "release", shas[3])
    for name in (shas[-1], "refs/tags/release"):
        damaged = loose_object(path, name)
        damaged.chmod(0o644)
        damaged.write_bytes(b"rubbish")
    tables, error = fetched(path, tmp_path / "unit")
    assert isinstance(error, SourceCorrupt)
    assert "refs/heads/main" in str(error)
    assert "refs/tags/release" in str(error)
    assert len(tables.facts("commits")) == BROKEN - 9
