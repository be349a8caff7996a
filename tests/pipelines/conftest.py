"""A prepared devhealth and a small repository."""

import subprocess
from datetime import UTC, datetime

import pytest

from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id

NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Shop:
    """A git repository that grows by one commit a day."""

    def __init__(self, path):
        self.path, self.commits = path, 0
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments, **environment):
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments]
        self.path.mkdir(exist_ok=True)
        return subprocess.run(
            command,
            cwd=self.path,
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", **environment},
        ).stdout.strip()

    def commit(self, count=1):
        for _ in range(count):
            self.commits += 1
            day = f"2026-03-{self.commits:02d}T12:00:00+0000"
            (self.path / "file.txt").write_text(f"{self.commits}\n" * self.commits)
            self.git("add", ".")
            self.git("commit", "-qm", f"work {self.commits}", GIT_AUTHOR_DATE=day, GIT_COMMITTER_DATE=day)
        return self


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path / "shop").commit(5)


@pytest.fixture
def settings(warehouse_settings):
    setup.prepare(warehouse_settings)
    return warehouse_settings


def request(**choices):
    return SyncRequest(**{"provider": "local_git", "run_id": new_run_id(NOW), "as_of": NOW} | choices)
