"""Answers of providers: JSON that every store takes, and typed; what is amiss is named with the thing it is amiss with.

A NUL and half a surrogate pair stand in no text of PostgreSQL. Each becomes U+FFFD before an answer is staged: so all
stores hold the same, and one odd text stops nothing.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec

from devhealth.errors import RecordError

At = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant in an answer."""

T = TypeVar("T")

_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ESCAPES = re.compile(
    rb"\\\\|(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<odd>\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
_REPLACEMENT = rb"\ufffd"

_IDS = ("number", "fullDatabaseId", "databaseId", "id", "oid", "sha", "login", "name")
_PATH = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP = re.compile(r"\.(?P<key>[^.\[]+)|\[")
_LACKS = re.compile(r"missing required field `(?P<field>[^`]+)`")
_GOT = re.compile(r"got `(?P<type>\w+)`")
_SHOWN = 80
"""Characters of a name in an error."""
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


def storable(body: bytes) -> bytes:
    """A JSON text whose strings every store takes; the same bytes where nothing is odd."""
    if _SUSPECT.search(body):
        body = _ESCAPES.sub(lambda match: _REPLACEMENT if match["odd"] else match[0], body)
    return body


def moment(text: str) -> datetime:
    """The instant that a text of an answer says, read as `At` is."""
    return msgspec.convert(text, At)


def decode(answer: msgspec.Raw | bytes, kind: type[T], what: str) -> T:
    """The answer as `kind`; raises RecordError that names `what`, the thing, and its field."""
    try:
        decoded: T = _decoder(kind).decode(answer)  # type: ignore[arg-type] # a type is hashable
    except msgspec.ValidationError as error:
        raise RecordError(_sentence(bytes(answer), str(error), what)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(f"{what}: expected an answer in JSON, got what is none ({error}). Sync again.") from error
    except RecursionError as error:
        raise RecordError(f"{what}: expected an answer in JSON, got one that is nested too deep to read.") from error
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
    for trail, thing in _walk(_loaded(answer), steps, ()):
        if not field or (isinstance(thing, dict) and _is_amiss(thing, field, wrong)):
            what = f"{what}: {' '.join(trail)}" if trail else what
            break
    return f"{what}: {message}. The provider answers differently than expected: report it."


def _loaded(answer: bytes) -> Any:
    """None for what ends in nonsense after the place where it was found to be amiss."""
    try:
        return msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_amiss(thing: dict[str, Any], field: str, wrong: type | None) -> bool:
    return field not in thing if wrong is None else isinstance(thing.get(field), wrong)


def _walk(value: Any, steps: list[str | None], trail: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything at a path, with the names and ids of what it stands in; None is any item of a list."""
    if isinstance(value, dict) and (name := next((str(value[key])[:_SHOWN] for key in _IDS if value.get(key)), "")):
        trail = (*trail, name)
    if not steps:
        yield trail, value
    elif steps[0] is None:
        for item in value if isinstance(value, list) else ():
            yield from _walk(item, steps[1:], trail)
    elif isinstance(value, dict) and steps[0] in value:
        yield from _walk(value[steps[0]], steps[1:], trail if steps[0] in _NO_NEWS else (*trail, steps[0]))
