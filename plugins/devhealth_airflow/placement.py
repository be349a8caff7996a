"""What DAGs are called, where tasks run and how many there are, as Airflow's configuration has it.

`dag_id_prefix` in the section `[devhealth]` goes before the id of each DAG, for an Airflow where another team has a DAG
`backfill`. Where the chunks of a backfill run is said in the section `[devhealth]`:

    [devhealth]
    backfill_pool = devhealth_backfill      as many tasks of chunks at once as it has slots; it must exist
    backfill_queue = backfill               Celery workers that listen on it take the chunks
    backfill_task_seconds = 60              how much expected work one task bundles; 0 gives each chunk its own

Without a pool of its own a backfill runs one task at a time.
"""

from typing import Any

from airflow.configuration import conf

from devhealth_airflow.airflow_names import AirflowFailException

SHARED_POOL = "default_pool"
"""Airflow's own, which always exists."""
DAY_SECONDS = 86_400
MOST_TASKS = 100
"""Times three stages, that is what a scheduler starts within minutes. `[core] max_map_length` may allow fewer."""


def dag_id(name: str) -> str:
    """The id of the DAG that the documentation calls so."""
    return f"{conf.get('devhealth', 'dag_id_prefix', fallback='')}{name}"


def most_tasks() -> int:
    """How many tasks one may be mapped to: MOST_TASKS, or less where this process's `[core] max_map_length` says so.

    Raises AirflowFailException for a setting with which Airflow maps nothing at all.
    """
    text = conf.get("core", "max_map_length", fallback="1024")
    try:
        limit = int(text)
    except ValueError:
        limit = 0
    if limit < 1:
        raise AirflowFailException(
            f"`[core] max_map_length` is {text!r}, so Airflow maps no task: expected a number from 1 on. "
            "Correct it in airflow.cfg, or AIRFLOW__CORE__MAX_MAP_LENGTH, of the schedulers, API servers and workers."
        )
    return min(MOST_TASKS, limit)


def chunk_defaults() -> dict[str, Any]:
    """Arguments of the tasks of a chunk. Their weight lets a chunk that has begun go before one that has not."""
    queue = conf.get("devhealth", "backfill_queue", fallback="")
    return {"pool": _pool(), "weight_rule": "upstream", **({"queue": queue} if queue else {})}


def most_tasks_at_once() -> dict[str, int]:
    """Arguments of the DAG: one task at a time in the shared pool; a pool of its own counts for itself."""
    return {"max_active_tasks": 1} if _pool() == SHARED_POOL else {}


def seconds_of_a_task() -> float:
    """How many seconds of expected work one task of a backfill bundles. Raises AirflowFailException for no number."""
    text = conf.get("devhealth", "backfill_task_seconds", fallback="60")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= DAY_SECONDS:
        raise AirflowFailException(
            f"`[devhealth] backfill_task_seconds` is {text!r}: expected seconds from 0 (each chunk its own task) to "
            f"{DAY_SECONDS:,}. Correct it in airflow.cfg, or AIRFLOW__DEVHEALTH__BACKFILL_TASK_SECONDS."
        )
    return seconds


def _pool() -> str:
    return str(conf.get("devhealth", "backfill_pool", fallback=SHARED_POOL))
