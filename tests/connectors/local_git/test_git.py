"""Commits, files and reachability of any history equal what plain git says of it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.local_git import git_process, graph
from devhealth.models.text import to_bytes
from tests.examples import examples
from tests.git_histories import ANN, Commit, Stage, git, histories, make_repository, set_refs
from tests.git_sync import Tables, sync

QUICK = examples(20)
EVERY_REF = ("--branches", "--tags", "--remotes")


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="devhealth-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def numstat_of_git(path: Path) -> dict[str, tuple[int, int, int, int]]:
    """Sha to additions, deletions, files and binary files, out of git's output for people."""
    sums: dict[str, tuple[int, int, int, int]] = {}
    sha = ""
    for line in git(path, "log", *EVERY_REF, "--numstat", "-M", "--format=sha %H").split(b"\n"):
        if line.startswith(b"sha "):
            sha = line[4:].decode()
            sums[sha] = (0, 0, 0, 0)
        elif line:
            added, deleted, _ = line.split(b"\t", 2)
            is_binary = added == b"-"
            lines = (0, 0) if is_binary else (int(added), int(deleted))
            sums[sha] = tuple(map(sum, zip(sums[sha], (*lines, 1, int(is_binary)), strict=True)))
    return sums


def paths_of_git(path: Path) -> set[tuple[str, bytes, bytes | None]]:
    """Sha, path and the path a renamed file came from, out of `--name-status`."""
    found = set()
    sha = ""
    tokens = iter(git(path, "log", *EVERY_REF, "--name-status", "-M", "-z", "--format=sha %H").split(b"\0"))
    for token in tokens:
        status = token.lstrip(b"\n")
        if status.startswith(b"sha "):
            sha = status[4:].decode()
        elif status.startswith(b"R"):
            old, new = next(tokens), next(tokens)
            found.add((sha, new, old))
        elif status:
            found.add((sha, next(tokens), None))
    return found


def assert_equals_git(tables: Tables, path: Path) -> None:
    commits, stats = tables.facts("commits"), tables.facts("commit_file_stats")
    binaries: dict[str, int] = {}
    for row in stats:
        binaries[row["sha"]] = binaries.get(row["sha"], 0) + row["is_binary"]
    ours = {
        row["sha"]: (row["additions"], row["deletions"], row["files_changed"], binaries.get(row["sha"], 0))
        for row in commits
    }
    assert ours == numstat_of_git(path)
    assert {
        (row["sha"], to_bytes(row["path"]), row["old_path"] and to_bytes(row["old_path"])) for row in stats
    } == paths_of_git(path)
    people = git(path, "log", *EVERY_REF, "-z", "--format=%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%s").split(b"\0")
    assert {
        (
            row["sha"].encode(),
            " ".join(row["parents"]).encode(),
            *(to_bytes(row[name]) for name in ("author_name", "author_email", "committer_name", "committer_email")),
            to_bytes(row["subject"]),
        )
        for row in commits
    } == {tuple(people[at : at + 7]) for at in range(0, len(people) - 1, 7)}


def reachability_of(tables: Tables) -> dict[str, tuple[bool, bool]]:
    return {row["sha"]: (row["is_reachable"], row["in_default_branch"]) for row in tables.facts("commit_reachability")}


def assert_reachability_equals_git(tables: Tables, path: Path, default: str) -> None:
    reachable = set(git(path, "rev-list", *EVERY_REF).decode().split())
    has_default = git(path, "for-each-ref", f"refs/heads/{default}")
    in_default = set(git(path, "rev-list", default).decode().split()) if has_default else set()
    ours = reachability_of(tables)
    assert {sha for sha, flags in ours.items() if flags[0]} == reachable
    assert {sha for sha, flags in ours.items() if flags[1]} == in_default


@QUICK
@given(histories())
def test_any_history_equals_git_log_numstat(commits: list[Commit]) -> None:
    """Pitfalls 1, 2, 3 and 7: merges, renames, roots, and bytes of any kind."""
    with scratch() as folder:
        stage = {"refs/heads/main": len(commits) - 1}
        stage |= {f"refs/heads/b{at}": at for at in range(len(commits))}
        make_repository(folder / "source", commits, stage, {"annotated": 0})
        tables = Tables()
        sync(tables, folder / "source", folder / "unit")
        assert_equals_git(tables, folder / "source")
        assert_reachability_equals_git(tables, folder / "source", "main")
        assert {row["name"] for row in tables.facts("refs")} == {*stage, "refs/tags/annotated"}


MALFORMED = (
    b"Ann <ann@example.com>> 1600000000 +0000",
    b"Ann <ann@example.com> <ann@example.com> 1600000000 +0000",
    b"Ann <ann@example.com> 1600000000",
    b"Ann <ann@example.com> 1600000000 UTC",
    b"Ann <ann@example.com> 1600000000.5 +0000",
    b"Ann <ann@example.com> -5 +0000",
    b"Ann <ann@example.com> 18446744073709551616 +0000",
    b"Ann <ann@example.com>",
    b"",
)


@pytest.mark.parametrize("has_graph", [False, True])
def test_a_malformed_committer_has_one_time_everywhere(tmp_path: Path, *, has_graph: bool) -> None:
    """Pitfall 12: where the tables disagree about the time, the commit is in no metric."""
    source = tmp_path / "source"
    make_repository(source, [Commit(files={b"a": (b"100644", b"text\n")})])
    parent = git(source, "rev-parse", "main").strip()
    tree = b"tree " + git(source, "rev-parse", "main^{tree}")
    for committer in MALFORMED:
        text = tree + b"parent %s\nauthor %s\ncommitter %s\n\nChange\n" % (parent, ANN, committer)
        parent = git(source, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text).strip()
    git(source, "update-ref", "refs/heads/main", parent)
    if has_graph:
        git_process.run(source, ["commit-graph", "write", "--reachable"])
    tables = Tables()
    sync(tables, source, tmp_path / "unit")
    times = {row["sha"]: row["committed_at"] for row in tables.facts("commits")}
    assert len(times) == len(MALFORMED) + 1
    assert times == {row["sha"]: row["committed_at"] for row in tables.facts("commit_reachability")}


@st.composite
def pushed_histories(draw: st.DrawFn) -> tuple[list[Commit], list[Stage]]:
    commits = draw(histories(largest=9))
    names = ["refs/heads/main", "refs/heads/b", "refs/heads/c", "refs/tags/t", "refs/remotes/origin/x"]
    numbers = st.integers(0, len(commits) - 1)
    stages = draw(st.lists(st.dictionaries(st.sampled_from(names), numbers, max_size=4), min_size=2, max_size=4))
    return commits, [{"refs/heads/main": draw(numbers), **stage} for stage in stages]


@QUICK
@given(pushed_histories())
def test_pushes_synced_one_by_one_equal_a_sync_of_the_last(pushed: tuple[list[Commit], list[Stage]]) -> None:
    """Pitfalls 4 and 5: force-pushes, deleted branches, late merges and old dates, in any order."""
    commits, stages = pushed
    with scratch() as folder:
        source = folder / "source"
        shas = make_repository(source, commits, stages[0])
        step_by_step, cursor = Tables(), None
        for number, stage in enumerate(stages):
            set_refs(source, shas, stage)
            cursor = sync(step_by_step, source, folder / f"unit{number}", cursor)
            assert_reachability_equals_git(step_by_step, source, "main")
        at_once = Tables()
        sync(at_once, source, folder / "full", mode="full")
        reachable = set(reachability_of(at_once))
        for table in ("commits", "commit_file_stats"):
            assert at_once.facts(table) == [row for row in step_by_step.facts(table) if row["sha"] in reachable]
        assert at_once.facts("refs") == [row for row in step_by_step.facts("refs") if not row["is_deleted"]]
        known = step_by_step.facts("commit_identities")
        assert all(row in known for row in at_once.facts("commit_identities"))


def dated(dates: list[int], branch_at: int | None = None, side: list[int] | None = None) -> list[Commit]:
    """A straight history with those committer dates, and a branch off one of its commits."""
    parents = [[at - 1] if at else [] for at in range(len(dates))]
    parents += [[branch_at if at == 0 else len(dates) + at - 1] for at in range(len(side or []))]
    return [
        Commit(parents=of, message=b"%d\n" % at, committer=b"Ann <ann@example.com> %d +0000" % date)
        for at, (of, date) in enumerate(zip(parents, dates + (side or []), strict=True))
    ]


def test_a_tag_on_commits_dated_later_than_what_follows_takes_none_off_the_default_branch(tmp_path: Path) -> None:
    """`git log tag ^main` names seven commits of main: it gives up where dates fall."""
    dates = [1_700_000_000 + 1000 * at for at in range(10)] + [1_600_000_000 + 1000 * at for at in range(8)]
    make_repository(tmp_path / "source", dated(dates), {"refs/heads/main": 17, "refs/tags/v1": 9})
    tables = Tables()
    cursor = sync(tables, tmp_path / "source", tmp_path / "unit")
    assert_reachability_equals_git(tables, tmp_path / "source", "main")
    sync(tables, tmp_path / "source", tmp_path / "again", cursor, mode="full")
    assert_reachability_equals_git(tables, tmp_path / "source", "main")


def test_commits_of_a_slow_clock_take_none_off_the_default_branch(tmp_path: Path) -> None:
    dates = [1_700_000_000 + 300 * at for at in range(12)]
    slow = [dates[-1] - 3600 + 300 * at for at in range(2)]
    source, tables = tmp_path / "source", Tables()
    shas = make_repository(source, dated(dates + slow), {"refs/heads/main": 11, "refs/heads/b": 9})
    cursor = sync(tables, source, tmp_path / "unit")
    set_refs(source, shas, {"refs/heads/main": 13, "refs/heads/b": 9})
    sync(tables, source, tmp_path / "next", cursor)
    assert_reachability_equals_git(tables, source, "main")


@st.composite
def dated_pushes(draw: st.DrawFn) -> tuple[list[Commit], list[Stage]]:
    """Graphs of two dozen commits with dates of any order, and what the refs are after each push."""
    count = draw(st.integers(8, 24))
    rising = st.just(None)
    odd = st.sampled_from([0, 1_500_000_000, 1_499_990_000, 4_000_000_000, 253_402_300_799])
    any_date = st.integers(1_499_990_000, 1_500_010_000)
    dates = draw(st.lists(st.one_of(rising, rising, rising, any_date, odd), min_size=count, max_size=count))
    commits = []
    for at, date in enumerate(dates):
        parents = draw(st.lists(st.integers(max(0, at - 6), at - 1), min_size=1, max_size=2, unique=True)) if at else []
        stamp = 1_500_000_000 + 300 * at if date is None else date
        commits.append(
            Commit(parents=parents, message=b"%d\n" % at, committer=b"Ann <ann@example.com> %d +0000" % stamp)
        )
    names = ["refs/heads/b", "refs/heads/c", "refs/tags/t"]
    numbers = st.integers(0, count - 1)
    late = st.integers(count - 4, count - 1)
    stages = draw(st.lists(st.dictionaries(st.sampled_from(names), numbers, max_size=3), min_size=3, max_size=5))
    return commits, [{"refs/heads/main": draw(st.one_of(numbers, late)), **stage} for stage in stages]


@examples(15)
@given(dated_pushes())
def test_after_every_push_every_commit_is_flagged_as_rev_list_says(pushed: tuple[list[Commit], list[Stage]]) -> None:
    """Pitfall 4: reachability comes from parents, dates may have any order."""
    commits, stages = pushed
    with scratch() as folder:
        source, tables, cursor = folder / "source", Tables(), None
        shas = make_repository(source, commits, stages[0])
        for number, stage in enumerate(stages):
            set_refs(source, shas, stage)
            cursor = sync(tables, source, folder / f"unit{number}", cursor)
            assert_reachability_equals_git(tables, source, "main")


@pytest.mark.parametrize("outlier", [None, 0, 4_000_000_000])
def test_a_walk_goes_on_from_the_last_without_reading_all_again(tmp_path: Path, outlier: int | None) -> None:
    """Neither a commit of 1970 nor one of the far future makes every later walk a long one."""
    dates = [1_700_000_000 + 300 * at for at in range(200)]
    if outlier is not None:
        dates[50] = outlier
    shas = make_repository(tmp_path / "source", dated(dates))
    known = graph.read(tmp_path / "source", {shas[198]: graph.NOW}).backdated
    tips = {shas[199]: graph.NOW, shas[198]: graph.WAS}
    lines = graph.read(tmp_path / "source", tips, [(graph.NOW, graph.WAS)], known).lines
    assert [line.split()[1].decode() for line in lines(having=graph.NOW, without=graph.WAS)] == [shas[199]]
    assert len(list(lines(having=0))) < 10
