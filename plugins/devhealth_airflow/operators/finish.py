"""The end of a sync run."""

from collections.abc import Sequence
from typing import Any

from devhealth_airflow.airflow_names import AirflowFailException, AirflowSkipException, BaseOperator
from devhealth_airflow.bundles import all_units
from devhealth_airflow.failures import told_to_airflow
from devhealth_airflow.hooks import task_settings
from devhealth_airflow.schedules import FACTS


class FinishOperator(BaseOperator):
    """Commits what is stored: watermarks forward, touched days dirty, staged pages dropped.

    Runs whatever became of the units, and succeeds when some failed: to announce the others, and to name these, is left
    to the tasks after it.
    """

    template_fields: Sequence[str] = ("units", "refusals")

    def __init__(self, *, provider: str, units: Any, refusals: str = "", **kwargs: Any) -> None:
        super().__init__(trigger_rule="all_done", **kwargs)
        self.provider = provider
        self.units = units
        self.refusals = refusals

    def execute(self, context: Any) -> dict[str, Any]:
        """Counts of the run, and one sentence on the units that failed and the organisations that were left out."""
        del context
        if self.units is None:
            raise AirflowFailException("the run could not be planned: the log of the task `plan` says why.")
        if not self.units:
            self.log.info("Nothing is new.")
            return {"planned": 0, "stored": 0, "rows": 0, "failure": self.refusals}
        with told_to_airflow():
            import msgspec

            from devhealth.models.unit import Unit
            from devhealth.pipelines.backfill.airflow_runs import finish_airflow_run
            from devhealth.pipelines.finish import finish_sync

            settings, units = task_settings(), msgspec.convert(all_units(self.units), list[Unit])
            report = finish_sync(settings, units, provider=self.provider, run_id=units[0].run_id)
            finish_airflow_run(settings, units)
        self.log.info("%d of %d units stored, %d rows", len(report.stored), report.planned, report.rows)
        if cost := report.usage.sentence():
            self.log.info(cost)
        return {
            "planned": report.planned,
            "stored": len(report.stored),
            "rows": report.rows,
            "failure": "; ".join(
                part for part in (report.failure_text() if report.failed else "", self.refusals) if part
            ),
        }


class AnnounceOperator(BaseOperator):
    """Sends the run's one event of FACTS; skipped, and so silent, when no rows were stored."""

    template_fields: Sequence[str] = ("outcome",)

    def __init__(self, *, outcome: Any, **kwargs: Any) -> None:
        super().__init__(outlets=[FACTS], **kwargs)
        self.outcome = outcome

    def execute(self, context: Any) -> None:
        """Nothing: Airflow sends the event of a task that ends well."""
        del context
        if not self.outcome["rows"]:
            raise AirflowSkipException("No rows were stored, so there is nothing to compute.")


class VerdictOperator(BaseOperator):
    """Fails the run when a unit failed, naming each and why; what the others fetched stays stored."""

    template_fields: Sequence[str] = ("outcome",)

    def __init__(self, *, outcome: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.outcome = outcome

    def execute(self, context: Any) -> None:
        """Nothing, or AirflowFailException."""
        del context
        if self.outcome["failure"]:
            raise AirflowFailException(self.outcome["failure"])
