"""Answers as typed structs; what a record needs and an answer lacks is named with the thing it is missing from."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

import msgspec

from devhealth.errors import RecordError

T = TypeVar("T")

_IDS = ("number", "fullDatabaseId", "databaseId", "id", "oid", "sha", "login", "name")
_PATH = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP = re.compile(r"\.(?P<key>[^.\[]+)|\[")
_LACKS = re.compile(r"missing required field `(?P<field>[^`]+)`")
_GOT = re.compile(r"got `(?P<type>\w+)`")
_NO_NEWS = {"data", "repository", "nodes"}
"""Keys on the way to every thing."""
_JSON: dict[str, type] = {
    "null": type(None),
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "object": dict,
    "array": list,
}


def decode(answer: msgspec.Raw, kind: type[T], what: str) -> T:
    """The answer as `kind`; raises RecordError that names `what`, the thing, and its field."""
    try:
        decoded: T = _decoder(kind).decode(answer)  # type: ignore[arg-type] # a type is hashable
    except msgspec.ValidationError as error:
        raise RecordError(_sentence(bytes(answer), str(error), what)) from error
    except msgspec.DecodeError as error:
        raise RecordError(f"{what}: the answer is no JSON: {error}. Sync again.") from error
    return decoded


@cache
def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(kind)


def _sentence(answer: bytes, message: str, what: str) -> str:
    """What is amiss with which thing: `acme/shop: 12 reviews 738: Object missing required field `state``."""
    found = _PATH.search(message)
    steps = [step["key"] for step in _STEP.finditer(found["path"])] if found else []
    message = message[: found.start()] if found else message
    wrong: type | None = None
    lacking, got = _LACKS.search(message), _GOT.search(message)
    if lacking:
        field = lacking["field"]
    else:
        steps, field = (steps[:-1], str(steps[-1])) if steps and steps[-1] else (steps, "")
        wrong = _JSON.get(got["type"], object) if got else object
        message = f"{message} (`{field}`)" if field else message
    for trail, thing in _walk(msgspec.json.decode(answer), steps, ()):
        if not field or (isinstance(thing, dict) and _is_amiss(thing, field, wrong)):
            what = f"{what}: {' '.join(trail)}" if trail else what
            break
    return f"{what}: {message}. GitHub answers differently than expected: report it."


def _is_amiss(thing: dict[str, Any], field: str, wrong: type | None) -> bool:
    return field not in thing if wrong is None else isinstance(thing.get(field), wrong)


def _walk(value: Any, steps: list[str | None], trail: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything at a path, with the names and ids of what it stands in; None is any item of a list."""
    if isinstance(value, dict) and (name := next((str(value[key]) for key in _IDS if value.get(key)), "")):
        trail = (*trail, name)
    if not steps:
        yield trail, value
    elif steps[0] is None:
        for item in value if isinstance(value, list) else ():
            yield from _walk(item, steps[1:], trail)
    elif isinstance(value, dict) and steps[0] in value:
        yield from _walk(value[steps[0]], steps[1:], trail if steps[0] in _NO_NEWS else (*trail, steps[0]))
