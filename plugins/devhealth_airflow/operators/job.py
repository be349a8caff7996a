"""A backfill job: opened, cut into chunks, closed; and jobs whose run is gone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from devhealth_airflow.airflow_names import AirflowFailException, BaseOperator
from devhealth_airflow.bundles import bundled_by_work
from devhealth_airflow.deferral import DeferrableOperator
from devhealth_airflow.failures import told_to_airflow
from devhealth_airflow.hooks import task_settings
from devhealth_airflow.placement import most_tasks, seconds_of_a_task
from devhealth_airflow.runs import state_of_run


class OpenJobOperator(DeferrableOperator):
    """Makes the job of this run with all its chunks, or finds the one it made before, or the one to resume.

    Whatever is wrong with the request fails here, in one sentence, before anything is stored.
    """

    def go_on(self, context: Any, event: Any = None) -> dict[str, Any]:
        """The job, as plain data."""
        del event
        with told_to_airflow(self):
            import msgspec

            from devhealth.pipelines.backfill import BackfillRequest, open_job, reconcile
            from devhealth.pipelines.setup import prepare

            params, run = context["params"], context["dag_run"]
            request = BackfillRequest(
                organisation=params.get("organisation") or "",
                configuration=params.get("configuration") or "",
                targets=tuple(params.get("targets") or ()),
                since=params.get("since") or None,
                before=params.get("before") or None,
                order=params.get("order") or "oldest_first",
                job_id=params.get("job") or "",
                origin="dag",
                dag_id=run.dag_id,
                run_id=run.run_id,
            )
            settings = task_settings()
            prepare(settings)
            reconcile(settings, state_of_run)
            job = open_job(settings, request, datetime.now(UTC))
        self.log.info("job %s: %d chunks of %d days. %s", job.job_id, job.chunks, job.window_days, job.estimate)
        return msgspec.to_builtins(job)


class ChunksOperator(BaseOperator):
    """Lists the chunks of a job that are not completed, in the order of work, bundled by how long they should take."""

    template_fields: Sequence[str] = ("job",)

    def __init__(self, *, job: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job

    def execute(self, context: Any) -> list[Any]:
        """The units as plain data, and bundles of them."""
        most, budget, at_once = most_tasks(), seconds_of_a_task(), context["dag"].max_active_tasks
        with told_to_airflow():
            import msgspec

            from devhealth.pipelines.backfill import expected_seconds, plan_job

            settings = task_settings()
            units = plan_job(settings, self.job["org_id"], self.job["job_id"])
            seconds = expected_seconds(settings, units)
        mapped = bundled_by_work(msgspec.to_builtins(units), seconds, most=most, at_once=at_once, budget=budget)
        self.log.info(
            "%d of %d chunks to do, about %.0f s of work, in %d tasks a stage",
            len(units),
            self.job["chunks"],
            sum(seconds),
            len(mapped),
        )
        return mapped


class CloseJobOperator(BaseOperator):
    """Says how the job ended, whatever became of its chunks; to name those that failed is left to the verdict."""

    template_fields: Sequence[str] = ("job",)

    def __init__(self, *, job: Any, **kwargs: Any) -> None:
        super().__init__(trigger_rule="all_done", **kwargs)
        self.job = job

    def execute(self, context: Any) -> dict[str, Any]:
        """Counts of the job, and one sentence on the chunks that failed."""
        del context
        if self.job is None:
            raise AirflowFailException("the job could not be opened: the log of the task `open_job` says why.")
        with told_to_airflow():
            from devhealth.pipelines.backfill import close_job

            report = close_job(task_settings(), self.job["org_id"], self.job["job_id"])
        self.log.info("%s: %d of %d chunks, %d rows", report.status, report.completed, report.chunks, report.rows)
        return {
            "organisation": report.organisation,
            "status": report.status,
            "chunks": report.chunks,
            "completed": report.completed,
            "rows": report.rows,
            "failure": report.failure_text(),
        }


class ReconcileOperator(BaseOperator):
    """Notes which backfill jobs nobody works on any more, as Airflow knows of their runs: killed, deleted, ended."""

    def execute(self, context: Any) -> dict[str, str]:
        """Jobs that Airflow could not be asked about, and why."""
        del context
        with told_to_airflow():
            from devhealth.pipelines.backfill import reconcile
            from devhealth.pipelines.setup import prepare

            settings = task_settings()
            prepare(settings)
            return reconcile(settings, state_of_run)
