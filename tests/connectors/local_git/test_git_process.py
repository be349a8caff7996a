"""Git runs the same for everybody, says in our words what went wrong, and never outlives its caller."""

from pathlib import Path

import pytest

from devhealth.connectors.local_git.git_failure import Outcome, failure
from devhealth.connectors.local_git.git_process import GitProcess, attempt, run, stream
from devhealth.errors import DevhealthError, SourceCorrupt, SourceError, SourceForbidden, SourceNotFound, StagingError
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
