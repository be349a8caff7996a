"""Doing one thing in many processes at the same moment."""

import multiprocessing
import traceback
from collections.abc import Callable
from typing import Any


def at_once(count: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What each of `count` processes returned for `function(*arguments, number)`; AssertionError if any raised."""
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(count), context.SimpleQueue()

    def call(number: int) -> None:
        ready.wait()
        try:
            results.put((number, function(*arguments, number), None))
        except BaseException:  # noqa: BLE001 - handed to the parent
            results.put((number, None, traceback.format_exc()))

    processes = [context.Process(target=call, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    outcomes = sorted((results.get() for _ in processes), key=lambda outcome: outcome[0])
    for process in processes:
        process.join()
    errors = [error for _, _, error in outcomes if error]
    assert not errors, f"{len(errors)} of {count} processes failed, the first with:\n{errors[0]}"
    return [value for _, value, _ in outcomes]
