"""Blame of whole trees against plain `git blame`, line by line."""

import itertools
import json
import random
import tempfile
import threading
from pathlib import Path

import pytest

from devhealth.connectors.local_git import blame, blame_process
from devhealth.connectors.local_git.blamed_files import File
from devhealth.errors import InputError, SourceCorrupt
from devhealth.models.git import BlameRange
from devhealth.models.table import Snapshot
from devhealth.processors.local_git.blame import to_records
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from tests.connectors.local_git.blame_runs import Stored, plain_blame, unit_of
from tests.connectors.local_git.small_git import commit, git, repository, settings_in, text


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def test_every_kind_of_file_is_blamed_as_plain_git_does(shop: Path, settings: Settings) -> None:
    odd = {b"caf\xe9.txt": b"1\n2\n", b"new\nline": b"1\n", b'"quoted"\t': b"1\n", b":(glob)*": b"1\n", b"-f": b"1\n"}
    commit(shop, {"crlf": b"1\r\n2\r\n3\r\n", "no-end": b"1\n2", "empty": b"", "cr": b"1\r2\r3", **odd})
    commit(shop, {"crlf": b"1\r\nB\r\n3\r\n", "no-end": b"1\n2\n3", b"caf\xe9.txt": b"1\nB\n", "run.sh": b"#!\n"})
    commit(shop, {".gitattributes": b"*.dat binary\n", "x.dat": b"1\n", "nul": b"1\0\n2\n", "latin": b"\xe9\n\xff\n"})
    (shop / "run.sh").chmod(0o755)
    (shop / "link").symlink_to("crlf")
    git(shop, "mv", "crlf", "moved")
    git(shop, "update-index", "--add", "--cacheinfo", f"160000,{text(shop, 'rev-parse', 'HEAD')},module")
    git(shop, "commit", "--quiet", "--all", "--message", "move")
    (shop / ".gitignore").write_text("ignored\n")
    for name in ("ignored", "untracked", "moved"):
        (shop / name).write_text("not committed\n")
    stored = Stored()
    stored.sync(shop, settings)
    assert stored.lines() == plain_blame(shop)
    assert {b"moved", b"latin", b"cr", b"run.sh", *odd} < stored.lines().keys()
    assert stored.rows["empty", 0].line_count == 0


def _changed(chance: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    at = chance.randrange(len(lines) + 1)
    lines[at : at + chance.randrange(3)] = [b"%d\n" % chance.randrange(5) for _ in range(chance.randrange(4))]
    return b"".join(lines)


def _change_something(chance: random.Random, shop: Path) -> None:
    names = [f"{folder}/{number}.txt" for folder in ("a", "b") for number in range(4)]
    there = [name for name in names if (shop / name).is_file()]
    act = chance.choice(["edit", "edit", "edit", "remove", "rename", "merge", "binary", "rewrite", "revert"])
    if act == "remove" and there:
        commit(shop, {chance.choice(there): None})
    elif act == "rename" and there:
        (shop / chance.choice(there)).rename(shop / "a" / "0.txt")
        commit(shop)
    elif act == "merge":
        git(shop, "branch", "--force", "other")
        here = commit(shop, {"b/3.txt": b"%d\n" % chance.randrange(9)})
        git(shop, "checkout", "--quiet", "other")
        commit(shop, {"a/3.txt": b"%d\n" % chance.randrange(9)})
        git(shop, "checkout", "--quiet", "main")
        first, second = chance.choice([(here, "other"), ("other", here)])
        git(shop, "reset", "--quiet", "--hard", first)
        git(shop, "merge", "--quiet", "--no-ff", "-m", "merge", second)
    elif act == "rewrite":
        git(shop, "commit", "--quiet", "--amend", "--allow-empty", "--message", str(chance.random()))
    elif act == "revert" and there:
        name = chance.choice(there)
        content = (shop / name).read_bytes()
        commit(shop, {name: b"else\n"})
        commit(shop, {name: content})
    else:
        name = chance.choice(names)
        content = b"\0\n" if act == "binary" else _changed(chance, (shop / name).read_bytes() if name in there else b"")
        commit(shop, {name: content})


@pytest.mark.parametrize("seed", range(4))
def test_incremental_runs_end_where_a_full_one_does(shop: Path, settings: Settings, seed: int) -> None:
    chance = random.Random(seed)
    commit(shop, {"a/0.txt": b"1\n2\n3\n", "b/0.txt": b"1\n"})
    stored = Stored()
    for _ in range(8):
        stored.sync(shop, settings)
        for _ in range(chance.randrange(1, 4)):
            _change_something(chance, shop)
    stored.sync(shop, settings)
    full = Stored()
    full.sync(shop, settings)
    assert stored.lines() == full.lines() == plain_blame(shop)


def test_only_changed_files_are_blamed_again(shop: Path, settings: Settings) -> None:
    commit(shop, {"a": b"1\n", "b": b"1\n", "c": b"1\n", "d": b"1\n"})
    stored = Stored()
    assert stored.sync(shop, settings) == ["a", "b", "c", "d"]
    commit(shop, {"b": b"2\n", "c": b"", "d": None})
    (shop / "a").chmod(0o755)
    commit(shop, {})
    assert stored.sync(shop, settings) == ["a", "b", "c", "d"]
    assert stored.sync(shop, settings) == []
    commit(shop, {"b": b"3\n"})
    assert stored.sync(shop, settings) == ["b"]
    assert stored.lines() == plain_blame(shop)
    assert [(row.line_count, row.sha) for row in (stored.rows["c", 0], stored.rows["d", 0])] == [(0, ""), (0, "")]


def test_a_lost_cursor_or_rewritten_history_blames_everything(shop: Path, settings: Settings) -> None:
    commit(shop, {"a": b"1\n", "gone": b"1\n"})
    stored = Stored()
    stored.sync(shop, settings)
    git(shop, "checkout", "--quiet", "--orphan", "fresh")
    commit(shop, {"gone": None})
    git(shop, "branch", "--force", "-M", "fresh", "main")
    git(shop, "reflog", "expire", "--expire=now", "--all")
    git(shop, "gc", "--quiet", "--prune=now")
    assert stored.sync(shop, settings) == ["a"]
    assert stored.lines() == plain_blame(shop)
    stored.cursor = b"not json"
    assert stored.sync(shop, settings) == ["a"]


def test_probe_tells_whether_the_tip_moved(shop: Path, settings: Settings) -> None:
    assert not blame.probe(str(shop), {}, None, settings)
    commit(shop, {"a": b"1\n"})
    stored = Stored()
    assert blame.probe(str(shop), {}, None, settings)
    stored.sync(shop, settings)
    assert not blame.probe(str(shop), {}, stored.cursor, settings)
    git(shop, "branch", "other")
    assert not blame.probe(str(shop), {}, stored.cursor, settings)
    commit(shop, {"a": b"2\n"})
    assert blame.probe(str(shop), {}, stored.cursor, settings)


def test_a_history_made_complete_is_blamed_anew(shop: Path, settings: Settings) -> None:
    commit(shop, {"a": b"1\n", "b": b"1\n"})
    commit(shop, {"a": b"1\n2\n"})
    git(shop.parent, "clone", "--quiet", "--depth", "1", f"file://{shop}", "cut")
    cut, stored = shop.parent / "cut", Stored()
    stored.sync(cut, settings)
    assert stored.lines() == plain_blame(cut) != plain_blame(shop)
    git(cut, "fetch", "--quiet", "--unshallow")
    assert blame.probe(str(cut), {}, stored.cursor, settings)
    stored.sync(cut, settings)
    assert stored.lines() == plain_blame(shop)


def test_a_clone_behind_its_origin_is_blamed_at_the_origins_tip(shop: Path, settings: Settings) -> None:
    commit(shop, {"a": b"1\n"})
    git(shop.parent, "clone", "--quiet", "shop", "clone")
    clone, stored = shop.parent / "clone", Stored()
    commit(shop, {"a": b"1\n2\n"})
    git(clone, "fetch", "--quiet")
    stored.sync(clone, settings)
    assert stored.lines() == plain_blame(shop)
    commit(clone, {"a": b"3\n"})
    stored.sync(clone, settings)
    assert stored.lines() == plain_blame(clone)


def test_nothing_to_blame_is_fine(shop: Path, settings: Settings) -> None:
    stored = Stored()
    assert stored.sync(shop, settings) == []
    commit(shop, {})
    assert stored.sync(shop, settings) == []
    commit(shop, {"bin": b"\0"})
    stored.sync(shop, settings)
    assert stored.lines() == {}


def test_a_mirror_is_blamed_like_its_remote(shop: Path, settings: Settings) -> None:
    commit(shop, {"a": b"1\n", "b": b"1\n"})
    commit(shop, {"a": b"1\n2\n"})
    stored = Stored()
    stored.sync(f"file://{shop}", settings)
    commit(shop, {"b": b"1\n2\n"})
    assert stored.sync(f"file://{shop}", settings) == ["b"]
    assert stored.lines() == plain_blame(shop)


def test_a_retry_goes_on_after_the_last_whole_page(
    shop: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blame, "FILES_PER_PAGE", 3)
    commit(shop, {f"{number:02}.txt": b"%d\n" % number for number in range(20)})
    unit = unit_of(shop, settings)
    first = blame.fetch(unit, settings)
    kept = {page.name: page.read() for page in itertools.islice(first, 4)}
    first.close()
    again = commit(shop, {"00.txt": b"later\n"})
    pages = list(blame.fetch(unit, settings))
    assert len(pages) == 9
    assert [page.name for page in pages] == sorted(page.name for page in UnitStaging(unit.staging).pages())
    assert {page.name: page.read() for page in pages[:4]} == kept
    assert json.loads(pages[-1].read())["commit"] != again
    monkeypatch.setattr(blame, "open_source", None)
    assert [page.name for page in blame.fetch(unit, settings)] == [page.name for page in pages]


def test_neither_text_nor_messages_are_staged(shop: Path, settings: Settings) -> None:
    commit(shop, {"a": b"s3cret text\n"})
    git(shop, "commit", "--quiet", "--allow-empty", "--amend", "--message", "s3cret subject")
    for page in blame.fetch(unit_of(shop, settings), settings):
        assert b"s3cret" not in page.read()


def _damage(shop: Path, name: str) -> None:
    blob = text(shop, "rev-parse", name)
    path = shop / ".git" / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")


def test_readable_files_of_a_damaged_repository_are_kept(
    shop: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blame, "FILES_PER_PAGE", 2)
    commit(shop, {"a": b"1\n", "b": b"old\n", "c": b"3\n", "d": b"\0", "e": b"5\n"})
    commit(shop, {"b": b"old\nnew\n"})
    expected = plain_blame(shop)
    _damage(shop, "HEAD~1:b")
    _damage(shop, "HEAD:c")
    unit = unit_of(shop, settings)
    for _ in range(2):  # a retry knows it too
        pages: list[Page] = []
        with pytest.raises(SourceCorrupt, match=r"2 of 5 files of shop cannot be blamed, the first is 'b'"):
            pages.extend(blame.fetch(unit, settings))
        pages = UnitStaging(unit.staging).pages()
        assert [page.name for page in pages] == ["000-state", *(f"100-000000{number}" for number in range(3))]
        records = list(itertools.chain.from_iterable(to_records(pages, unit)))
        assert not [record for record in records if isinstance(record, Snapshot)]
        ranges = [(record.path, record.line_count) for record in records if isinstance(record, BlameRange)]
        assert ranges == [("a", 1), ("d", 0), ("e", 1)]
    assert {b"a", b"b", b"c", b"e"} == expected.keys()


def test_a_backfill_is_refused(shop: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match="cannot be backfilled"):
        next(blame.fetch(unit_of(shop, settings, b"{}", mode="backfill"), settings))


def test_a_users_repository_is_not_written_to(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = repository(tmp_path / 'odd : "name\\')
    commit(shop, {f"{number}.txt": b"%d\n" % number for number in range(30)})
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*")}
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    stored, graphs = Stored(), []
    blame_one = blame_process.blame

    def noting(todo: blame_process.Todo, file: File) -> bytes:
        graphs.append((Path(todo.environment["GIT_OBJECT_DIRECTORY"]) / "info" / "commit-graph").is_file())
        return blame_one(todo, file)

    monkeypatch.setattr(blame_process, "blame", noting)
    stored.sync(shop, settings)
    assert graphs == [True] * 30
    assert stored.lines() == plain_blame(shop)
    assert {path: path.stat().st_mtime_ns for path in shop.rglob("*")} == before
    assert list(scratch.iterdir()) == []


def test_local_blame_configuration_changes_nothing(shop: Path, settings: Settings) -> None:
    commit(shop, {"a": b"1\n2\n"})
    ignored = commit(shop, {"a": b"1\n3\n"})
    expected = plain_blame(shop)
    (shop / "ignore").write_text(ignored)
    git(shop, "config", "blame.ignoreRevsFile", "ignore")
    stored = Stored()
    stored.sync(shop, settings)
    assert stored.lines() == expected


def test_no_more_processes_than_workers_run_at_once(
    shop: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(shop, {f"{number}.txt": b"%d\n" % number for number in range(40)})
    running, most, lock, blame_one = 0, 0, threading.Lock(), blame_process.blame

    def counted(todo: blame_process.Todo, file: File) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return blame_one(todo, file)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(blame_process, "blame", counted)
    Stored().sync(shop, settings)
    assert most == settings.max_workers
