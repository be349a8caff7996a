"""Executes a valid query over plain dictionaries, several times faster than the library does, with the same result."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import get_argument_values, get_directive_values, get_variable_values
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

from tests.github.world import Item


class Resolve(Protocol):
    """What a field of an item is: (type, field, item, arguments)."""

    def __call__(self, kind: str, name: str, item: Item, args: Item) -> Any: ...


@dataclass(slots=True)
class Step:
    """One field of a selection, on one type."""

    key: str
    name: str
    type: GraphQLOutputType
    args: Item
    node: FieldNode
    is_plain: bool
    """Shown as it is, unless it is null."""
    sets: list[SelectionSetNode] = field(default_factory=list)
    below: "dict[str, list[Step]]" = field(default_factory=dict)
    """The steps inside by the type of the value."""


class _Missing(Exception):
    """A field that must not be null is: the nearest one above that may be becomes null."""


class Execution:
    """One run of a query."""

    def __init__(self, schema: GraphQLSchema, parsed: DocumentNode, variables: Item, resolve: Resolve) -> None:
        self.schema, self.resolve = schema, resolve
        self.fragments = {d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)}
        self.operation = next(d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
        self.given = variables
        self.errors: list[GraphQLError] = []
        self.path: list[str | int] = []

    def run(self) -> Item | None:
        """The data; `errors` says what went wrong on the way."""
        values = get_variable_values(self.schema, self.operation.variable_definitions or (), self.given)
        if isinstance(values, list):
            self.errors += values
            return None
        self.variables = values
        try:
            return self._item({"__typename": "Query"}, "Query", self._steps([self.operation.selection_set], "Query"))
        except _Missing:
            return None

    def _steps(self, sets: list[SelectionSetNode], kind: str) -> list[Step]:
        found: dict[str, Step] = {}
        for selected in sets:
            self._collect(selected, kind, found)
        return list(found.values())

    def _collect(self, selected: SelectionSetNode, kind: str, found: dict[str, Step]) -> None:
        for node in selected.selections:
            if not self._is_wanted(node):
                continue
            if isinstance(node, FieldNode):
                step = self._step(node, kind, found)
                if node.selection_set:
                    step.sets.append(node.selection_set)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(node.type_condition.name.value, kind):
                    self._collect(node.selection_set, kind, found)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, kind):
                    self._collect(fragment.selection_set, kind, found)

    def _step(self, node: FieldNode, kind: str, found: dict[str, Step]) -> Step:
        key = (node.alias or node.name).value
        if key not in found:
            name = node.name.value
            owner = self.schema.type_map[kind]
            assert isinstance(owner, GraphQLObjectType)
            defined = self.schema.get_field(owner, name)
            assert defined is not None
            args = get_argument_values(defined, node, self.variables)
            plain = node.selection_set is None and not is_list_type(get_nullable_type(defined.type))
            found[key] = Step(key, name, defined.type, args, node, plain)
        return found[key]

    def _is_wanted(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))

    def _applies(self, condition: str, kind: str) -> bool:
        if condition == kind:
            return True
        wanted, actual = self.schema.type_map[condition], self.schema.type_map[kind]
        return is_abstract_type(wanted) and self.schema.is_sub_type(wanted, actual)

    def _item(self, item: Item, kind: str, steps: list[Step]) -> Item:
        shown: Item = {}
        for step in steps:
            if step.name == "__typename":
                shown[step.key] = kind
                continue
            self.path.append(step.key)
            shown[step.key] = self._field(item, kind, step)
            self.path.pop()
        return shown

    def _field(self, item: Item, kind: str, step: Step) -> Any:
        depth = len(self.path)
        try:
            value = self.resolve(kind, step.name, item, step.args)
            if step.is_plain and value is not None:
                return value
            return self._complete(value, step.type, step)
        except (GraphQLError, _Missing) as error:
            del self.path[depth:]
            if isinstance(error, GraphQLError):
                self._note(error, step)
            if is_non_null_type(step.type):
                raise _Missing from None
            return None

    def _complete(self, value: Any, kind: GraphQLOutputType, step: Step) -> Any:
        if is_non_null_type(kind):
            done = self._complete(value, kind.of_type, step)
            if done is None:
                raise GraphQLError(f"Cannot return null for non-nullable field {step.name}.")
            return done
        if value is None:
            return None
        if isinstance(value, GraphQLError):
            raise value
        if is_list_type(kind):
            return [self._entry(i, one, kind.of_type, step) for i, one in enumerate(value)]
        if not step.sets:
            return value
        return self._composite(value, kind, step)

    def _entry(self, position: int, value: Any, kind: GraphQLOutputType, step: Step) -> Any:
        self.path.append(position)
        depth = len(self.path)
        try:
            return self._complete(value, kind, step)
        except (GraphQLError, _Missing) as error:
            del self.path[depth:]
            if isinstance(error, GraphQLError):
                self._note(error, step)
            if is_non_null_type(kind):
                raise _Missing from None
            return None
        finally:
            self.path.pop()

    def _composite(self, value: Item, kind: GraphQLOutputType, step: Step) -> Item:
        named = get_named_type(kind)
        assert is_composite_type(named)
        actual = named.name if isinstance(named, GraphQLObjectType) else value["__typename"]
        steps = step.below.get(actual)
        if steps is None:
            steps = step.below[actual] = self._steps(step.sets, actual)
        return self._item(value, actual, steps)

    def _note(self, error: GraphQLError, step: Step) -> None:
        self.errors.append(
            GraphQLError(error.message, nodes=[step.node], path=list(self.path), extensions=error.extensions)
        )
