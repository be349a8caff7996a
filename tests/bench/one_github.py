"""A sync of the organisation `acme` at a played GitHub, in a fresh process; prints JSON.

`python -m tests.bench.one_github SOURCE TARGET`: a source like acme/shop, or a rule that finds many, like org:acme.
"""

import json
import sys
import time
from datetime import UTC, datetime

from devhealth.pipelines import setup
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.run import run_sync
from devhealth.semantic import configurations, database, organizations
from devhealth.settings import Settings
from tests.bench.one_sync import Peak


def main():
    settings = Settings.from_environment()
    configure(settings, *sys.argv[1:])
    as_of, peak, started = datetime.now(UTC), Peak(), time.perf_counter()
    report = run_sync(settings, SyncRequest(provider="github", run_id=new_run_id(as_of), as_of=as_of))
    seconds = time.perf_counter() - started
    if report.failed:
        raise SystemExit(report.failure_text())
    print(json.dumps({"seconds": seconds, "rows": report.rows, "peak": peak.end()}))


def configure(settings, source, target):
    """Make the stores ready, and the one configuration in them."""
    setup.prepare(settings)
    engine = database.open_semantic(settings)
    configurations.save(
        engine,
        org_id=organizations.ensure_organization(engine, "bench"),
        name="bench",
        provider="github",
        sources=[] if ":" in source else [source],
        discovery=[source] if ":" in source else [],
        targets=[target],
        options={},
    )


if __name__ == "__main__":
    main()
