"""The git programs that are given, else the one on PATH: `python -m tests.versions.git /opt/git-2.32/bin/git`.

The tests of `local_git` run with each. Package indexes hold no old git, so those are for whoever has built one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.airflow_home import ROOT
from tests.versions.table import told


def main() -> None:
    """Run them one after the other, and print the table."""
    outcomes = [told("git", version(git), partial(works, git)) for git in sys.argv[1:] or [str(shutil.which("git"))]]
    sys.exit(any(outcome.error for outcome in outcomes))


def version(git: str) -> str:
    """What it calls itself."""
    return subprocess.run([git, "version"], check=True, capture_output=True, text=True).stdout.split()[2]


def works(git: str) -> str:
    """What passed. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="versions-") as folder:
        Path(folder, "git").symlink_to(Path(git).absolute())
        tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n0", "tests/connectors/local_git"]
        environ = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
        done = subprocess.run(tests, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, tests, stderr=done.stdout)
    return "tests/connectors/local_git passed"


if __name__ == "__main__":
    main()
