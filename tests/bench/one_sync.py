"""A first sync and one with nothing new, in a fresh process; prints JSON: `python -m tests.bench.one_sync REPO TARGET`.

The stores named by the environment are made ready before the clock starts.
"""

import json
import sys
import threading
import time
from datetime import UTC, datetime

import psutil

from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.settings import Settings


def main():
    settings = Settings.from_environment()
    setup.prepare(settings)
    setup.register_source(settings, "bench", sys.argv[1], targets=[sys.argv[2]])
    peak = Peak()
    first, rows = timed(settings)
    second, rows_again = timed(settings)
    print(json.dumps({"first": first, "second": second, "rows": rows, "rows_again": rows_again, "peak": peak.end()}))


def timed(settings):
    as_of = datetime.now(UTC)
    request = SyncRequest(provider="local_git", run_id=new_run_id(as_of), as_of=as_of)
    started = time.perf_counter()
    report = run_sync(settings, request)
    seconds = time.perf_counter() - started
    if report.failed:
        raise SystemExit(report.failure_text())
    return seconds, report.rows


class Peak:
    """The most memory that this process and its children other than git held together, sampled."""

    def __init__(self):
        self._process, self._peak, self._ended = psutil.Process(), 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self):
        self._ended.set()
        self._thread.join()
        return self._peak / 1e6

    def _watch(self):
        while not self._ended.wait(0.02):
            total = self._process.memory_info().rss
            for child in self._process.children(recursive=True):
                try:
                    if not child.name().startswith("git"):
                        total += child.memory_info().rss
                except psutil.Error:
                    continue
            self._peak = max(self._peak, total)


if __name__ == "__main__":
    main()
