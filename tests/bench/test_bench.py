"""The bench itself: what others do to a measure, and what a stop leaves behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from devhealth.warehouse import embedded
from tests.bench.processes import MOST_TRIES, undisturbed

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, time
from pathlib import Path
from tests.bench import __main__ as bench
bench.CACHE = Path(sys.argv[1])
bench.repositories = lambda given: (None, None)
bench.measures.command_line = lambda: time.sleep(60)
sys.argv[1:] = ["--only", "help"]
bench.main()
"""


class Shares:
    """What others are said to use, one share a try."""

    def __init__(self, *shares):
        self.left, self.restarts = list(shares), 0

    def restart(self):
        self.restarts += 1

    def share(self):
        return self.left.pop(0)


@pytest.mark.parametrize(
    ("shares", "tries", "remark"),
    [
        ([0.0], 1, ""),
        ([0.4, 0.05], 2, "(measured 2 times: the machine was busy before)"),
        ([0.4, 0.4, 0.37], MOST_TRIES, "(BUSY: others used 37% of the machine, in the last of 3 tries too)"),
    ],
)
def test_a_line_that_was_measured_on_a_busy_machine_is_repeated_and_says_so(shares, tries, remark):
    others, counted = Shares(*shares), []
    found, said = undisturbed(lambda: counted.append(1) or len(counted), others)
    assert (found, said.strip(), others.restarts) == (tries, remark, tries)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_bench_that_is_stopped_stops_its_clickhouse(tmp_path, number):
    environ = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'include'}"}
    bench = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path], env=environ, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert b"busy already" in bench.stdout.readline()
        pid = embedded.status(tmp_path / "home").pid
        time.sleep(0.2)
        bench.send_signal(number)
        assert bench.wait(60) == 130
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    finally:
        bench.kill()
        embedded.stop(tmp_path / "home")
