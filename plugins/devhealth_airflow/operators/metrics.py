"""From stored records to metrics."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from devhealth_airflow.airflow_names import BaseOperator
from devhealth_airflow.failures import told_to_airflow
from devhealth_airflow.hooks import task_settings


class MetricsOperator(BaseOperator):
    """Computes what is dirty or, given a first day or a day after the last, all of that range.

    Times are UTC days such as 2026-01-31; an empty text stands for none.
    """

    template_fields: Sequence[str] = ("organisation", "since", "before")

    def __init__(self, *, organisation: str = "", since: str = "", before: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organisation = organisation
        self.since = since
        self.before = before

    def execute(self, context: Any) -> dict[str, Any]:
        """Counts and seconds, by table."""
        del context
        as_of = datetime.now(UTC)
        with told_to_airflow():
            import msgspec

            from devhealth.pipelines.metrics import compute_dirty, compute_range
            from devhealth.pipelines.setup import prepare

            settings, organisation = task_settings(), self.organisation or None
            prepare(settings)
            if self.since or self.before:
                since, before = _day("since", self.since), _day("before", self.before)
                report = compute_range(settings, organisation, since, before, as_of)
            else:
                report = compute_dirty(settings, as_of, organisation)
        for table in report.tables:
            self.log.info("%s: %d rows in %.1f s", table.table, table.rows, table.seconds)
        self.log.info("%d dirty ranges of %d repositories", report.ranges, report.repositories)
        return msgspec.to_builtins(report)


def _day(name: str, text: str) -> date | None:
    from devhealth.errors import InputError

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{name} is {text!r}: expected a day such as 2026-01-31.") from None
