"""Reading the envelope of a GraphQL answer, whose status is 200 whatever went wrong."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from devhealth.connectors.github.answer import FieldError

_OUTCOMES = frozenset({"FORBIDDEN", "NOT_FOUND", "INSUFFICIENT_SCOPES"})
"""What leaves one field empty and the others whole."""
_FORBIDDEN = _OUTCOMES - {"NOT_FOUND"}
_TOO_MUCH = re.compile(
    r"something went wrong|time(?:d)?[ -]?out|couldn't respond|resource limit|node limit|too complex|exceeds",
    re.IGNORECASE,
)
_LIMIT = re.compile("rate limit", re.IGNORECASE)
_TOO_MUCH_TYPES = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT", "EXCESSIVE_PAGINATION"})


class _Error(msgspec.Struct):
    message: str | None = None
    type: str | None = None
    path: list[str | int] | None = None
    extensions: dict[str, Any] | None = None


class _Cost(msgspec.Struct):
    cost: int = 1


class _Data(msgspec.Struct, rename="camel"):
    rate_limit: _Cost | None = None


class _Envelope(msgspec.Struct):
    data: _Data | None = None
    errors: list[_Error] | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a GraphQL answer amounts to. Without trouble, `outcomes` say which fields are empty and why."""

    points: int = 1
    outcomes: tuple[FieldError, ...] = ()
    trouble: str = ""
    """What GitHub says where the answer is of no use."""
    is_limit: bool = False
    is_size: bool = False
    is_final: bool = False
    """Asking again would bring the same: the query is not one that this GitHub understands, or not allowed."""
    is_forbidden: bool = False
    """The credential may not ask this at all: a scope is missing."""


def read(body: bytes) -> Reading:
    """What a body amounts to; raises msgspec.DecodeError for what is no answer to a query."""
    envelope = _DECODER.decode(body)
    errors = envelope.errors or []
    cost = envelope.data.rate_limit.cost if envelope.data and envelope.data.rate_limit else 1
    outcomes = tuple(FieldError(_kind(error), tuple(error.path or ()), error.message or "") for error in errors)
    troubles = [error for error in errors if _kind(error) not in _OUTCOMES]
    if not troubles and envelope.data:
        return Reading(points=cost, outcomes=outcomes)
    sentences = dict.fromkeys((error.message or "no reason").rstrip(".") + "." for error in troubles)
    said = " ".join(sentences) or envelope.message or ""
    if not errors:
        return Reading(trouble=said or "The answer has no data.")
    return Reading(
        trouble=said or errors[0].message or "no reason",
        is_limit=any("RATE_LIMIT" in (error.type or "") or _LIMIT.search(error.message or "") for error in troubles),
        is_size=any(error.type in _TOO_MUCH_TYPES or _TOO_MUCH.search(error.message or "") for error in troubles),
        is_final=not envelope.data and all(_is_final(error) for error in errors),
        is_forbidden=not envelope.data and all(_kind(error) in _FORBIDDEN for error in errors),
    )


def _kind(error: _Error) -> str:
    """`type`, or what an older server puts in its place."""
    code = (error.extensions or {}).get("code")
    return error.type or (code if isinstance(code, str) else "")


def _is_final(error: _Error) -> bool:
    """Errors of validation carry a code of their own and no type; those of a whole missing answer an outcome."""
    code = (error.extensions or {}).get("code")
    return _kind(error) in _OUTCOMES or (isinstance(code, str) and code != "INTERNAL_SERVER_ERROR")


_DECODER = msgspec.json.Decoder(_Envelope)
