"""Accounts that processes of a machine share."""

import subprocess
import sys
from pathlib import Path

from devhealth.transport.ledger import Ledger
from devhealth.transport.limits import Allowance, Standing, note_answer, note_refused, note_sent

NOW = 1_800_000_000.0


def test_another_process_sees_a_pause(tmp_path: Path):
    Ledger(tmp_path, "secret").change(lambda standing: note_refused(standing, 120, NOW))
    assert Ledger(tmp_path, "secret").read().paused_until == NOW + 120
    assert Ledger(tmp_path, "other").read().paused_until == 0


def test_a_pause_noted_elsewhere_is_seen_by_a_ledger_that_was_read_before(tmp_path: Path):
    ours, theirs = Ledger(tmp_path, "secret"), Ledger(tmp_path, "secret")
    ours.change(lambda standing: note_answer(standing, "core", Allowance(5_000, 4_000, NOW)))
    theirs.change(lambda standing: note_refused(standing, 120, NOW))
    assert ours.read().paused_until == NOW + 120


def test_credential_is_not_in_the_folder(tmp_path: Path):
    Ledger(tmp_path, "ghp_secret").change(lambda standing: note_sent(standing, "core", NOW))
    for path in tmp_path.iterdir():
        assert "ghp_secret" not in path.name
        assert b"ghp_secret" not in path.read_bytes()


def test_damaged_account_is_begun_anew(tmp_path: Path):
    ledger = Ledger(tmp_path, "secret")
    ledger.change(lambda standing: note_refused(standing, 120, NOW))
    next(tmp_path.glob("*.json")).write_bytes(b'{"paused_un')
    assert Ledger(tmp_path, "secret").read() == Standing()


def test_folder_that_cannot_be_written_leaves_each_process_its_own_account(tmp_path: Path):
    (tmp_path / "limits").write_text("a file")
    ledger = Ledger(tmp_path / "limits", "secret")
    ledger.change(lambda standing: note_refused(standing, 120, NOW))
    assert ledger.read().paused_until == NOW + 120


def test_no_request_of_parallel_processes_is_lost(tmp_path: Path):
    count = """
import sys
from pathlib import Path
from devhealth.transport.ledger import Ledger
from devhealth.transport.limits import note_sent
ledger = Ledger(Path(sys.argv[1]), "secret")
for _ in range(40):
    ledger.change(lambda standing: note_sent(standing, "core", 1_800_000_000.0))
"""
    workers = [subprocess.Popen([sys.executable, "-c", count, tmp_path], env=_environment()) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert Ledger(tmp_path, "secret").read().sent == {"core": [(1_800_000_000, 120)]}


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[2] / "include")}
