"""From YAML to a `Document`: every field known and of its type, each trouble with its line."""

import difflib
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from devhealth.pipelines.configuration.document import (
    SECTIONS,
    Configuration,
    Credential,
    Document,
    FromEnvironment,
    Identity,
    Organisation,
    Team,
    Text,
)
from devhealth.pipelines.configuration.problems import Key, Problem, raise_any
from devhealth.pipelines.configuration.yaml_tree import Tree

Kind = TypeVar("Kind", bound=Struct)

_MESSAGE = re.compile(r"(?P<text>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]")
_EXPECTED = re.compile(r"Expected `(?P<types>[^`]+)`(?P<bound>[^,]*)(?:, got `(?P<got>[^`]+)`)?")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_ABSENT = re.compile(r"Object missing required field `(?P<name>.*)`")
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
    "date": "a day such as 2026-01-31",
}


class _Outline(Struct, frozen=True, forbid_unknown_fields=True):
    tier: Text | None = None
    credentials: dict[str, Any] | None = None
    configurations: dict[str, Any] | None = None
    identities: dict[str, Any] | None = None
    teams: dict[str, Any] | None = None


class _Root(Struct, frozen=True, forbid_unknown_fields=True):
    organisations: dict[str, Any]


_NOTHING: dict[type[Struct], Struct] = {
    Credential: Credential(provider="", fields={}),
    Configuration: Configuration(provider=""),
    Identity: Identity(),
    Team: Team(),
}
"""What stands for an item of which nothing can be read."""


class _CredentialOutline(Struct, frozen=True, forbid_unknown_fields=True):
    provider: Text
    fields: dict[str, Any]


def read(tree: Tree) -> Document:
    """The document of a tree. Raises InputError with a line for each trouble."""
    document, problems = what_can_be_read(tree)
    raise_any(tree, problems)
    return document


def what_can_be_read(tree: Tree) -> tuple[Document, list[Problem]]:
    """The document of a tree without what is wrong in it, and all that is.

    An item of which nothing can be read keeps its name, so that what refers to it is not wrong too.
    """
    problems = list(tree.problems)
    root = convert(tree.value, _Root, (), problems)
    found = {slug: _organisation(tree, slug, problems) for slug in (root.organisations if root else ())}
    return Document(organisations=found), problems


def convert(value: Any, kind: type[Kind], path: tuple[Key, ...], problems: list[Problem]) -> Kind | None:
    """The struct a value stands for without what is wrong in it, each noted; None when nothing is left.

    Nothing counts as an empty mapping.
    """
    left, noted = _Left({} if value is None and path else value), set[tuple[Key, ...]]()
    while True:
        try:
            return msgspec.convert(left.value, kind)
        except msgspec.ValidationError as error:
            below, text, absent = _trouble(str(error), kind)
            place = left.original(below)
            if (*place, absent) not in noted:  # a required field that is wrong, or misspelt, is not missing too
                problems.append(Problem((*path, *place), text))
                noted |= {place, (*place[:-1], _meant(text))}
            if not left.take_out(below):
                return None


class _Left:
    """A value from which parts are taken out, that still knows the places in its lists."""

    def __init__(self, value: Any) -> None:
        self._places: dict[int, list[int]] = {}
        self.value = self._copied(value)

    def original(self, steps: tuple[Key, ...]) -> tuple[Key, ...]:
        """Where in the whole value the steps lead to."""
        value, found = self.value, list[Key]()
        for step in steps:
            found.append(self._places[id(value)][step] if isinstance(value, list) and isinstance(step, int) else step)
            value = self._below(value, step)
        return tuple(found)

    def take_out(self, steps: tuple[Key, ...]) -> bool:
        """Whether there was such a part; the whole is none."""
        value = self.value
        for step in steps[:-1]:
            value = self._below(value, step)
        if isinstance(value, list) and steps and isinstance(steps[-1], int):
            del value[steps[-1]], self._places[id(value)][steps[-1]]
            return True
        return isinstance(value, dict) and bool(steps) and value.pop(steps[-1], self) is not self

    def _copied(self, value: Any) -> Any:
        if isinstance(value, list):
            items = [self._copied(item) for item in value]
            self._places[id(items)] = list(range(len(items)))
            return items
        return {key: self._copied(item) for key, item in value.items()} if isinstance(value, dict) else value

    def _below(self, value: Any, step: Key) -> Any:
        if isinstance(value, dict):
            return value.get(step)
        return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _organisation(tree: Tree, slug: str, problems: list[Problem]) -> Organisation:
    path = ("organisations", slug)
    value = tree.at(path)
    outline = convert(value, _Outline, path, problems)
    sections: dict[str, Any] = {}
    for section, kind in SECTIONS.items() if outline else ():
        items = getattr(outline, section)
        below = (*path, section)
        if items is not None:
            sections[section] = {
                name: _item(one, kind, (*below, name), problems) or _NOTHING[kind] for name, one in items.items()
            }
        elif section in (value or ()) and value[section] is None:
            text = "is empty: write {} to remove everything, or leave the line out to keep everything"
            problems.append(Problem(below, text))
    return Organisation(tier=outline.tier if outline else None, **sections)


def _item(value: Any, kind: type[Struct], path: tuple[Key, ...], problems: list[Problem]) -> Struct | None:
    if kind is not Credential:
        return convert(value, kind, path, problems)
    outline = convert(value, _CredentialOutline, path, problems)
    fields: dict[str, FromEnvironment] = {}
    for name, one in outline.fields.items() if outline else ():
        below = (*path, "fields", name)
        if not isinstance(one, dict):
            text = "secrets do not stand in files: write {env: VARIABLE}, and set that variable when you apply"
            problems.append(Problem(below, text))
        elif secret := convert(one, FromEnvironment, below, problems):
            fields[name] = secret
    return Credential(provider=outline.provider, fields=fields) if outline else None


def _trouble(message: str, kind: type[Struct]) -> tuple[tuple[Key, ...], str, str]:
    """What msgspec says, in the words of the document: where, what, and the name of a field that is missing there."""
    match = _MESSAGE.fullmatch(message)
    text, below = (match["text"], match["path"] or "") if match else (message, "")
    path = _steps(below)
    if unknown := _UNKNOWN.fullmatch(text):
        return (*path, unknown["name"]), _unknown(unknown["name"], kind, below), ""
    if absent := _ABSENT.fullmatch(text):
        return path, f"`{absent['name']}` is missing: add it", absent["name"]
    return path, _expectation(text), ""


def _expectation(text: str) -> str:
    expected = _EXPECTED.fullmatch(text)
    if not expected:
        return f"expected {_KINDS['date']}" if "date" in text else text
    types, got = _named(expected["types"]), expected["got"]
    if got:
        is_unquoted = "text" in types and got in {"int", "float", "bool"}
        return f"expected {types}, got {_KINDS.get(got, got)}{': put it in quotes' if is_unquoted else ''}"
    return (
        "is empty" if expected["types"] == "str" else f"expected {types} of at least {expected['bound'].strip(' >=')}"
    )


def _unknown(name: str, kind: type[Struct], below: str) -> str:
    known = [one.encode_name for one in structs.fields(_kind_at(kind, below))]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"expected {', '.join(known)}"
    return f"this field is not known: {hint}".removesuffix("?")


def _meant(text: str) -> str:
    """The field that an unknown one is taken for."""
    return text.partition("did you mean ")[2]


def _kind_at(kind: type[Struct], below: str) -> type[Struct]:
    """The struct among the types of a field, where msgspec's path leads into one."""
    for step in _steps(below):
        if not isinstance(step, str):
            continue
        field = next(one for one in msgspec.inspect.type_info(kind).fields if one.encode_name == step)  # type: ignore[attr-defined]
        kind = next((one for one in _structs(field.type)), kind)
    return kind


def _structs(info: Any) -> Iterator[type[Struct]]:
    if isinstance(info, msgspec.inspect.StructType):
        yield info.cls
    for inner in getattr(info, "types", ()):
        yield from _structs(inner)
    if hasattr(info, "item_type"):
        yield from _structs(info.item_type)


def _steps(path: str) -> tuple[Key, ...]:
    return tuple(step["name"] or int(step["index"]) for step in _STEP.finditer(path))


def _named(types: str) -> str:
    kinds = [_KINDS.get(one, one) for one in types.split(" | ") if one != "null"]
    return " or ".join(kinds)
