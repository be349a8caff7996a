"""What is wrong in a document: one sentence each, with the file and the line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from devhealth.errors import InputError

Key = str | int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct, or to know."""

    path: tuple[Key, ...]
    """Where in the document: keys and places in lists."""
    text: str
    line: int = 0
    """Given when the path does not tell it."""


class Located(Protocol):
    """A document that knows its lines."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def lines(self) -> Mapping[tuple[Key, ...], int]:
        """The line of each path."""


def sentences(document: Located, problems: Iterable[Problem]) -> list[str]:
    """All of them in the order of the file, each once."""
    return [text for _, text in sorted({(_line(document, one), _sentence(document, one)) for one in problems})]


def without_consequences(problems: Iterable[Problem], causes: Sequence[Problem]) -> list[Problem]:
    """Those of the problems whose place is neither within that of a cause nor around it."""
    places = [one.path for one in causes]
    around = {place[:length] for place in places for length in range(len(place) + 1)}
    within = set(places)
    return [
        one
        for one in problems
        if one.path not in around and not any(one.path[:length] in within for length in range(len(one.path)))
    ]


def raise_any(document: Located, problems: Iterable[Problem]) -> None:
    """Raise InputError with all of them, a line each, in the order of the file; nothing when there are none."""
    if found := sentences(document, problems):
        raise InputError("\n".join(found))


def dotted(path: tuple[Key, ...]) -> str:
    """`acme.teams.platform.members item 2`: the path as people say it, without the leading `organisations`."""
    text = ""
    for key in path[1:] if path[:1] == ("organisations",) and len(path) > 1 else path:
        text += f" item {key + 1}" if isinstance(key, int) else f"{'.' if text else ''}{key}"
    return text


def _sentence(document: Located, problem: Problem) -> str:
    """One line for a person: `FILE:LINE: where: what`, with a full stop."""
    where = dotted(problem.path)
    return f"{document.name}:{_line(document, problem)}: {where}{': ' if where else ''}{problem.text}."


def _line(document: Located, problem: Problem) -> int:
    line, path = problem.line, problem.path
    while not line:
        line, path = document.lines.get(path, 0 if path else 1), path[:-1]
    return line
