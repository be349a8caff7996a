"""What lies below DEVHEALTH_HOME is for its owner alone, whoever made the folder first and whatever the umask is."""

import os
import stat
import subprocess
import sys

import pytest

from devhealth.settings import Settings, private_folder
from devhealth.staging import UnitStaging
from devhealth.transport.ledger import Ledger
from devhealth.transport.limits import Standing
from devhealth.warehouse import embedded


@pytest.fixture
def home(tmp_path):
    umask = os.umask(0o002)
    yield tmp_path / "one" / "home"
    os.umask(umask)
    embedded.stop(tmp_path / "one" / "home")


def _open_to_others(home):
    return {
        str(path.relative_to(home)): oct(path.stat().st_mode) for path in _below(home) if path.stat().st_mode & 0o077
    }


def _below(home):
    return [path for path in (home, *home.rglob("*")) if not path.is_symlink() and not path.is_socket()]


def _devhealth(home, *arguments):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(sys.path), "DEVHEALTH_HOME": str(home)}
    command = [sys.executable, "-m", "devhealth.cli", *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=100)


def test_whatever_comes_first_makes_all_of_a_home_private(home, tmp_path):
    (tmp_path / "shop").mkdir()
    for words in (["init", "-q"], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "a", "--allow-empty"]):
        subprocess.run(["git", *words], cwd=tmp_path / "shop", check=True)
    _devhealth(home, "warehouse", "start")
    _devhealth(home, "sync", "git", "--repo-path", f"file://{tmp_path}/shop", "--org", "acme")
    _devhealth(home, "metrics", "daily", "--org", "acme")
    assert {"warehouse", "mirrors", "staging", "semantic.db"} <= {path.name for path in home.iterdir()}
    assert _open_to_others(home) == {}


def test_pages_and_limits_are_private_in_a_process_that_does_not_mask_them(home):
    unit = UnitStaging(str(home / "staging" / "run" / "unit"))
    with unit.page_file("a") as path:
        path.write_bytes(b"ada@example.org")
    unit.write("outcome.json", b"{}")
    Ledger(home / "limits", "token").change(lambda _standing: None)
    assert Ledger(home / "limits", "token").read() == Standing()
    assert _open_to_others(home) == {}


def test_a_home_that_was_open_is_closed_at_the_next_start(home, monkeypatch):
    home.mkdir(parents=True, mode=0o755)
    monkeypatch.setenv("DEVHEALTH_HOME", str(home))
    Settings.from_environment()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_home_made_for_a_group_stays_the_groups_and_nobody_elses(home, monkeypatch):
    home.mkdir(parents=True)
    home.chmod(0o2775)
    monkeypatch.setenv("DEVHEALTH_HOME", str(home))
    Settings.from_environment()
    private_folder(home / "staging" / "run")
    UnitStaging(str(home / "staging" / "run")).write("a", b"x")
    assert {stat.S_IMODE(path.stat().st_mode) for path in _below(home)} == {0o2770, 0o660}


def test_the_folder_above_a_home_stays_as_it_is(home, monkeypatch):
    home.parent.mkdir(mode=0o755)
    private_folder(home)
    assert (stat.S_IMODE(home.parent.stat().st_mode), stat.S_IMODE(home.stat().st_mode)) == (0o755, 0o700)
