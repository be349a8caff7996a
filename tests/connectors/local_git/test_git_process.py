"""Git runs the same for everybody, says in our words what went wrong, and never outlives its caller."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from devhealth.connectors.local_git.git_failure import OLDEST_GIT, Outcome, failure
from devhealth.connectors.local_git.git_process import GitProcess, attempt, run, stream
from devhealth.errors import (
    DevhealthError,
    SettingsError,
    SourceCorrupt,
    SourceError,
    SourceForbidden,
    SourceNotFound,
    StagingError,
)
from tests.git_histories import FILE, Commit, make_repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {b"%d" % at: (FILE, b"line\n" * 200) for at in range(200)}
    make_repository(tmp_path / "source", [Commit(files=files)])
    return tmp_path / "source"


def test_what_the_caller_has_configured_changes_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(repository, ["log", "--stat", "-p"])
    (repository / "home").mkdir()
    (repository / "home" / ".gitconfig").write_text(
        "[log]\n  date = iso\n[diff]\n  noprefix = true\n[color]\n  ui = always\n"
    )
    for name, value in {
        "HOME": str(repository / "home"),
        "GIT_DIR": "/nowhere",
        "GIT_INDEX_FILE": "/nowhere",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "log.date",
        "GIT_CONFIG_VALUE_0": "iso",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_DIFF_OPTS": "-u0",
    }.items():
        monkeypatch.setenv(name, value)
    assert run(repository, ["log", "--stat", "-p"]) == before


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a git first on PATH that names a version of its own, and does what the real one does otherwise."""
    real = shutil.which("git")

    def put(version: str) -> None:
        program = Path(tempfile.mkdtemp(dir=tmp_path)) / "git"
        program.write_text(
            f"#!/bin/sh\nif [ \"$1\" = --version ]; then echo >>{tmp_path}/asked; echo '{version}'; exit; fi\n"
            f'exec {real} "$@"\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)

    return put


@pytest.mark.parametrize(
    "version",
    [
        "git version 2.32.0",
        "git version 2.39.5 (Apple Git-154)",
        "git version 2.43.0.windows.1",
        "git version 2.50.GIT",
        "git version 2.100.0-rc1",
        "git version 3.0.0.123.gabcdef.dirty",
    ],
)
def test_git_is_asked_once_for_its_version(
    says: Callable[[str], None], repository: Path, tmp_path: Path, version: str
) -> None:
    says(version)
    for _ in range(3):
        assert run(repository, ["rev-parse", "--is-bare-repository"]) == b"true\n"
    assert (tmp_path / "asked").read_text() == "\n"


@pytest.mark.parametrize(
    ("version", "named"),
    [
        ("git version 2.31.8", "is git 2.31.8, which is too old"),
        ("git version 2.9.5 (Apple Git-81)", "is git 2.9.5, which is too old"),
        ("git version 1.99.GIT", "is git 1.99.GIT, which is too old"),
        ("usage: something else", "gave 'usage: something else'"),
    ],
)
def test_a_git_that_would_use_the_settings_of_others_is_refused(
    says: Callable[[str], None], repository: Path, version: str, named: str
) -> None:
    says(version)
    with pytest.raises(SettingsError, match=r"Install git 2\.32 or newer") as caught:
        run(repository, ["rev-parse", "--is-bare-repository"])
    assert named in str(caught.value)


def test_all_pages_name_the_version_that_is_asked_for() -> None:
    root = Path(__file__).parents[3]
    pages = [root / "README.md", root / "Dockerfile", root / "docs" / "providers" / "local-git.md"]
    named = {page.name: set(re.findall(r"git (2\.\d+)", page.read_text())) for page in pages}
    assert named == {page.name: {"{}.{}".format(*OLDEST_GIT)} for page in pages}


def test_leaving_a_stream_early_ends_git_without_an_error(repository: Path) -> None:
    with stream(repository, ["log", "-p"]) as lines:
        assert lines.readline().startswith(b"commit")


def test_leaving_a_process_ends_it(repository: Path) -> None:
    with GitProcess(repository, ["log", "-p"]) as process:
        pass
    assert process._process.returncode == -9


def test_a_stream_that_ends_in_failure_raises(repository: Path) -> None:
    with pytest.raises(SourceError), stream(repository, ["log", "no-such-branch", "--"]) as lines:
        assert lines.read() == b""


def test_a_question_may_be_answered_no(repository: Path) -> None:
    assert attempt(repository, ["rev-parse", "--verify", "--quiet", "refs/heads/none"]) is None


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        ("fatal: not a git repository (or any of the parent directories): .git", SourceNotFound),
        ("fatal: '/x' does not appear to be a git repository", SourceNotFound),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", SourceForbidden),
        ("fatal: cannot open pack: Permission denied", SourceForbidden),
        ("error: inflate: data stream error\nfatal: loose object 1 is corrupt", SourceCorrupt),
        ("fatal: unable to read tree 1", SourceCorrupt),
        ("fatal: write failure on 'stdout': No space left on device", StagingError),
        ("something else", SourceError),
    ],
)
def test_words_of_git_become_our_errors(tmp_path: Path, stderr: str, expected: type[DevhealthError]) -> None:
    assert type(failure(tmp_path, Outcome(128, stderr))) is expected


def test_messages_are_short_and_free_of_credentials(tmp_path: Path) -> None:
    stderr = "fatal: unable to access 'https://ann:secret@example.com/x'\n" + "fatal: more\n" * 100
    message = str(failure(tmp_path, Outcome(128, stderr)))
    assert "secret" not in message
    assert "https://example.com/x" in message
    assert len(message) < 600
