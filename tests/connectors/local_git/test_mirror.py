"""Mirrors of clone URLs, over file://."""

import multiprocessing
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devhealth.connectors.local_git import remote_access, source
from devhealth.errors import SourceError, SourceNotFound
from devhealth.settings import Settings
from tests.connectors.local_git.small_git import commit, git, repository, settings_in, text


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "origin")
    commit(folder, {"a.txt": b"1\n"})
    git(folder, "tag", "-a", "v1", "-m", "one")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


def url_of(folder: Path) -> str:
    return f"file://{folder}"


def refs(folder: Path) -> str:
    return text(folder, "for-each-ref", "refs/heads", "refs/tags")


def synced(origin: Path, settings: Settings) -> Path:
    """What a run does: resolve, then open as of the run's time."""
    as_of = datetime.now(UTC)
    return source.open_source(source.resolve(url_of(origin), settings).location, settings, as_of)


def test_a_mirror_holds_branches_and_tags_only(origin: Path, settings: Settings) -> None:
    git(origin, "update-ref", "refs/pull/1/head", "HEAD")
    mirror = synced(origin, settings)
    assert refs(mirror) == refs(origin)
    assert text(mirror, "for-each-ref") == refs(origin)
    assert text(mirror, "config", "gc.pruneExpire") == "never"
    assert (mirror / "objects" / "info" / "commit-graphs").is_dir()


def test_a_mirror_follows_branches_tags_and_the_default_branch(origin: Path, settings: Settings) -> None:
    synced(origin, settings)
    git(origin, "branch", "old")
    synced(origin, settings)
    git(origin, "branch", "-D", "old")
    git(origin, "branch", "old/nested")
    git(origin, "branch", "-m", "main", "trunk")
    git(origin, "tag", "-d", "v1")
    commit(origin, {"b.txt": b"2\n"})
    mirror = synced(origin, settings)
    assert refs(mirror) == refs(origin)
    assert text(mirror, "symbolic-ref", "HEAD") == "refs/heads/trunk"


def test_commits_lost_by_a_forced_push_stay_readable(origin: Path, settings: Settings) -> None:
    lost = commit(origin, {"a.txt": b"lost\n"})
    mirror = synced(origin, settings)
    git(origin, "reset", "--quiet", "--hard", "HEAD~1")
    for number in range(3):
        commit(origin, {"a.txt": b"%d\n" % number})
        synced(origin, settings)
    git(mirror, "repack", "-a", "-d", "-k", "-q")
    assert text(mirror, "cat-file", "-t", lost) == "commit"
    assert refs(mirror) == refs(origin)


def test_many_fetches_end_in_one_pack(origin: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devhealth.connectors.local_git.mirror._MOST_PACKS", 2)
    for number in range(4):
        commit(origin, {"a.txt": b"%d\n" % number})
        mirror = synced(origin, settings)
    assert len(list((mirror / "objects" / "pack").glob("*.pack"))) <= 2
    git(mirror, "fsck", "--strict")


def test_the_remote_is_looked_at_once_a_run(origin: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    synced(origin, settings)
    asked: list[str] = []
    transfer = remote_access.transfer
    monkeypatch.setattr(remote_access, "transfer", lambda *given: asked.append(given[1][0]) or transfer(*given))
    as_of = datetime.now(UTC)
    location = source.resolve(url_of(origin), settings).location
    for _ in range(3):
        source.open_source(location, settings)
        source.open_source(location, settings, as_of)
    assert asked == ["ls-remote"]
    source.open_source(location, settings, datetime.now(UTC) + timedelta(seconds=1))
    assert asked == ["ls-remote", "ls-remote"]


def test_a_detached_or_empty_remote_is_mirrored(tmp_path: Path, origin: Path, settings: Settings) -> None:
    git(origin, "checkout", "--quiet", "--detach")
    synced(origin, settings)
    assert text(synced(origin, settings), "symbolic-ref", "HEAD") == "refs/heads/main"
    empty = repository(tmp_path / "empty")
    synced(empty, settings)
    commit(empty, {"a": b"a"})
    assert refs(synced(empty, settings)) == refs(empty)


def test_a_shallow_remote_is_mirrored_as_shallow(tmp_path: Path, origin: Path, settings: Settings) -> None:
    commit(origin, {"a.txt": b"2\n"})
    git(tmp_path, "clone", "--quiet", "--depth", "1", url_of(origin), "cut")
    mirror = synced(tmp_path / "cut", settings)
    commit(tmp_path / "cut", {"a.txt": b"3\n"})
    assert refs(synced(tmp_path / "cut", settings)) == refs(tmp_path / "cut")
    assert text(mirror, "rev-parse", "--is-shallow-repository") == "true"


def test_a_remote_that_vanishes_is_not_found_and_the_mirror_stays(origin: Path, settings: Settings) -> None:
    mirror = synced(origin, settings)
    origin.rename(origin.with_name("elsewhere"))
    for call in (source.resolve, partial(source.open_source, as_of=datetime.now(UTC))):
        with pytest.raises(SourceNotFound, match=r"cannot be read: .* Check the URL"):
            call(url_of(origin), settings)
    assert text(source.open_source(url_of(origin), settings), "cat-file", "-t", "main") == "commit"
    assert mirror.is_dir()


def test_what_a_killed_git_left_is_replaced(origin: Path, settings: Settings) -> None:
    mirror = synced(origin, settings)
    left = mirror.with_name(f"{mirror.name}.abc.part")
    mirror.rename(left)
    (left / "HEAD").unlink()
    assert refs(synced(origin, settings)) == refs(origin)
    assert not left.exists()
    for lock in ("HEAD.lock", "packed-refs.lock", "refs/heads/main.lock", "objects/info/commit-graphs/x.lock"):
        (mirror / lock).write_text("")
    commit(origin, {"a.txt": b"2\n"})
    assert refs(synced(origin, settings)) == refs(origin)


def test_processes_at_once_get_one_whole_mirror(origin: Path, settings: Settings) -> None:
    for number in range(30):
        commit(origin, {f"{number}.txt": b"%d\n" % number})
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        folders = pool.starmap(synced, [(origin, settings)] * 6)
    assert len(set(folders)) == 1
    assert refs(folders[0]) == refs(origin)
    assert [path.name for path in (settings.home / "mirrors").iterdir() if path.is_dir()] == [folders[0].name]


def test_a_remote_that_says_nothing_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_access, "SILENT_SECONDS", 1)
    listening = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)  # never told to answer
    with listening, pytest.raises(SourceNotFound, match="cannot be read"):
        source.resolve(f"http://127.0.0.1:{listening.server_port}/x.git", settings)


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path, origin: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match="Set DEVHEALTH_HOME"):
        source.resolve(url_of(origin), settings_in(tmp_path / "file"))


def test_a_broken_remote_is_no_damage_to_go_on_with(origin: Path, settings: Settings) -> None:
    """SourceCorrupt would let the run go on without pages."""
    tree = text(origin, "rev-parse", "HEAD^{tree}")
    (origin / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(SourceError) as caught:
        synced(origin, settings)
    assert caught.type is SourceNotFound


def test_a_mirror_counts_lines_by_the_attributes_of_its_default_branch_as_a_clone_does(
    origin: Path, settings: Settings, tmp_path: Path
) -> None:
    files = {
        "x.gen": b"1\n",
        "a b/x.gen": b"1\n",
        "a b/x.lock": b"1\n",
        "a b/deep/er/x.lock": b"1\n",
        "a b/deep/x.txt": b"1\n",
        "a b/x.txt": b"1\n",
        'a b/[q]"/x.md': b"1\n",
        "a b/q/x.md": b"1\n",
        "other/x.lock": b"1\n",
    }
    attributes = {
        ".gitattributes": b"# made\n*.gen -diff\n",
        "a b/.gitattributes": b'*.gen diff\n*.lock binary\n"deep/*.txt" -diff\n/x.txt -diff\n',
        'a b/[q]"/.gitattributes': b"*.md -diff\n",
    }
    commit(origin, files | attributes)
    mirror = synced(origin, settings)
    git(tmp_path, "clone", "-q", str(origin), str(tmp_path / "clone"))
    plain = text(tmp_path / "clone", "log", "--numstat", "-M", "--format=%H")
    (mirror / "info" / "attributes").unlink()  # as a kill after the fetch leaves it
    mirror = synced(origin, settings)
    assert text(mirror, "log", "--numstat", "-M", "--format=%H") == plain
    assert plain.count("-\t-\t") == 6
    commit(origin, {".gitattributes": b"*.txt -diff\n"})
    mirror = synced(origin, settings)
    git(tmp_path / "clone", "pull", "-q")
    assert text(mirror, "log", "--numstat", "-M") == text(tmp_path / "clone", "log", "--numstat", "-M")


def test_a_mirror_is_whole_once_its_remote_is(tmp_path: Path, origin: Path, settings: Settings) -> None:
    """No ref of the remote is another one then."""
    for number in (2, 3):
        commit(origin, {"a.txt": b"%d\n" % number})
    git(tmp_path, "clone", "--quiet", "--depth", "2", url_of(origin), "cut")
    mirror = synced(tmp_path / "cut", settings)
    assert text(mirror, "rev-list", "--count", "main") == "2"
    git(tmp_path / "cut", "fetch", "--quiet", "--unshallow")
    synced(tmp_path / "cut", settings)
    assert text(mirror, "rev-list", "--count", "main") == "3"
    assert text(mirror, "rev-parse", "--is-shallow-repository") == "false"
    git(mirror, "fsck", "--strict")


def test_a_look_by_a_clock_that_ran_ahead_does_not_make_a_mirror_fresh(origin: Path, settings: Settings) -> None:
    mirror = synced(origin, settings)
    (mirror / "devhealth-looked").write_text((datetime.now(UTC) + timedelta(days=2)).isoformat())
    commit(origin, {"a.txt": b"2\n"})
    source.open_source(url_of(origin), settings, datetime.now(UTC))
    assert refs(mirror) == refs(origin)
