"""What a run has to do."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devhealth_airflow.airflow_names import AirflowException
from devhealth_airflow.bundles import bundled
from devhealth_airflow.deferral import DeferrableOperator
from devhealth_airflow.failures import told_to_airflow
from devhealth_airflow.hooks import task_settings
from devhealth_airflow.placement import most_tasks
from devhealth_airflow.runs import backfill_command, state_of_run

if TYPE_CHECKING:
    from devhealth.models.unit import Window
    from devhealth.pipelines.backfill.airflow_runs import PlannedRun
    from devhealth.pipelines.request import SyncRequest
    from devhealth.settings import Settings

REFUSALS = "refusals"
"""Key of the XCom that says which organisations were left out and why."""

MOST_LOGGED = 1_000
"""Units, a line each: Airflow shows no log of many megabytes."""


class PlanOperator(DeferrableOperator):
    """Plans the units of a run from its params and data interval; none when nothing is new.

    A backfill run selects its data interval and a run with `since` or `before` those days; both leave the watermarks
    alone, and the organisation's tier limits both, a backfill by all of its runs together. Organisations that are left
    out for that are named under the key REFUSALS. Every other run goes from the cursor to its own time; when not one of
    its sources can be reached, the plan is tried again. Tables that are missing or older than this code are brought up
    to date first, so unpausing a DAG is all there is to installing it.
    """

    template_fields: Sequence[str] = ("provider",)

    def __init__(self, *, provider: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.provider = provider

    def go_on(self, context: Any, event: Any = None) -> list[Any]:
        """The units as plain data; where there are many, bundles of them."""
        del event
        most = most_tasks()
        with told_to_airflow(self):
            import msgspec

            from devhealth.pipelines.plan import is_out_of_reach, plan_sync
            from devhealth.pipelines.request import SyncRequest, new_run_id
            from devhealth.pipelines.setup import prepare

            as_of, params = datetime.now(UTC), context["params"]
            request = SyncRequest(
                provider=self.provider,
                organisation=params.get("organisation") or None,
                configurations=tuple(params.get("configurations") or ()),
                targets=tuple(params.get("targets") or ()),
                window=_window(context, as_of),
                full_resync=bool(params.get("full_resync")),
                run_id=f"{new_run_id(as_of)}-{context['run_id']}",
                as_of=as_of,
            )
            settings = task_settings()
            prepare(settings)
            if context["dag_run"].run_type == "backfill":
                planned = _of_backfill(settings, request, context)
                units = planned.units
                context["ti"].xcom_push(key=REFUSALS, value="; ".join(planned.refusals))
            else:
                units = plan_sync(settings, request)
                task = context["ti"]
                if units and all(map(is_out_of_reach, units)) and task.try_number <= task.max_tries:
                    raise AirflowException(f"no source of {len(units)} units can be reached: the log says why.")
        for unit in units[:MOST_LOGGED]:
            self.log.info("%s, %s: %s", unit.called, unit.target, unit.mode)
        mapped = bundled(msgspec.to_builtins(units), most)
        if units:
            self.log.info("%d units to sync, in %d tasks a stage", len(units), len(mapped))
        else:
            self.log.info("Nothing is new.")
        return mapped


def _of_backfill(settings: "Settings", request: "SyncRequest", context: Any) -> "PlannedRun":
    from devhealth.pipelines.backfill import reconcile
    from devhealth.pipelines.backfill.airflow_runs import AirflowRun, plan_airflow_run

    run = context["dag_run"]
    reconcile(settings, state_of_run)
    this = AirflowRun(dag_id=run.dag_id, run_id=run.run_id, command=backfill_command(run))
    return plan_airflow_run(settings, request, this, state_of_run)


def _window(context: Any, as_of: datetime) -> "Window | None":
    from devhealth.models.unit import Window
    from devhealth.pipelines.request import window_between

    if context["dag_run"].run_type == "backfill":  # the run id is free text
        start, end = (context[f"data_interval_{name}"].timestamp() for name in ("start", "end"))
        return Window(since=datetime.fromtimestamp(start, UTC), before=datetime.fromtimestamp(end, UTC))
    params = context["params"]
    return window_between(params.get("since"), params.get("before"), as_of)
