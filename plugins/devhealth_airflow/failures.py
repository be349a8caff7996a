"""From devhealth's errors to Airflow's: one sentence, and no retry where trying again cannot help."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from devhealth_airflow.airflow_names import AirflowException, AirflowFailException, AirflowSkipException
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
        errors.NotSurveyed,
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


def failures_of(
    operator: Any, units: Iterable[dict[str, Any]], work: Callable[[dict[str, Any]], None]
) -> list[Exception]:
    """Why work failed on units, what a retry may mend first. A unit that fails is logged and does not stop the others.

    A limit of the provider does: the operator is deferred, and comes back to what is left.
    """
    failures: list[Exception] = []
    for unit in units:
        try:
            with told_to_airflow(operator):
                work(unit)
        except Exception as failure:  # noqa: BLE001 - the edge of a unit: its staging says why, the others go on
            operator.log.error("%s, %s: %s", unit.get("shown_as") or unit["name"], unit["target"], failure)  # noqa: TRY400
            failures.append(failure)
    return sorted(failures, key=lambda failure: isinstance(failure, AirflowFailException))


def settle(failures: Sequence[Exception], count: int, task_instance: Any) -> None:
    """Fail a task some of whose units failed: while a retry may mend one of them, or where nothing is left to go on.

    `count` is how many units it has. A task of a cancelled backfill is skipped: no try finds anything to do any more.
    """
    for failure in failures:
        if isinstance(failure, AirflowSkipException):
            raise failure
    if not failures:
        return
    is_mendable = not isinstance(failures[0], AirflowFailException)
    said = f"{len(failures)} of {count} units failed, the first: {failures[0]}"
    if is_mendable and task_instance.try_number <= task_instance.max_tries:
        raise AirflowException(said) from failures[0]
    if len(failures) == count:
        raise AirflowFailException(said) from failures[0]
