"""Pages of every target of GitHub: answers, untouched but for what no store takes, each in an envelope about it.

    000-state                             what was true of the repository when the unit began, as the target defines it
    100-<what>-00001                      an answer, a page of a list
    100-<what>-00001-more-00001             the rest of what that answer cut short
    ...
    999-cursor                            what the next run goes on from, as the target defines it

They sort in the order they are read. A page is written once it is whole, so the place to go on from after a kill is the
`next` of the last one.
"""

from datetime import datetime
from typing import TypeVar

import msgspec

from devhealth.errors import StagingError

STATE = "000-state"
CURSOR = "999-cursor"


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer. `fetched_at` is the version taken before it was asked for: its rows are as new as that."""

    kind: str
    """graphql:pull_requests, rest:pull_request, ...: the shape of the answer."""
    fetched_at: datetime
    answer: msgspec.Raw
    about: str = ""
    """What a REST answer belongs to where it does not say so itself: the number of the pull request, ..."""
    next: str = ""
    """A GraphQL cursor or a REST path; empty after the last page."""


class SwitchedOff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In place of a cursor: the repository has the target's list switched off."""

    switched_off_at: datetime
    """Our clock when that was found."""
    earlier: str = ""
    """The cursor of the last run that read the list."""


Cursor = TypeVar("Cursor")


def read_cursor(content: bytes | None, kind: type[Cursor]) -> Cursor | None:
    """The cursor of the last run that read anything; None when there is none, or one that cannot be read."""
    try:
        if off := _off(content):
            content = off.earlier.encode()
        return msgspec.json.decode(content, type=kind) if content else None
    except (msgspec.DecodeError, RecursionError):
        return None


def off_cursor(before: bytes | None, at: datetime) -> bytes:
    """The cursor of a run that found the list switched off, after the cursor `before`."""
    earlier = off.earlier if (off := _off(before)) else (before or b"").decode()
    return _ENCODER.encode(SwitchedOff(switched_off_at=at, earlier=earlier))


def is_off(content: bytes | None) -> bool:
    """Whether a cursor says that the list was switched off."""
    return _off(content) is not None


def off_at(content: bytes) -> datetime | None:
    """When the list was found to be switched off; None for the cursor of a run that read it."""
    off = _off(content)
    return off.switched_off_at if off else None


def _off(content: bytes | None) -> SwitchedOff | None:
    if not content or not content.startswith(b'{"switched_off_at"'):
        return None
    return msgspec.json.decode(content, type=SwitchedOff)


def encode(
    kind: str,
    fetched_at: datetime,
    answer: bytes | msgspec.Raw,
    *,
    about: str = "",
    next: str = "",  # noqa: A002
) -> bytes:
    """The bytes of a page."""
    raw = answer if isinstance(answer, msgspec.Raw) else msgspec.Raw(answer)
    return _ENCODER.encode(Page(kind=kind, fetched_at=fetched_at, answer=raw, about=about, next=next))


def decode(content: bytes) -> Page:
    """The page of some bytes; raises StagingError for what is none."""
    try:
        return _DECODER.decode(content)
    except msgspec.DecodeError as error:
        raise StagingError(f"a staged page cannot be read: {error}. Sync again.") from error


def name(order: int, what: str, number: int, more: int = 0) -> str:
    """The name of a page: `100-pull-requests-00001`, or `...-more-00001` for what belongs to it."""
    of_page = f"{order:03d}-{what}-{number:05d}"
    return f"{of_page}-more-{more:05d}" if more else of_page


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Page)
