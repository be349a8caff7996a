"""What the three stages of a unit share."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from devhealth_airflow.bundles import units_of
from devhealth_airflow.deferral import DeferrableOperator
from devhealth_airflow.failures import failures_of, settle, told_to_airflow
from devhealth_airflow.hooks import task_settings

if TYPE_CHECKING:
    from devhealth.settings import Settings

NAME = """
{%- set mapped = ti.task.unit -%}
{%- set unit = mapped if mapped is mapping else mapped[0] -%}
{{ unit.get('shown_as') or unit['name'] }} {{ unit['target'] -}}
{%- if unit['mode'] == 'backfill' %} {{ unit['window']['since'][:10] }}{% endif -%}
{%- if mapped is not mapping and mapped | length > 1 %} and {{ mapped | length - 1 }} more{% endif -%}
"""
"""What Airflow calls a mapped task: shop git, or shop git 2026-01-05 for a stretch of the past; of a bundle its first
unit: shop git and 5 more. It asks the task instance, since `task` is the task before its fields are rendered on 3.0 and
3.1."""


class StageOperator(DeferrableOperator):
    """One stage of one unit, or of each unit of a bundle; returns reports: seconds, pages, bytes, rows by table.

    In a bundle a unit that fails does not stop the others. The task is tried again for those that failed; when no try
    is left, the next stage goes on without them.
    """

    template_fields: Sequence[str] = ("unit",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"unit": "json"}

    stage: ClassVar[str]
    """fetch, process or store: see `devhealth.pipelines.stages`."""

    def __init__(self, *, unit: Any, **kwargs: Any) -> None:
        kwargs.setdefault("map_index_template", NAME)
        super().__init__(**kwargs)
        self.unit = unit

    def go_on(self, context: Any, event: Any = None) -> list[dict[str, Any]]:
        """The reports of this attempt, as plain data."""
        del event
        reports: list[dict[str, Any]] = []
        units, settings = units_of(self.unit), cache(task_settings)  # it asks Airflow for connections
        if len(units) == 1:
            with told_to_airflow(self):
                reports.append(self._run(units[0], settings))
            return reports

        def work(unit: dict[str, Any]) -> None:
            if self._is_left(unit):
                reports.append(self._run(unit, settings))

        settle(failures_of(self, units, work), len(units), context["ti"])
        return reports

    def _is_left(self, plain_unit: dict[str, Any]) -> bool:
        import msgspec

        from devhealth.models.unit import Unit
        from devhealth.pipelines import stages

        return stages.is_left(msgspec.convert(plain_unit, Unit), self.stage)

    def _run(self, plain_unit: dict[str, Any], settings: "Callable[[], Settings]") -> dict[str, Any]:
        import msgspec

        from devhealth.models.unit import Unit
        from devhealth.pipelines import stages

        unit = msgspec.convert(plain_unit, Unit)
        self.log.info("%s of %s begins", self.stage, unit.label)
        report = getattr(stages, f"{self.stage}_unit")(settings(), unit)
        rows = ", ".join(f"{count} {table}" for table, count in report.rows.items())
        self.log.info(
            "%s of %s in %.1f s: %d pages. %s",
            report.stage,
            unit.label,
            report.seconds,
            report.pages,
            rows or "No rows.",
        )
        if cost := report.usage.sentence():
            self.log.info(cost)
        plain: dict[str, Any] = msgspec.to_builtins(report)
        return plain
