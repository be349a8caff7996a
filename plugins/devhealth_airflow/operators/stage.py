"""What the three stages of a unit share."""

from collections.abc import Sequence
from typing import Any, ClassVar

from devhealth_airflow.deferral import DeferrableOperator
from devhealth_airflow.failures import told_to_airflow
from devhealth_airflow.hooks import task_settings

NAME = """
{{- task.unit['name'] }} {{ task.unit['target'] -}}
{%- if task.unit['mode'] == 'backfill' %} {{ task.unit['window']['since'][:10] }}{% endif -%}
"""
"""What Airflow calls a mapped task: shop git, or shop git 2026-01-05 for a stretch of the past."""


class StageOperator(DeferrableOperator):
    """One stage of one unit; returns its report: seconds, pages, bytes, rows by table."""

    template_fields: Sequence[str] = ("unit",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"unit": "json"}

    stage: ClassVar[str]
    """Name of the function in `devhealth.pipelines.stages`."""

    def __init__(self, *, unit: Any, **kwargs: Any) -> None:
        kwargs.setdefault("map_index_template", NAME)
        super().__init__(**kwargs)
        self.unit = unit

    def go_on(self, context: Any, event: Any = None) -> dict[str, Any]:
        """The stage's report, as plain data."""
        del context, event
        with told_to_airflow(self):
            import msgspec

            from devhealth.models.unit import Unit
            from devhealth.pipelines import stages

            report = getattr(stages, self.stage)(task_settings(), msgspec.convert(self.unit, Unit))
        rows = ", ".join(f"{count} {table}" for table, count in report.rows.items())
        self.log.info("%s in %.1f s: %d pages. %s", report.stage, report.seconds, report.pages, rows)
        if cost := report.usage.sentence():
            self.log.info(cost)
        return msgspec.to_builtins(report)
