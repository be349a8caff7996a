"""What somebody set in a clone, in his home or in his environment moves no number and ends nothing."""

import os
import shutil
from pathlib import Path

import pytest

from devhealth.connectors.local_git import source, view
from devhealth.errors import SourceCorrupt, SourceError, SourceNotFound
from tests.connectors.local_git.blame_runs import Stored
from tests.connectors.local_git.small_git import commit, git, repository, settings_in, text
from tests.git_sync import Tables, sync

VALID = """
[core]
	abbrev = 4
	attributesFile = {home}/attributes
	bigFileThreshold = 1
	commentChar = "%"
	compression = 9
	excludesFile = /nowhere
	fsmonitor = {home}/program
	hooksPath = {home}
	ignoreCase = true
	logAllRefUpdates = always
	pager = {home}/program
	precomposeUnicode = true
	quotePath = true
	sharedRepository = 0600
	sshCommand = {home}/program
	symlinks = false
	useReplaceRefs = true
	whitespace = cr-at-eol
[blame]
	blankBoundary = true
	coloring = highlightRecent
	date = relative
	ignoreRevsFile = {home}/revs
	markIgnoredLines = true
	markUnblamableLines = true
	showEmail = true
	showRoot = true
[color]
	ui = always
[column]
	ui = always
[commitGraph]
	changedPathsVersion = 2
	generationVersion = 2
	readChangedPaths = true
[diff]
	algorithm = patience
	autoRefreshIndex = false
	colorMoved = zebra
	context = 0
	dirstat = lines,cumulative
	external = {home}/program
	ignoreSubmodules = all
	indentHeuristic = false
	interHunkContext = 99
	mnemonicPrefix = true
	noPrefix = true
	orderFile = {home}/order
	relative = true
	renameLimit = 1
	renames = false
	statGraphWidth = 1
	submodule = log
	suppressBlankEmpty = true
	wordRegex = .
	wsErrorHighlight = all
[diff "text"]
	binary = true
	command = {home}/program
	textconv = {home}/program
	xfuncname = x
[filter "text"]
	clean = {home}/program
	process = {home}/program
	required = true
	smudge = {home}/program
[fetch]
	prune = true
[format]
	encodeEmailHeaders = true
	notes = *
	pretty = oneline
[gc]
	auto = 1
[grep]
	extendedRegexp = true
	fallbackToNoIndex = true
	fullName = false
	lineNumber = true
	patternType = perl
[gpg]
	program = {home}/program
[i18n]
	commitEncoding = latin1
	logOutputEncoding = utf-16
[include]
	path = {home}/included
[log]
	abbrevCommit = true
	date = human
	decorate = full
	diffMerges = first-parent
	excludeDecoration = refs/*
	follow = true
	graphColors = red
	initialDecorationSet = all
	mailmap = true
	showRoot = false
	showSignature = true
[mailmap]
	blob = HEAD:not-the-mailmap
	file = {home}/people
[merge]
	renames = false
[notes]
	displayRef = *
[pack]
	useBitmaps = true
	writeReverseIndex = true
[status]
	submoduleSummary = true
[submodule]
	recurse = true
[tar]
	umask = user
[trace2]
	normalTarget = {home}/trace
[uploadpack]
	packObjectsHook = {home}/program
[user]
	useConfigOnly = true
"""

JUNK = """
[blame]
	date = bogus
	ignoreRevsFile = no-such-file
[core]
	abbrev = 9999
	bigFileThreshold = bogus
	commentChar = more than one
	compression = bogus
	fsyncMethod = bogus
	looseCompression = 99
	packedGitLimit = bogus
	whitespace = bogus
[diff]
	algorithm = bogus
	colorMoved = bogus
	context = bogus
	orderFile = no-such-file
	renameLimit = bogus
	renames = bogus
	submodule = bogus
	wsErrorHighlight = bogus
[format]
	pretty = bogus
[grep]
	patternType = bogus
[i18n]
	commitEncoding
[index]
	threads = bogus
[log]
	date = bogus
	diffMerges = bogus
	showRoot = bogus
[merge]
	conflictStyle = bogus
[pack]
	windowMemory = bogus
[pager]
	log = bogus
[push]
	default = bogus
"""


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """Renames with edits, a file that algorithms diff differently, attributes, and a file outside ASCII."""
    folder = repository(tmp_path / "clean")
    first = b"".join(b"line %d\n" % at for at in range(40))
    commit(
        folder,
        {
            ".gitattributes": b"*.dat -diff\n*.txt diff=text filter=text\n",
            "sub/.gitattributes": b"*.out binary\n[attr]ours -diff\n!a.txt -diff\n",
            "a.txt": first,
            "b.txt": first[:-5] + b"other\n",
            "x.dat": b"1\n2\n",
            "sub/y.out": b"1\n2\n3\n",
            "sub/z.ours": b"1\n",
            "order.txt": b"a\nb\nc\na\nb\nb\na\n" * 9,
            "\u00e9.txt": b"1\n",
            ".mailmap": b"Ann <ann@proper.example> <ann@example.org>\n",
        },
    )
    moved = {f"moved/{name}": (folder / name).read_bytes() + b"new\n" for name in ("a.txt", "b.txt")}
    commit(folder, {"a.txt": None, "b.txt": None, **moved, "order.txt": b"c\nb\na\nb\na\nc\n" * 9, "x.dat": b"3\n"})
    commit(folder, {"sub/y.out": b"9\n", "sub/z.ours": b"2\n3\n"})
    return folder


def rows_of(folder: Path, home: Path) -> tuple[object, ...]:
    """What both targets store of the repository."""
    tables, stored = Tables(), Stored()
    sync(tables, folder, home / "git")
    stored.sync(folder, settings_in(home / "blame"))
    facts = {name: tables.facts(name) for name in tables.rows if name != "refs"}
    return (facts, stored.lines())


def user_with(content: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Prepare what the settings name, and give them to the user as well; the settings."""
    home.mkdir()
    (home / "program").write_text(f"#!/bin/sh\ntouch {home}/ran\n")
    (home / "program").chmod(0o755)
    (home / "attributes").write_text("* -diff\n")
    (home / "order").write_text("z*\n")
    (home / "included").write_text("[diff]\n\talgorithm = histogram\n")
    (home / "people").write_text("Eve <eve@example.org> <ann@example.org>\n")
    content = content.format(home=home)
    (home / ".gitconfig").write_text(content)
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "attributes").write_text("* binary\n")
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_PARAMETERS": "'diff.renames=false'",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "diff.context",
        "GIT_CONFIG_VALUE_0": "0",
        "GIT_GRAFT_FILE": str(home / "grafts"),
        "GIT_DIFF_OPTS": "--unified=0",
        "GIT_ATTR_SOURCE": "HEAD~1",
        "GIT_DEFAULT_HASH": "sha256",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NAMESPACE": "x",
    }.items():
        monkeypatch.setenv(name, value)
    return content


@pytest.mark.parametrize("content", [VALID, JUNK], ids=["valid", "junk"])
def test_no_setting_changes_a_row(clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    expected = rows_of(clean, tmp_path / "clean-home")
    set_up = shutil.copytree(clean, tmp_path / "set-up", symlinks=True)
    home = tmp_path / "user"
    content = user_with(content, home, monkeypatch)
    (home / "revs").write_text(text(clean, "rev-parse", "HEAD~1") + "\n")
    (home / "grafts").write_text(text(clean, "rev-parse", "HEAD") + "\n")
    info = set_up / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text("*.txt -diff\n")
    (info / "grafts").write_text(text(clean, "rev-parse", "HEAD") + "\n")
    with (set_up / ".git" / "config").open("a") as file:
        file.write(content)
    found = source.resolve(str(set_up), settings_in(tmp_path / "home"))
    assert found.location == str(set_up)
    assert rows_of(set_up, tmp_path / "set-up-home") == expected
    assert not (home / "ran").exists()
    if content.startswith("\n[core]"):  # the settings are such that they do change what git shows
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
        monkeypatch.setattr("tests.connectors.local_git.small_git._ENVIRONMENT", env)
        assert git(set_up, "--no-pager", "log", "--numstat") != git(clean, "--no-pager", "log", "--numstat")


def test_all_ways_to_a_repository_give_the_same_rows(clean: Path, tmp_path: Path) -> None:
    """A worktree, a linked one, a bare repository and a mirror; attributes are those of HEAD for each."""
    expected = rows_of(clean, tmp_path / "home-0")
    git(clean, "worktree", "add", "--quiet", "../linked", "-b", "side")
    git(tmp_path, "clone", "--quiet", "--bare", str(clean), "bare.git")
    binary = [row for row in expected[0]["commit_file_stats"] if row["is_binary"]]  # type: ignore[index]
    assert sorted(row["path"] for row in binary) == ["sub/y.out", "sub/y.out", "x.dat", "x.dat"]
    for number, place in enumerate([tmp_path / "linked", tmp_path / "bare.git"], 1):
        facts, lines = rows_of(place, tmp_path / f"home-{number}")
        assert facts["commit_file_stats"] == expected[0]["commit_file_stats"]  # type: ignore[index]
        assert lines == expected[1]
    mirrored = Stored()
    mirrored.sync(f"file://{clean}", settings_in(tmp_path / "home-3"))
    assert mirrored.lines() == expected[1]


def test_what_is_changed_but_not_committed_counts_for_nothing(clean: Path, tmp_path: Path) -> None:
    expected = rows_of(clean, tmp_path / "home-0")
    (clean / ".gitattributes").write_bytes(b"* -diff\n")
    (clean / ".git" / "index").unlink()
    assert rows_of(clean, tmp_path / "home-1") == expected


def test_attributes_follow_head(clean: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    Stored().sync(clean, settings)
    commit(clean, {".gitattributes": b"*.txt -diff\n"})
    stored = Stored()
    stored.sync(clean, settings)
    assert b"order.txt" not in stored.lines()
    assert b"x.dat" in stored.lines()


@pytest.mark.parametrize("line", [b"!f.txt -text", b"*.txt a:b=1", b"*.txt -", b"[attr]x:y text"])
def test_a_warning_beside_a_whole_answer_is_no_damage(tmp_path: Path, line: bytes) -> None:
    folder = repository(tmp_path / "shop")
    commit(folder, {"f.txt": b"1\n2\n", ".gitattributes": b"*.txt text\n" + line + b"\n", "sub/.gitattributes": line})
    for location in (str(folder), f"file://{folder}"):
        stored = Stored()
        stored.sync(location, settings_in(tmp_path / "home"))
        assert {path: len(of) for path, of in stored.lines().items()} == {
            b"f.txt": 2,
            b".gitattributes": 2,
            b"sub/.gitattributes": 1,
        }


def damaged_at(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at : at + 8] = b"\xff" * 8
    file.chmod(0o644)
    file.write_bytes(content)


@pytest.mark.parametrize("at", [4, 20, 60, -60, -100, -180])
def test_damaged_caches_change_nothing(clean: Path, tmp_path: Path, at: int) -> None:
    for name in range(20):  # enough for blame to make a commit graph of its own
        (clean / f"{name}.txt").write_text("1\n")
    commit(clean)
    expected = rows_of(clean, tmp_path / "home-0")
    git(clean, "repack", "-adq")
    git(clean, "commit-graph", "write", "--reachable", "--changed-paths")
    git(clean, "multi-pack-index", "write")
    damaged_at(clean / ".git" / "objects" / "info" / "commit-graph", at)
    damaged_at(clean / ".git" / "objects" / "pack" / "multi-pack-index", at)
    assert rows_of(clean, tmp_path / "home-1") == expected


def test_nothing_is_written_into_the_repository(clean: Path, tmp_path: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in clean.rglob("*")}
    rows_of(clean, tmp_path / "home")
    assert {path: path.lstat().st_mtime_ns for path in clean.rglob("*")} == before


def test_a_repository_that_is_gone_is_not_the_one_around_the_view(clean: Path, tmp_path: Path) -> None:
    around = repository(tmp_path / "around")
    commit(around, {"secret.txt": b"1\n"})
    settings = settings_in(around / "home")
    folder = source.open_source(str(clean), settings)
    shutil.rmtree(clean)
    with pytest.raises(SourceNotFound, match=str(clean)):
        view.git_process.run(folder, ["rev-parse", "HEAD"])
    with pytest.raises(SourceNotFound, match=str(clean)):
        source.open_source(str(clean), settings)


def test_objects_of_another_format_are_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "sha256")
    sha = commit(tmp_path / "sha256", {"a.txt": b"1\n"})
    tables = Tables()
    sync(tables, tmp_path / "sha256", tmp_path / "home")
    assert [row["sha"] for row in tables.facts("commits")] == [sha]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (["core.repositoryFormatVersion=1", "extensions.sparkling=true"], "extensions.sparkling"),
        (["core.repositoryFormatVersion=9"], "repository format 9"),
    ],
)
def test_a_repository_of_an_unknown_kind_is_not_called_damaged(
    clean: Path, tmp_path: Path, settings: list[str], named: str
) -> None:
    for setting in settings:
        git(clean, "config", *setting.split("="))
    for call in (source.resolve, source.open_source):
        with pytest.raises(SourceError, match=named) as caught:
            call(str(clean), settings_in(tmp_path / "home"))
        assert not isinstance(caught.value, SourceCorrupt)
        assert str(clean) in str(caught.value)


def test_a_configuration_that_cannot_be_read_is_named(clean: Path, tmp_path: Path) -> None:
    with (clean / ".git" / "config").open("a") as file:
        file.write("[core\n")
    with pytest.raises(SourceError, match=rf"bad config line \d+ in file {clean}/.git/config") as caught:
        source.resolve(str(clean), settings_in(tmp_path / "home"))
    assert "fsck" not in str(caught.value)
