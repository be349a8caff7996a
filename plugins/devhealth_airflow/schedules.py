"""When DAGs run, and the asset that joins them: one meaning on Airflow 2.11 and 3.x.

A plain cron string has a zero-length data interval on 3.x, so every schedule names its timetable.
"""

from typing import Any

from devhealth_airflow.airflow_names import (
    Asset,
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
)

FACTS = Asset("devhealth://facts")
"""Something was stored that metrics depend on. What exactly is in the table `metric_dirty_ranges`."""


def every_day() -> Any:
    """Each UTC day, after it ended, with the day as data interval."""
    return CronDataIntervalTimetable("0 0 * * *", timezone="UTC")


def when_facts_arrive(*, or_at: str) -> Any:
    """At each event of FACTS, and by the cron expression: events that come close together can get lost."""
    return AssetOrTimeSchedule(timetable=CronTriggerTimetable(or_at, timezone="UTC"), assets=[FACTS])
