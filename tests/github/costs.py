"""What a GraphQL query costs, by the rules GitHub documents."""

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from tests.github.world import Item

NODE_LIMIT = 500_000
PAGE_LIMIT = 100


@dataclass(frozen=True)
class Cost:
    """Points of a query, and the most nodes it may return."""

    points: int
    nodes: int


class _Count:
    def __init__(self, schema: GraphQLSchema, parsed: DocumentNode) -> None:
        self.schema = schema
        self.fragments = {d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)}
        self.variables: Item = {}
        self.requests = 0
        self.nodes = 0
        self.errors: list[Item] = []

    def walk(self, selections: SelectionSetNode, kind: str, times: int, path: tuple[str, ...]) -> None:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                self.field(selection, kind, times, path)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                self.walk(selection.selection_set, condition.name.value if condition else kind, times, path)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                self.walk(fragment.selection_set, fragment.type_condition.name.value, times, path)

    def field(self, node: FieldNode, kind: str, times: int, path: tuple[str, ...]) -> None:
        if node.selection_set is None or node.name.value.startswith("__"):
            return
        defined = self.schema.type_map[kind].fields[node.name.value]
        target = get_named_type(defined.type).name
        here = (*path, (node.alias or node.name).value)
        if "first" in defined.args:
            self.requests += times
            size = self._size(node, here)
            self.nodes += times * size
            times *= size
        elif node.name.value == "nodes" and kind == "Query":
            times *= len(self._argument(node, "ids") or [])
            self.nodes += times
        self.walk(node.selection_set, target, times, here)

    def _size(self, node: FieldNode, path: tuple[str, ...]) -> int:
        sizes = {name: self._argument(node, name) for name in ("first", "last")}
        given = {name: int(size) for name, size in sizes.items() if size is not None}
        if not given:
            if any(_is_list(s) for s in (node.selection_set or SelectionSetNode(selections=())).selections):
                self._refuse(
                    "MISSING_PAGINATION_BOUNDARIES", path,
                    f"You must provide a `first` or `last` value to properly paginate the `{node.name.value}` "
                    "connection.",
                )  # fmt: skip
            return 1
        for name, size in given.items():
            if not 0 <= size <= PAGE_LIMIT:
                self._refuse(
                    "EXCESSIVE_PAGINATION", path,
                    f"Requesting {size} records on the `{node.name.value}` connection exceeds the `{name}` limit of "
                    f"{PAGE_LIMIT} records.",
                )  # fmt: skip
        return max(1, *given.values()) if len(given) > 1 else max(1, next(iter(given.values())))

    def _argument(self, node: FieldNode, name: str) -> int | list[str] | None:
        for argument in node.arguments or ():
            if argument.name.value == name:
                if isinstance(argument.value, VariableNode):
                    value: int | list[str] | None = self.variables.get(argument.value.name.value)
                    return value
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                return [getattr(value, "value", "") for value in getattr(argument.value, "values", [])]
        return None

    def _refuse(self, kind: str, path: tuple[str, ...], message: str) -> None:
        self.errors.append({"type": kind, "path": ["query", *path], "message": message})


def _is_list(selection: object) -> bool:
    return not isinstance(selection, FieldNode) or selection.name.value in {"nodes", "edges"}


def _defaults(operation: OperationDefinitionNode) -> Item:
    """What variables are when they are not given; only whole numbers matter here."""
    defined = [d for d in operation.variable_definitions or () if isinstance(d.default_value, IntValueNode)]
    return {d.variable.name.value: int(d.default_value.value) for d in defined}


def price(schema: GraphQLSchema, parsed: DocumentNode, variables: Item) -> Cost | list[Item]:
    """The price, or the errors of a query that asks for too much.

    One request for each connection of each node above it; a hundred requests are a point, and no query is free.
    """
    count = _Count(schema, parsed)
    operation = next(d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))
    count.variables = {**_defaults(operation), **variables}
    count.walk(operation.selection_set, "Query", 1, ())
    if count.nodes > NODE_LIMIT:
        message = (
            f"This query requests up to {count.nodes:,} possible nodes which exceeds the maximum limit of "
            f"{NODE_LIMIT:,}."
        )
        count.errors.append({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message})
    if count.errors:
        return count.errors
    return Cost(points=max(1, round(count.requests / 100)), nodes=count.nodes)
