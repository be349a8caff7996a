"""Seconds to open and plan a backfill of 20 small repositories; prints JSON: weeks to (seconds, chunks).

`python -m tests.bench.plan_backfill FOLDER WEEKS...`. The repositories are made in the folder before the clock starts.
"""

import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from devhealth.pipelines.backfill import BackfillRequest, open_job, plan_job
from devhealth.semantic import configurations, database, organizations
from devhealth.settings import Settings
from tests.bench.one_backfill import ORG, prepare

REPOSITORIES = 20
COMMIT = b"commit refs/heads/main\ncommitter A <a@example.com> 1750000000 +0000\ndata 1\nx\n"
BEFORE = date(2026, 1, 1)


def main():
    folder, *weeks = sys.argv[1:]
    settings = Settings.from_environment()
    prepare(settings)
    engine = database.open_semantic(settings)
    configurations.save(
        engine,
        org_id=organizations.organization_id(engine, ORG),
        provider="local_git",
        name="all",
        sources=[str(repository(Path(folder) / f"small-{number}")) for number in range(REPOSITORIES)],
        targets=["git"],
        options={},
    )
    print(json.dumps({count: planned(settings, int(count)) for count in weeks}))


def repository(path):
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input=COMMIT, check=True)
    return path


def planned(settings, weeks):
    started = time.perf_counter()
    request = BackfillRequest(
        organisation=ORG, configuration="all", since=BEFORE - timedelta(weeks=weeks), before=BEFORE
    )
    job = open_job(settings, request, datetime.now(UTC))
    units = plan_job(settings, job.org_id, job.job_id)
    return time.perf_counter() - started, len(units)


if __name__ == "__main__":
    main()
