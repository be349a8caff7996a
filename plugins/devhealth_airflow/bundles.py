"""Units as Airflow maps them: each to a task of its own, or several to one.

A bundle is a list of consecutive units; each one after the first holds only what differs from that one. The units of a
sync are bundled where there are many of them, the chunks of a backfill by the work they are expected to make: to start
a task takes Airflow longer than to fetch a week of most repositories.
"""

from collections.abc import Iterable, Sequence
from typing import Any

LEAST_SECONDS = 10.0
"""Of expected work. Less is not worth the start of three tasks, however many could run at once."""


def bundled(units: Sequence[dict[str, Any]], most: int) -> list[Any]:
    """What is mapped: the units, or at most so many bundles of them, each of as many units."""
    size = -(-len(units) // most)
    return [_mapped(units[start : start + size]) for start in range(0, len(units), max(size, 1))]


def bundled_by_work(
    units: Sequence[dict[str, Any]], seconds: Sequence[float], *, most: int, at_once: int, budget: float
) -> list[Any]:
    """What is mapped: bundles of about `budget` seconds of expected work, at most so many, in the order of the units.

    Bundles are smaller where so many tasks `at_once` would find nothing to do, but not smaller than LEAST_SECONDS, and
    larger where there would be more than `most`. With a budget of 0, each unit has its own task as long as they fit.
    """
    if not budget:
        return bundled(units, most)
    total = sum(seconds)
    fair = max(min(budget, total / at_once), min(budget, LEAST_SECONDS), total / most)
    while len(parts := _parts(units, seconds, fair)) > most:
        fair *= 1.2
        if fair > total:
            return bundled(units, most)
    return [_mapped(part) for part in parts]


def units_of(mapped: Any) -> list[dict[str, Any]]:
    """The units of one mapped task."""
    if not isinstance(mapped, list):
        return [mapped]
    first, *others = mapped
    return [first, *({**first, **other} for other in others)]


def all_units(mapped: Iterable[Any]) -> list[dict[str, Any]]:
    """The units of all mapped tasks."""
    return [unit for one in mapped for unit in units_of(one)]


def _parts(units: Sequence[dict[str, Any]], seconds: Sequence[float], fair: float) -> list[list[dict[str, Any]]]:
    parts: list[list[dict[str, Any]]] = []
    filled = 0.0
    for unit, work in zip(units, seconds, strict=True):
        if not parts or filled + work > fair:
            parts.append([])
            filled = 0.0
        parts[-1].append(unit)
        filled += work
    return parts


def _mapped(units: Sequence[dict[str, Any]]) -> Any:
    first = units[0]
    if len(units) == 1:
        return first
    return [first, *({key: value for key, value in unit.items() if value != first[key]} for unit in units[1:])]
