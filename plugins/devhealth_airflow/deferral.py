"""Giving the worker back while a provider wants to be left alone."""

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from devhealth_airflow.airflow_names import BaseOperator

if TYPE_CHECKING:
    from devhealth.errors import RateLimited

_SPREAD_SECONDS = 10.0
"""Tasks that wait for the same moment come back one after the other."""


class DeferrableOperator(BaseOperator):
    """An operator whose work is `go_on`, which Airflow calls again when a wait is over."""

    def execute(self, context: Any) -> Any:
        """What the work returns."""
        return self.go_on(context)

    def go_on(self, context: Any, event: Any = None) -> Any:
        """Do the work, or what is left of it; `event` says that a wait is over."""
        raise NotImplementedError


def defer(operator: Any, limited: "RateLimited") -> NoReturn:
    """Have Airflow call the operator's `go_on` once the wait is over; raises TaskDeferred."""
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger

    moment = max(limited.until, datetime.now(UTC)) + timedelta(seconds=random.uniform(0, _SPREAD_SECONDS))  # noqa: S311
    operator.log.info("%s The task gives its worker back until then.", limited)
    operator.defer(trigger=DateTimeTrigger(moment=moment), method_name="go_on")
    raise AssertionError
