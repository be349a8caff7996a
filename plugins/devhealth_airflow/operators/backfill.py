"""A backfill on Airflow 2.11."""

from collections.abc import Sequence
from typing import Any

from devhealth_airflow.airflow_names import SkipMixin
from devhealth_airflow.bundles import all_units
from devhealth_airflow.deferral import DeferrableOperator
from devhealth_airflow.failures import failures_of
from devhealth_airflow.hooks import task_settings


class BackfillOperator(DeferrableOperator, SkipMixin):
    """Syncs the units of a backfill itself, one after the other, and skips the mapped tasks; other runs map all units.

    The backfill command of Airflow 2.11 loses mapped tasks. It looks up its list of tasks once, so it never runs those
    that others expand (the task before them does, as it ends), and it starts those of a group before they are expanded.
    """

    template_fields: Sequence[str] = ("units",)

    def __init__(self, *, units: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def go_on(self, context: Any, event: Any = None) -> list[Any]:
        """The units that are left to mapped tasks. Raises when a unit failed; a retry takes up what is not stored."""
        del event
        if context["dag_run"].run_type != "backfill":
            return self.units
        for failure in failures_of(self, all_units(self.units), self._sync):
            raise failure
        mapped = [task for task in self.downstream_list if task.get_closest_mapped_task_group()]
        self.skip(dag_run=context["dag_run"], execution_date=None, tasks=mapped)
        return []

    def _sync(self, plain_unit: dict[str, Any]) -> None:
        import msgspec

        from devhealth.models.unit import Unit
        from devhealth.pipelines import stages
        from devhealth.staging import UnitStaging

        settings, unit = task_settings(), msgspec.convert(plain_unit, Unit)
        if UnitStaging(unit.staging).read("stored.json"):
            return
        stages.fetch_unit(settings, unit)
        stages.process_unit(settings, unit)
        report = stages.store_unit(settings, unit)
        self.log.info("%s, %s: %d rows stored", unit.called, unit.target, sum(report.rows.values()))
