"""What devhealth uses of Airflow, wherever the line at hand keeps it: 2.11 and every 3.x.

The only place that knows where. `airflow.providers.common.compat.sdk`, which is meant for this, has other names in each
of its versions, and it is the platform that chooses the version.
"""

from typing import Any

from airflow import __version__

IS_2 = __version__.startswith("2.")

if IS_2:
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task_group
    from airflow.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowNotFoundException,
        AirflowSkipException,
    )
    from airflow.hooks.base import BaseHook
    from airflow.models.baseoperator import BaseOperator
    from airflow.models.dag import DAG
    from airflow.models.param import Param
    from airflow.models.skipmixin import SkipMixin
    from airflow.timetables.datasets import DatasetOrTimeSchedule
    from airflow.timetables.interval import CronDataIntervalTimetable
    from airflow.timetables.trigger import CronTriggerTimetable
    from airflow.utils.log.secrets_masker import mask_secret

    def AssetOrTimeSchedule(*, timetable: Any, assets: Any) -> Any:  # noqa: N802 - stands for the class of 3.x
        """The schedule of Airflow 2.11, under its name of 3.x."""
        return DatasetOrTimeSchedule(timetable=timetable, datasets=assets)  # noqa: AIR311

else:
    from airflow.providers.standard.utils.skipmixin import SkipMixin
    from airflow.sdk import DAG, Asset, BaseOperator, Param, task_group

    try:
        from airflow.sdk import BaseHook
    except ImportError:  # 3.0
        from airflow.hooks.base import BaseHook
    try:
        from airflow.sdk.exceptions import (
            AirflowException,
            AirflowFailException,
            AirflowNotFoundException,
            AirflowSkipException,
        )
    except ImportError:  # 3.0 and 3.1
        from airflow.exceptions import (
            AirflowException,
            AirflowFailException,
            AirflowNotFoundException,
            AirflowSkipException,
        )
    try:
        from airflow.sdk.log import mask_secret
    except ImportError:  # 3.0.0
        from airflow.sdk.execution_time.secrets_masker import mask_secret
    try:
        from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, CronTriggerTimetable
    except ImportError:  # 3.0 and 3.1
        from airflow.timetables.assets import AssetOrTimeSchedule
        from airflow.timetables.interval import CronDataIntervalTimetable
        from airflow.timetables.trigger import CronTriggerTimetable

try:
    from airflow.sdk.plugins_manager import AirflowPlugin
except ImportError:  # below 3.2
    from airflow.plugins_manager import AirflowPlugin

__all__ = [
    "DAG",
    "IS_2",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowPlugin",
    "AirflowSkipException",
    "Asset",
    "AssetOrTimeSchedule",
    "BaseHook",
    "BaseOperator",
    "CronDataIntervalTimetable",
    "CronTriggerTimetable",
    "Param",
    "SkipMixin",
    "mask_secret",
    "task_group",
]
