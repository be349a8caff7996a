"""From devhealth's errors to Airflow's: one sentence, and no retry where trying again cannot help."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSkipException

from devhealth_airflow.deferral import defer


@contextmanager
def told_to_airflow(operator: Any = None) -> Iterator[None]:
    """A DevhealthError leaves as AirflowFailException (no retry) or AirflowException (retry), itself the cause.

    What a cancelled backfill has left to do is skipped. An operator that is given waits for a provider's limit
    without its worker, and goes on then.
    """
    from devhealth import errors

    hopeless = (
        errors.InputError,
        errors.SettingsError,
        errors.SourceNotFound,
        errors.SourceForbidden,
        errors.SchemaOutdated,
    )
    try:
        yield
    except errors.BackfillCancelled as error:
        raise AirflowSkipException(str(error)) from error
    except errors.RateLimited as error:
        if operator is None:
            raise AirflowException(str(error)) from error
        defer(operator, error)
    except hopeless as error:
        raise AirflowFailException(str(error)) from error
    except errors.DevhealthError as error:
        raise AirflowException(str(error)) from error
