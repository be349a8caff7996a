"""Fills a stretch of the past: the days from *since* up to but not including *before*, of one sync configuration.

The stretch is cut into chunks, a source, a target and seven days each. A chunk is fetched, turned into records and
stored; only then it counts. Chunks that fail do not stop the others: the run ends red, and its last task names them and
why. Once all are through, the metrics of the whole stretch are computed, once. No watermark is read or moved, and
ordinary syncs go on beside a backfill.

open_job -> chunks -> [connector -> processor -> sink] for each bundle of chunks -> close_job -> metrics, verdict

Chunks that should take about a minute together, as those before them did, are **bundled** to one task of each stage,
at most 100 bundles. Each counts for itself all the same: it is stored, shown and taken up again on its own, and one
that fails does not stop the others of its task.

**Start it** with the form of Airflow, with REST, with `devhealth backfill run --airflow`, or with

    airflow dags trigger backfill -c '{"organisation": "acme", "configuration": "shop",
                                       "since": "2026-01-01", "before": "2026-01-31"}'

How many days a backfill may cover is a matter of the organisation's tier (table `tiers`).

**Look on** with `devhealth backfill status`: every job and chunk with its rows and times. **Stop it** with `devhealth
backfill cancel`: chunks that have not begun are skipped. **Go on** after a failure or a kill by clearing the run, or
with a new run whose *job* is the id of the old one: what is stored already is left alone.

**One task at a time**, oldest days first, and a bundle that has begun goes before one that has not. To work on several
at once, make a pool with as many slots and name it in `airflow.cfg` (Airflow lets the tasks of a pool that does not
exist wait for ever); `backfill_queue` sends chunks to Celery workers of their own, and `backfill_task_seconds` says how
much expected work a task bundles (60; 0 gives each chunk its own).

    [devhealth]
    backfill_pool = devhealth_backfill
    backfill_queue = backfill
    backfill_task_seconds = 60
"""

from devhealth_airflow import forms
from devhealth_airflow.airflow_names import DAG
from devhealth_airflow.operators.finish import VerdictOperator
from devhealth_airflow.operators.job import ChunksOperator, CloseJobOperator, OpenJobOperator
from devhealth_airflow.operators.metrics import MetricsOperator
from devhealth_airflow.placement import chunk_defaults, dag_id, most_tasks_at_once
from devhealth_airflow.sync_dag import LONG_AGO, TASK_DEFAULTS, stages_of_a_unit

with DAG(
    dag_id=dag_id("backfill"),
    description="devhealth: fills a stretch of the past of one sync configuration",
    doc_md=__doc__,
    schedule=None,
    start_date=LONG_AGO,
    catchup=False,
    max_active_runs=16,
    tags=["devhealth", "backfill"],
    default_args=TASK_DEFAULTS,
    params={
        "organisation": forms.the_organisation(),
        "configuration": forms.the_configuration(),
        "targets": forms.targets(),
        "since": forms.since(),
        "before": forms.before(),
        "order": forms.order(),
        "job": forms.job(),
    },
    **most_tasks_at_once(),
) as dag:
    job = OpenJobOperator(task_id="open_job")
    chunks = ChunksOperator(task_id="chunks", job=job.output)
    unit = stages_of_a_unit(**chunk_defaults())
    close = CloseJobOperator(task_id="close_job", job=job.output)
    metrics = MetricsOperator(
        task_id="metrics", organisation="{{ ti.xcom_pull(task_ids='close_job')['organisation'] }}"
    )
    verdict = VerdictOperator(task_id="verdict", outcome=close.output)
    unit.expand(unit=chunks.output) >> close >> [metrics, verdict]
