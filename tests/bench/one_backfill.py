"""One full sync, or one backfill of all of a repository's history, in a fresh process; prints JSON.

`python -m tests.bench.one_backfill sync|backfill REPO`. The stores named by the environment are made ready before the
clock starts.
"""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from devhealth.pipelines import setup
from devhealth.pipelines.backfill import BackfillRequest, run_backfill
from devhealth.semantic import database, organizations, tiers
from devhealth.settings import Settings
from tests.bench.one_sync import Peak, timed

ORG = "bench"


def main():
    what, repository = sys.argv[1:]
    settings = Settings.from_environment()
    prepare(settings)
    configuration = setup.register_source(settings, ORG, repository, targets=["git"]).name
    peak = Peak()
    if what == "sync":
        seconds, rows = timed(settings)
        print(json.dumps({"seconds": seconds, "rows": rows}))
        return
    since, before = days_of(repository)
    seconds, report = backfill(settings, configuration, since, before)
    empty_seconds, empty = backfill(settings, configuration, since - (before - since), since)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "chunks": report.chunks,
                "rows": report.rows,
                "empty": empty_seconds,
                "empty_chunks": empty.chunks,
                "peak": peak.end(),
            }
        )
    )


def prepare(settings):
    """Stores and an organisation that may fill any stretch of the past."""
    setup.prepare(settings)
    engine = database.open_semantic(settings)
    organizations.ensure_organization(engine, ORG)
    tiers.set_tier(engine, organizations.organization_id(engine, ORG), "enterprise")


def days_of(repository):
    """The first day with a commit, and the one after the last."""
    log = ["git", "-C", repository, "log", "--all", "--format=%ct"]
    times = [int(line) for line in subprocess.run(log, capture_output=True, check=True).stdout.split()]
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (min(times), max(times)))
    return first, last + timedelta(days=1)


def backfill(settings, configuration, since, before):
    started = time.perf_counter()
    request = BackfillRequest(organisation=ORG, configuration=configuration, since=since, before=before)
    report = run_backfill(settings, request, has_metrics=False)
    if report.failures:
        raise SystemExit(report.failure_text())
    return time.perf_counter() - started, report


if __name__ == "__main__":
    main()
