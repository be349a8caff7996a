"""The CPU it takes to turn staged pages of GitHub into stored rows, in a fresh process; prints JSON.

`python -m tests.bench.one_store SOURCE TARGET`. Fetching comes before the clock starts, so it runs at the pace of an
endlessly fast server; what ClickHouse does in its own process is not counted.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

from devhealth.pipelines import providers
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.request import SyncRequest, new_run_id
from devhealth.pipelines.stages import fetch_unit, store_batches
from devhealth.settings import Settings
from devhealth.staging import UnitStaging
from tests.bench.one_github import configure


def main():
    settings, as_of = Settings.from_environment(), datetime.now(UTC)
    configure(settings, *sys.argv[1:])
    [unit] = plan_sync(settings, SyncRequest(provider="github", run_id=new_run_id(as_of), as_of=as_of))
    fetch_unit(settings, unit)
    pages, processor = UnitStaging(unit.staging).pages(), providers.processor(unit.provider, unit.target)
    started = time.process_time()
    stored = asyncio.run(store_batches(settings, unit, processor.to_records(pages, unit)))
    print(json.dumps({"cpu": time.process_time() - started, "rows": sum(stored.rows.values())}))


if __name__ == "__main__":
    main()
