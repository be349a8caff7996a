"""The schema the local server speaks is a part of the real one, and nothing else."""

from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_required_argument,
    is_union_type,
)

from tests.fixtures import fixtures
from tests.github import graph
from tests.github.fields import FIELDS


def real() -> GraphQLSchema:
    return build_schema(fixtures("github/schema/schema.graphql").read_text(), assume_valid=True)


def test_every_type_field_argument_and_nullability_is_as_in_the_real_schema():
    real_schema = real()
    wrong = []
    for name, ours in graph.schema().type_map.items():
        theirs = real_schema.type_map.get(name)
        if theirs is None or type(theirs) is not type(ours):
            wrong.append(name)
        else:
            wrong += _differences(ours, theirs)
    assert wrong == []


def _differences(ours: GraphQLNamedType, theirs: GraphQLNamedType) -> list[str]:
    if is_enum_type(ours):
        return [ours.name] if list(ours.values) != list(theirs.values) else []
    if is_union_type(ours):
        return [f"{ours.name} | {t.name}" for t in ours.types if t.name not in {one.name for one in theirs.types}]
    if is_input_object_type(ours):
        return [f"{ours.name}.{n}" for n, f in ours.fields.items() if str(f.type) != str(theirs.fields[n].type)]
    if not (is_object_type(ours) or is_interface_type(ours)):
        return []
    wrong = [
        f"{ours.name} : {i.name}" for i in ours.interfaces if i.name not in {one.name for one in theirs.interfaces}
    ]
    for name, field in ours.fields.items():
        wanted = theirs.fields.get(name)
        if wanted is None or str(wanted.type) != str(field.type):
            wrong.append(f"{ours.name}.{name}")
            continue
        missing = [a for a, it in wanted.args.items() if is_required_argument(it) and a not in field.args]
        wrong += [f"{ours.name}.{name}({a})" for a in missing]
        for a, it in field.args.items():
            known = wanted.args.get(a)
            if known is None or (str(known.type), known.default_value) != (str(it.type), it.default_value):
                wrong.append(f"{ours.name}.{name}({a})")
    return wrong


def test_every_computed_field_is_in_the_schema():
    schema = graph.schema()
    assert [key for key in FIELDS if key[1] not in schema.type_map[key[0]].fields] == []


def test_every_connection_and_every_field_with_arguments_is_computed():
    """An argument nobody looks at would be a lie."""
    schema = graph.schema()
    lazy = {("Query", "rateLimit")}
    forgotten = [
        (name, field)
        for name, kind in schema.type_map.items()
        if is_object_type(kind) and not name.startswith("__")
        for field, defined in kind.fields.items()
        if defined.args and (name, field) not in FIELDS.keys() | lazy
    ]
    assert forgotten == []
