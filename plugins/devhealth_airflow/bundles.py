"""Units as Airflow maps them: each to a task of its own, or several to one where there are very many.

A bundle is a list of consecutive units; each one after the first holds only what differs from that one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

MOST_TASKS = 1_000
"""Airflow maps at most 1,024 (`max_map_length`)."""


def bundled(units: Sequence[dict[str, Any]]) -> list[Any]:
    """What is mapped: the units, or bundles of them."""
    size = -(-len(units) // MOST_TASKS)
    if size <= 1:
        return list(units)
    return [_bundle(units[start : start + size]) for start in range(0, len(units), size)]


def units_of(mapped: Any) -> list[dict[str, Any]]:
    """The units of one mapped task."""
    if not isinstance(mapped, list):
        return [mapped]
    first, *others = mapped
    return [first, *({**first, **other} for other in others)]


def all_units(mapped: Iterable[Any]) -> list[dict[str, Any]]:
    """The units of all mapped tasks."""
    return [unit for one in mapped for unit in units_of(one)]


def _bundle(units: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    first = units[0]
    return [first, *({key: value for key, value in unit.items() if value != first[key]} for unit in units[1:])]
