"""Computes the daily metrics of everything that changed since the last time.

Syncs note which days of which repositories they touched. This DAG takes those notes, computes every metric table over
exactly these days, and strikes off what it took. It runs when an Airflow sync has stored something, and once an hour in
case an event got lost; with nothing to do it takes seconds.

Beside that it looks after backfills: a job whose run was killed or deleted does not stay `running`.

**By hand**, *since* or *before* compute a range of days whether or not anything in it changed: for a new metric, or a
corrected one.
"""

from devhealth_airflow import forms
from devhealth_airflow.airflow_names import DAG
from devhealth_airflow.operators.job import ReconcileOperator
from devhealth_airflow.operators.metrics import MetricsOperator
from devhealth_airflow.placement import dag_id
from devhealth_airflow.schedules import when_facts_arrive
from devhealth_airflow.sync_dag import LONG_AGO, TASK_DEFAULTS

MEANING = "Given, all of these days are computed, changed or not."

with DAG(
    dag_id=dag_id("compute_metrics"),
    description="devhealth: computes the daily metrics of what changed",
    doc_md=__doc__,
    schedule=when_facts_arrive(or_at="20 * * * *"),
    start_date=LONG_AGO,
    catchup=False,
    max_active_runs=1,
    tags=["devhealth", "metrics"],
    default_args=TASK_DEFAULTS,
    params={
        "organisation": forms.organisation(),
        "since": forms.since(MEANING),
        "before": forms.before(MEANING),
    },
) as dag:
    MetricsOperator(
        task_id="metrics",
        organisation="{{ params.organisation or '' }}",
        since="{{ params.since or '' }}",
        before="{{ params.before or '' }}",
    )
    ReconcileOperator(task_id="backfills")
