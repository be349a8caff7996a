"""What a unit selects, what an interrupted one resumes, and what an incremental one notices beside new commits."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from devhealth.connectors.local_git import chunks
from devhealth.connectors.local_git import git as connector
from devhealth.connectors.local_git.source import resolve
from devhealth.errors import SourceNotFound
from devhealth.models.git_pages import COMMITS, CURSOR, STATE, GitState
from devhealth.models.unit import Window
from devhealth.staging import UnitStaging
from tests.git_histories import FILE, Commit, git, make_repository, set_refs
from tests.git_sync import Tables, settings_below, sync, unit_for

DAY = 86_400
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())


def person(day: int, name: bytes = b"Ann") -> bytes:
    return b"%s <%s@example.com> %d +0000" % (name, name.lower(), START + day * DAY)


def line(days: list[int]) -> list[Commit]:
    """A straight history with those committer days."""
    return [
        Commit(
            parents=[at - 1] if at else [],
            files={b"file": (FILE, b"%d\n" % at)},
            author=person(0),
            committer=person(day),
        )
        for at, day in enumerate(days)
    ]


def flags(tables: Tables) -> dict[str, tuple[bool, bool]]:
    return {row["sha"]: (row["is_reachable"], row["in_default_branch"]) for row in tables.facts("commit_reachability")}


def day(number: int) -> datetime:
    return datetime.fromtimestamp(START + number * DAY, UTC)


def test_a_backfill_selects_by_committer_date_although_dates_are_not_ordered(tmp_path: Path) -> None:
    shas = make_repository(tmp_path / "source", line([1, 9, 3, 20, 4, 2, 30]))
    tables = Tables()
    sync(tables, tmp_path / "source", tmp_path / "unit", mode="backfill", window=Window(day(2), day(9)))
    assert {row["sha"] for row in tables.facts("commits")} == {shas[2], shas[4], shas[5]}
    assert set(flags(tables)) == {shas[2], shas[4], shas[5]}


def test_a_backfill_flags_nothing_unreachable(tmp_path: Path) -> None:
    make_repository(tmp_path / "source", line([1, 2, 3]))
    tables = Tables()
    sync(tables, tmp_path / "source", tmp_path / "first")
    sync(tables, tmp_path / "source", tmp_path / "second", mode="backfill", window=Window(day(2), day(3)))
    assert set(flags(tables).values()) == {(True, True)}


def test_windows_joined_equal_the_whole(tmp_path: Path) -> None:
    make_repository(tmp_path / "source", line([1, 9, 3, 20, 4, 2, 30]))
    whole, joined = Tables(), Tables()
    sync(whole, tmp_path / "source", tmp_path / "whole")
    for since in range(0, 35, 7):
        window = Window(day(since), day(since + 7))
        sync(joined, tmp_path / "source", tmp_path / f"u{since}", mode="backfill", window=window)
    for table in ("commits", "commit_file_stats", "commit_reachability", "commit_identities"):
        assert joined.facts(table) == whole.facts(table)


def test_a_first_sync_with_a_depth_leaves_older_commits_out_and_a_lifted_depth_brings_them(tmp_path: Path) -> None:
    shas = make_repository(tmp_path / "source", line([1, 28, 3, 30]))
    tables = Tables()
    options = {"depth_days": 5}
    cursor = sync(tables, tmp_path / "source", tmp_path / "u", options=options, planned_until=day(31))
    assert {row["sha"] for row in tables.facts("commits")} == {shas[1], shas[3]}
    sync(tables, tmp_path / "source", tmp_path / "v", cursor)
    assert {row["sha"] for row in tables.facts("commits")} == set(shas)


def test_an_empty_repository_has_no_commits_and_a_cursor(tmp_path: Path) -> None:
    make_repository(tmp_path / "source", [])
    tables = Tables()
    cursor = sync(tables, tmp_path / "source", tmp_path / "unit")
    assert cursor
    assert [row["default_branch"] for row in tables.facts("repositories")] == [None]
    assert not connector.probe(str(tmp_path / "source"), {}, cursor, settings_below(tmp_path))


def test_probe_sees_refs_mailmap_and_default_branch(tmp_path: Path) -> None:
    source, settings = tmp_path / "source", settings_below(tmp_path)
    shas = make_repository(source, line([1, 2, 3]), is_bare=False)
    cursor = sync(Tables(), source, tmp_path / "unit")
    assert connector.probe(str(source), {}, None, settings)
    assert not connector.probe(str(source), {}, cursor, settings)
    set_refs(source, shas, {"refs/heads/main": 2, "refs/heads/other": 1})
    assert connector.probe(str(source), {}, cursor, settings)
    set_refs(source, shas, {"refs/heads/main": 2})
    assert not connector.probe(str(source), {}, cursor, settings)
    (source / ".mailmap").write_text("Ann <ann@proper.example>\n")
    assert connector.probe(str(source), {}, cursor, settings)


def test_another_default_branch_turns_the_flags(tmp_path: Path) -> None:
    source = tmp_path / "source"
    commits = [*line([1, 2]), Commit(parents=[0], files={b"x": (FILE, b"x")})]
    shas = make_repository(source, commits, {"refs/heads/main": 1, "refs/heads/next": 2})
    tables = Tables()
    cursor = sync(tables, source, tmp_path / "u")
    assert flags(tables) == {shas[0]: (True, True), shas[1]: (True, True), shas[2]: (True, False)}
    sync(tables, source, tmp_path / "v", cursor, options={"default_branch": "next"})
    assert flags(tables) == {shas[0]: (True, True), shas[1]: (True, False), shas[2]: (True, True)}


def test_a_default_branch_that_is_not_there_is_named(tmp_path: Path) -> None:
    make_repository(tmp_path / "source", line([1]))
    with pytest.raises(SourceNotFound, match="no branch 'trunk'"):
        sync(Tables(), tmp_path / "source", tmp_path / "u", options={"default_branch": "trunk"})


def test_commits_collected_as_garbage_after_a_forced_push_are_flagged(tmp_path: Path) -> None:
    source = tmp_path / "source"
    commits = [*line([1, 2, 3]), Commit(parents=[0], files={b"x": (FILE, b"x")})]
    shas = make_repository(source, commits)
    set_refs(source, shas, {"refs/heads/main": 2})
    tables = Tables()
    cursor = sync(tables, source, tmp_path / "u")
    set_refs(source, shas, {"refs/heads/main": 3})
    git(source, "gc", "-q", "--prune=now")
    sync(tables, source, tmp_path / "v", cursor)
    assert flags(tables) == {
        shas[0]: (True, True),
        shas[1]: (False, False),
        shas[2]: (False, False),
        shas[3]: (True, True),
    }


def test_a_shallow_clone_is_flagged_and_completed_once_deepened(tmp_path: Path) -> None:
    shas = make_repository(tmp_path / "origin", line([1, 2, 3, 4]))
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{tmp_path}/origin", "clone")
    tables = Tables()
    cursor = sync(tables, tmp_path / "clone", tmp_path / "u")
    assert [row["is_shallow"] for row in tables.facts("repositories")] == [True]
    assert set(flags(tables)) == set(shas[2:])
    assert {row["sha"] for row in tables.facts("commits")} == {shas[3]}, "of the oldest one nobody can tell the changes"
    git(tmp_path / "clone", "fetch", "-q", "--unshallow")
    sync(tables, tmp_path / "clone", tmp_path / "v", cursor)
    assert [row["is_shallow"] for row in tables.facts("repositories")] == [False]
    assert set(flags(tables)) == {row["sha"] for row in tables.facts("commits")} == set(shas)


def test_a_root_commit_in_a_shallow_clone_is_no_boundary(tmp_path: Path) -> None:
    shas = make_repository(tmp_path / "source", [*line([1, 2]), Commit(message=b"another root\n")])
    set_refs(tmp_path / "source", shas, {"refs/heads/main": 1, "refs/heads/other": 2})
    (tmp_path / "source" / "shallow").write_text(f"{shas[1]}\n{shas[2]}\n")
    tables = Tables()
    sync(tables, tmp_path / "source", tmp_path / "u")
    assert {row["sha"] for row in tables.facts("commits")} == {shas[2]}


def test_files_of_a_commit_that_is_read_again_are_replaced_as_a_set(tmp_path: Path) -> None:
    source, tables = tmp_path / "source", Tables()
    moved = {b"old": None, b"new": (FILE, b"text\n" * 9)}
    make_repository(source, [Commit(files={b"old": (FILE, b"text\n" * 9)}), Commit(parents=[0], files=moved)])
    cursor = sync(tables, source, tmp_path / "u")
    before = tables.facts("commit_file_stats")
    for key, row in list(tables.rows["commit_file_stats"].items()):
        stale = msgspec.structs.replace(row, path="stale", additions=7)
        tables.rows["commit_file_stats"][*key[:-1], "stale"] = stale
    sync(tables, source, tmp_path / "v", cursor, mode="full")
    after = tables.facts("commit_file_stats")
    assert [row for row in after if not row["is_gone"]] == before
    assert {(row["path"], row["additions"]) for row in after if row["is_gone"]} == {("stale", 0)}


def test_a_changed_mailmap_renames_people_of_old_commits(tmp_path: Path) -> None:
    source = tmp_path / "source"
    commits = [
        Commit(author=person(1, b"Old"), message=b"x\n\nCo-authored-by: Pair <pair@example.com>\n"),
        Commit(
            parents=[0], files={b".mailmap": (FILE, b"New <new@x.example> <old@example.com>\n<p@x> <PAIR@example.com>")}
        ),
    ]
    shas = make_repository(source, commits, {"refs/heads/main": 0})
    tables = Tables()
    cursor = sync(tables, source, tmp_path / "u")
    set_refs(source, shas, {"refs/heads/main": 1})
    sync(tables, source, tmp_path / "v", cursor)
    found = {row["email"]: (row["identity_name"], row["identity_email"]) for row in tables.facts("commit_identities")}
    assert found["old@example.com"] == ("New", "new@x.example")
    assert found["pair@example.com"] == ("Pair", "p@x")


def test_a_detached_head_and_tags_on_no_branch_are_walked(tmp_path: Path) -> None:
    source = tmp_path / "source"
    commits = [*line([1, 2]), Commit(parents=[0]), Commit(parents=[0])]
    shas = make_repository(source, commits, {"refs/heads/main": 1, "refs/tags/light": 3}, is_bare=False)
    git(source, "checkout", "-q", shas[2])
    blob = git(source, "rev-parse", f"{shas[1]}:file").decode().strip()
    git(source, "tag", "of-a-blob", blob)
    git(source, "tag", "-a", "-m", "x", "of-a-tag", "light")
    git(source, "tag", "-a", "-m", "x", "nested", "of-a-tag")
    tables = Tables()
    sync(tables, source, tmp_path / "u")
    assert flags(tables) == {
        shas[0]: (True, True),
        shas[1]: (True, True),
        shas[2]: (True, False),
        shas[3]: (True, False),
    }
    tags = {
        row["name"]: (row["sha"], row["created_at"] is not None) for row in tables.facts("refs") if row["kind"] == "tag"
    }
    assert tags == {
        "refs/tags/light": (shas[3], False),
        "refs/tags/of-a-tag": (shas[3], True),
        "refs/tags/nested": (shas[3], True),
    }


def test_a_retry_reuses_state_and_whole_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt goes on where the first was killed, with the refs of the first."""
    source = tmp_path / "source"
    shas = make_repository(source, line(list(range(200))))
    set_refs(source, shas, {"refs/heads/main": 150})
    unit, settings = unit_for(source, tmp_path / "unit"), settings_below(tmp_path)
    fetching = connector.fetch(unit, settings)
    seen = []
    for page in fetching:
        seen.append(page.name)
        if page.name.startswith(COMMITS):
            break
    fetching.close()
    staging = UnitStaging(unit.staging)
    assert CURSOR not in {page.name for page in staging.pages()}
    assert not list((tmp_path / "unit" / "pages").glob(".*"))
    before = {page.name: page.path.stat().st_mtime_ns for page in staging.pages()}
    set_refs(source, shas, {"refs/heads/main": 199})
    again = {page.name: page.path.stat().st_mtime_ns for page in connector.fetch(unit, settings)}
    assert before.items() <= again.items()
    assert len(again) > len(before)
    state = msgspec.json.decode(staging.page(STATE).read(), type=GitState)
    assert state.tips == [shas[150]]


def test_a_closed_fetch_leaves_no_git_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(tmp_path / "source", line(list(range(300))))
    started = []
    real = chunks.GitProcess
    monkeypatch.setattr(chunks, "GitProcess", lambda *a, **k: started.append(real(*a, **k)) or started[-1])
    fetching = connector.fetch(unit_for(tmp_path / "source", tmp_path / "unit"), settings_below(tmp_path))
    next(page for page in fetching if page.name.startswith(COMMITS))
    fetching.close()
    assert started
    assert all(process._process.poll() is not None for process in started)


def test_a_repository_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="Check the path"):
        sync(Tables(), tmp_path / "nowhere", tmp_path / "unit")


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("kind", ["replace", "graft"])
def test_a_history_is_read_as_it_was_committed_without_replacements_and_grafts(
    tmp_path: Path, kind: str, *, is_mirrored: bool
) -> None:
    """They are somebody's own view, made and taken back without any ref that a cursor would notice."""
    source = tmp_path / "source"
    shas = make_repository(source, line([1, 2, 3, 4]))
    if kind == "replace":
        git(source, "replace", "--graft", shas[3], shas[0])
    else:
        (source / "info").mkdir(exist_ok=True)
        (source / "info" / "grafts").write_text(f"{shas[3]} {shas[0]}\n")
    assert git(source, "-c", "advice.graftFileDeprecated=false", "rev-list", "--count", "main").strip() == b"2"
    tables, settings = Tables(), settings_below(tmp_path / "unit")
    location = resolve(f"file://{source}", settings).location if is_mirrored else source
    sync(tables, location, tmp_path / "unit")
    assert set(flags(tables)) == {row["sha"] for row in tables.facts("commits")} == set(shas)
    assert {row["sha"]: row["parents"] for row in tables.facts("commits")}[shas[3]] == [shas[2]]


def test_a_head_that_names_no_branch_is_told(tmp_path: Path) -> None:
    source = tmp_path / "source"
    make_repository(source, line([1, 2]), {"refs/heads/one": 0, "refs/heads/two": 1})
    git(source, "symbolic-ref", "HEAD", "refs/heads/gone")
    sync(Tables(), source, tmp_path / "unit")
    told = (UnitStaging(str(tmp_path / "unit")).read("warning") or b"").decode()
    assert f"({source}) has no default branch" in told
    for name, options in {"named": {"default_branch": "one"}, "any": {"counts_any_branch": True}}.items():
        sync(Tables(), source, tmp_path / name, options=options)
        assert UnitStaging(str(tmp_path / name)).read("warning") is None
