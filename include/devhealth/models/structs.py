"""Working out the fields of all structs before threads need them.

msgspec does that for a struct when it is first decoded. Two threads at it at once, for structs that have a field's type
in common, can crash the process: one then sees the other's half-finished work.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec


def work_out_all() -> None:
    """Have msgspec know every struct of devhealth that is imported; cheap when it does already."""
    for kind in _below(msgspec.Struct):
        if kind.__module__.startswith("devhealth."):
            with contextlib.suppress(TypeError):  # one that is only a base of others
                msgspec.json.Decoder(kind)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
