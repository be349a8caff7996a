"""Where the chunks of a backfill run: pool and queue, from the section `[devhealth]` of Airflow's configuration.

    [devhealth]
    backfill_pool = devhealth_backfill      as many tasks of chunks at once as it has slots; it must exist
    backfill_queue = backfill               Celery workers that listen on it take the chunks

Without a pool of its own a backfill runs one task at a time.
"""

from typing import Any

from airflow.configuration import conf

SHARED_POOL = "default_pool"
"""Airflow's own, which always exists."""


def chunk_defaults() -> dict[str, Any]:
    """Arguments of the tasks of a chunk. Their weight lets a chunk that has begun go before one that has not."""
    queue = conf.get("devhealth", "backfill_queue", fallback="")
    return {"pool": _pool(), "weight_rule": "upstream", **({"queue": queue} if queue else {})}


def most_tasks_at_once() -> dict[str, int]:
    """Arguments of the DAG: one task at a time in the shared pool; a pool of its own counts for itself."""
    return {"max_active_tasks": 1} if _pool() == SHARED_POOL else {}


def _pool() -> str:
    return str(conf.get("devhealth", "backfill_pool", fallback=SHARED_POOL))
