"""Making and changing small repositories with plain git."""

import os
import subprocess
from pathlib import Path

from devhealth.settings import Settings

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


def git(folder: Path, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
    """What plain git writes; fails the test when git does."""
    command = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, env=_ENVIRONMENT, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def text(folder: Path, *arguments: str) -> str:
    """Git's answer as one stripped line."""
    return git(folder, *arguments).decode().strip()


def repository(folder: Path, *, bare: bool = False) -> Path:
    """An empty repository."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", *(["--bare"] if bare else []))
    return folder


def commit(folder: Path, files: dict[str | bytes, bytes | None] | None = None) -> str:
    """Commit these contents (None removes a file); the commit's id."""
    for name, content in (files or {}).items():
        path = folder / os.fsdecode(name)
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "change")
    return text(folder, "rev-parse", "HEAD")


def settings_in(folder: Path) -> Settings:
    """Settings whose home is the folder."""
    return Settings(home=folder, staging_uri=str(folder / "staging"))
