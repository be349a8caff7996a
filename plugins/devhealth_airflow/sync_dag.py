"""The one shape of every `sync_<provider>` DAG.

plan -> [connector -> processor -> sink] for each unit -> finish -> announce, verdict

On Airflow 2.11, `backfill` stands between the plan and the units.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from devhealth_airflow import forms
from devhealth_airflow.airflow_names import DAG, IS_2, task_group
from devhealth_airflow.operators.backfill import BackfillOperator
from devhealth_airflow.operators.connector import ConnectorOperator
from devhealth_airflow.operators.finish import AnnounceOperator, FinishOperator, VerdictOperator
from devhealth_airflow.operators.plan import REFUSALS, PlanOperator
from devhealth_airflow.operators.processor import ProcessorOperator
from devhealth_airflow.operators.sink import SinkOperator
from devhealth_airflow.placement import dag_id
from devhealth_airflow.schedules import every_day

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Start date of all DAGs: no task runs for an interval before it, and a backfill may go back to the first commit."""
TASK_DEFAULTS = {"owner": "devhealth", "retries": 2, "execution_timeout": timedelta(hours=6)}
"""How long to wait before a retry is left to Airflow's own `default_task_retry_delay`."""
WITH_WAITS = timedelta(days=1)
"""Airflow counts the time that a task waits for its provider too. What hangs has time limits of its own."""

_REFUSALS = f"{{{{ ti.xcom_pull(task_ids='plan', key='{REFUSALS}') or '' }}}}"


def sync_dag(
    *, provider: str, targets: Sequence[str], description: str, doc_md: str, pool: str = "default_pool"
) -> DAG:
    """The DAG `sync_<provider>`, with the prefix that Airflow's configuration has.

    An unknown pool would leave its tasks scheduled for ever.
    """
    with DAG(
        dag_id=dag_id(f"sync_{provider}"),
        description=description,
        doc_md=doc_md,
        schedule=every_day(),
        start_date=LONG_AGO,
        catchup=False,
        max_active_runs=1,
        tags=["devhealth", "sync"],
        default_args={**TASK_DEFAULTS, "pool": pool},
        params=_params(targets),
    ) as dag:
        plan = PlanOperator(task_id="plan", provider=provider)
        finish = FinishOperator(task_id="finish", provider=provider, units=plan.output, refusals=_REFUSALS)
        units = plan.output
        if IS_2:
            backfill = BackfillOperator(task_id="backfill", units=units, execution_timeout=WITH_WAITS)
            backfill >> finish
            units = backfill.output
        announce = AnnounceOperator(task_id="announce", outcome=finish.output)
        verdict = VerdictOperator(task_id="verdict", outcome=finish.output)
        stages_of_a_unit().expand(unit=units) >> finish >> [announce, verdict]
    return dag


def stages_of_a_unit(**defaults: Any) -> Any:
    """The task group that is mapped over units; `defaults` are arguments of its tasks."""

    @task_group(group_id="unit", default_args=defaults)
    def group(unit: Any) -> None:
        connector = ConnectorOperator(task_id="connector", unit=unit, execution_timeout=WITH_WAITS)
        processor = ProcessorOperator(task_id="processor", unit=unit)
        sink = SinkOperator(task_id="sink", unit=unit)
        connector >> processor >> sink

    return group


def _params(targets: Sequence[str]) -> dict[str, Any]:
    meaning = "Given, only these days are fetched and the watermarks stay where they are."
    return {
        "organisation": forms.organisation(),
        "configurations": forms.configurations(),
        "targets": forms.targets(targets),
        "since": forms.since(meaning),
        "before": forms.before(meaning),
        "full_resync": forms.full_resync(),
    }
