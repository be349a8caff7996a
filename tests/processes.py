"""Doing one thing in many processes at the same moment, or in one that is killed half-way."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterable
from typing import Any
from unittest import mock


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


def killed_at(moment: int, moments: Iterable[tuple[object, str]], function: Callable[[], Any]) -> bool:
    """Whether a process that calls the function was killed with `kill -9`; AssertionError if it raised before.

    `moments` are functions by owner and name: a moment is just before or just after any call of one, counted from 0.
    """
    context = multiprocessing.get_context("fork")
    errors = context.SimpleQueue()

    def call() -> None:
        left = iter(range(moment, -1, -1))
        try:
            for owner, name in moments:
                mock.patch.object(owner, name, _counting(getattr(owner, name), left)).start()
            function()
        except BaseException:  # noqa: BLE001 - handed to the parent
            errors.put(traceback.format_exc())
        os._exit(0)  # nothing that the parent had opened may be closed here

    process = context.Process(target=call)
    process.start()
    process.join()
    assert errors.empty(), errors.get()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _counting(real: Callable[..., Any], left: Iterable[int]) -> Callable[..., Any]:
    def counted(*arguments: Any, **choices: Any) -> Any:
        _pass(left)
        result = real(*arguments, **choices)
        _pass(left)
        return result

    return counted


def _pass(left: Any) -> None:
    if next(left, -1) == 0:
        os.kill(os.getpid(), signal.SIGKILL)
