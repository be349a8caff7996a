"""From YAML to a `Document`: every field known and of its type, each trouble with its line."""

import difflib
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from devhealth.pipelines.configuration.document import (
    SECTIONS,
    Credential,
    Document,
    FromEnvironment,
    Organisation,
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


class _CredentialOutline(Struct, frozen=True, forbid_unknown_fields=True):
    provider: Text
    fields: dict[str, Any]


def read(tree: Tree) -> Document:
    """The document of a tree. Raises InputError with a line for each trouble."""
    problems: list[Problem] = []
    root = convert(tree.value, _Root, (), problems)
    found = {slug: _organisation(tree, slug, problems) for slug in (root.organisations if root else ())}
    raise_any(tree, problems)
    return Document(organisations=found)


def convert(value: Any, kind: type[Kind], path: tuple[Key, ...], problems: list[Problem]) -> Kind | None:
    """The struct a value stands for, nothing counting as an empty mapping; None, with the problem noted, for none."""
    try:
        return msgspec.convert({} if value is None and path else value, kind)
    except msgspec.ValidationError as error:
        problems.append(_problem(str(error), path, kind))
        return None


def _organisation(tree: Tree, slug: str, problems: list[Problem]) -> Organisation:
    path = ("organisations", slug)
    value = tree.at(path)
    outline = convert(value, _Outline, path, problems)
    sections: dict[str, Any] = {}
    for section, kind in SECTIONS.items() if outline else ():
        items = getattr(outline, section)
        below = (*path, section)
        if items is not None:
            sections[section] = {name: _item(one, kind, (*below, name), problems) for name, one in items.items()}
        elif section in (value or ()):
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


def _problem(message: str, path: tuple[Key, ...], kind: type[Struct]) -> Problem:
    """What msgspec says, in the words of the document."""
    match = _MESSAGE.fullmatch(message)
    text, below = (match["text"], match["path"] or "") if match else (message, "")
    path = (*path, *_steps(below))
    if unknown := _UNKNOWN.fullmatch(text):
        return Problem((*path, unknown["name"]), _unknown(unknown["name"], kind, below))
    if absent := _ABSENT.fullmatch(text):
        return Problem(path, f"`{absent['name']}` is missing: add it")
    return Problem(path, _expectation(text))


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
