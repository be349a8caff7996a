"""YAML as plain values that remember their lines.

Read more strictly than PyYAML does by itself: a key that stands twice is an error, keys are always text (`no:` is the
key "no"), days stay text, and tags of Python or of one's own are refused. Anchors, aliases and merge keys work.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from devhealth.errors import InputError
from devhealth.pipelines.configuration.problems import Key, Problem, raise_any

_MOST_VALUES = 1_000_000
"""More than this many are no configuration but aliases that multiply."""
_TEXTS = {"str", "timestamp", "value", "merge"}
_SCALARS = {"null", "bool", "int", "float"}
_NO_TEXT = "\0"


@dataclass(frozen=True, slots=True)
class Tree:
    """Mappings, lists and scalars, with the line that each of them, or its key, begins in."""

    name: str
    """The file, for messages."""
    value: Any
    lines: dict[tuple[Key, ...], int]
    folder: Path
    """Where relative paths in it start."""
    problems: tuple[Problem, ...] = ()
    """What is wrong in it, in a tree that was read to tell all of that together."""

    def at(self, path: tuple[Key, ...]) -> Any:
        """The value at a path that is there."""
        value = self.value
        for key in path:
            value = value[key]
        return value


def read_file(path: Path, *, keeps_problems: bool = False) -> Tree:
    """The tree of a file, as `read`; relative paths start at the folder it is in, whatever leads there."""
    path = path.expanduser() if path.parts[:1] == ("~",) else path
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}. Give a YAML file that this user may read.") from error
    folder = path.absolute().parent
    if ".." in folder.parts:  # what that is, only the disk knows: a folder before it may be a link
        folder = folder.resolve()
    return read(raw, str(path), folder, keeps_problems=keeps_problems)


def read(raw: bytes, name: str, folder: Path, *, keeps_problems: bool = False) -> Tree:
    """The tree of some YAML; `name` is what messages call it, `folder` where its relative paths start.

    Raises InputError for what is no YAML, and for keys and values that are wrong, or keeps these in the tree.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}:{line}: not UTF-8. Save the file as UTF-8 text.") from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(f"{name}:{line}: holds a control character. Remove it.") from error
    except yaml.MarkedYAMLError as error:
        # The message of PyYAML quotes the text around, and that may hold a secret.
        mark = error.problem_mark or error.context_mark
        context = f"{error.context}, " if error.context and len(error.context) < 60 else ""  # noqa: PLR2004
        line = mark.line + 1 if mark else 1
        raise InputError(f"{name}:{line}: no YAML: {context}{error.problem}. Correct this line.") from error
    except RecursionError as error:
        raise InputError(f"{name}: nested too deeply to be a configuration.") from error
    if root is None:
        raise InputError(f"{name} is empty: expected a mapping with `organisations:`.")
    tree = _Reader(name).tree(root, folder)
    if not keeps_problems:
        raise_any(tree, tree.problems)
    return tree


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._constructor = yaml.SafeLoader("")
        self._lines: dict[tuple[Key, ...], int] = {}
        self._open: set[int] = set()
        self._flattened: set[int] = set()
        self._problems: list[Problem] = []

    def tree(self, root: Node, folder: Path) -> Tree:
        value = self._value(root, ())
        return Tree(self._name, value, self._lines, folder, tuple(self._problems))

    def _value(self, node: Node, path: tuple[Key, ...]) -> Any:
        self._lines.setdefault(path, node.start_mark.line + 1)
        if len(self._lines) > _MOST_VALUES:
            raise InputError(f"{self._name}: more than {_MOST_VALUES:,} values: its aliases multiply without end.")
        if id(node) in self._open:
            raise InputError(f"{self._name}:{node.start_mark.line + 1}: an alias within itself. Write the value out.")
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode) and node.tag.endswith(":map"):
                return dict(self._items(node, path))
            if isinstance(node, SequenceNode) and node.tag.endswith(":seq"):
                return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _items(self, node: MappingNode, path: tuple[Key, ...]) -> Iterator[tuple[str, Any]]:
        if id(node) not in self._flattened:  # an alias brings it here again, with what it merged already in it
            self._flatten(node, path)
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                below = (*path, self._text(key, path))
                self._lines[below] = key.start_mark.line + 1
                yield str(below[-1]), self._value(value, below)

    def _flatten(self, node: MappingNode, path: tuple[Key, ...]) -> None:
        self._flattened.add(id(node))
        own: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                self._note(path, key, "a key must be text, not a list or a mapping")
            elif key.tag.endswith(":merge"):
                continue
            elif key.value in own:
                self._note(path, key, f"{key.value!r} stands here twice, first in line {own[key.value]}: keep one")
            else:
                own[key.value] = key.start_mark.line + 1
        try:
            self._constructor.flatten_mapping(node)
        except yaml.MarkedYAMLError as error:
            self._note(path, node, f"a merge key `<<` needs a mapping: {error.problem}")

    def _scalar(self, node: Node, path: tuple[Key, ...]) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if isinstance(node, ScalarNode) and kind in _TEXTS:
            return self._text(node, path)
        if isinstance(node, ScalarNode) and kind in _SCALARS:
            try:
                return self._constructor.construct_object(node)
            except (ValueError, OverflowError):
                self._note(path, node, "a number that cannot be read")
                return None
        self._note(path, node, f"the tag {kind!r} is not known here: write plain text, numbers, lists and mappings")
        return None

    def _text(self, node: ScalarNode, path: tuple[Key, ...]) -> str:
        text = str(node.value)
        if _NO_TEXT in text or any("\ud800" <= character <= "\udfff" for character in text):
            self._note(path, node, "holds a character that no database can store")
        return text

    def _note(self, path: tuple[Key, ...], node: Node, text: str) -> None:
        self._problems.append(Problem(path, text, node.start_mark.line + 1))
