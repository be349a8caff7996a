"""The people of one organisation, taken out of a whole document or given as a file of their own."""

from typing import Any

from msgspec import structs

from devhealth.errors import InputError
from devhealth.pipelines.configuration.document import Document
from devhealth.pipelines.configuration.read import read
from devhealth.pipelines.configuration.yaml_tree import Tree

_PEOPLE = ("identities", "teams")


def people_of(tree: Tree, organisation: str) -> tuple[Document, Tree]:
    """Identities and teams of the organisation, with the tree their lines are found in.

    The file is a whole document, of which nothing else is looked at, or what stands in one below the organisation.
    Raises InputError with a line for each trouble, and when it says nothing of people.
    """
    if not isinstance(tree.value, dict) or "organisations" not in tree.value:
        tree = _wrapped(tree, organisation)
    document = read(tree)
    known = document.organisations
    if organisation not in known:
        raise InputError(f"{tree.name} says nothing of organisation {organisation!r}. It has: {', '.join(known)}.")
    found = known[organisation]
    if found.identities is None and found.teams is None:
        raise InputError(f"{tree.name} has neither `identities` nor `teams` of organisation {organisation!r}.")
    alone = structs.replace(found, tier=None, credentials=None, configurations=None)
    return Document(organisations={organisation: alone}), tree


def _wrapped(tree: Tree, organisation: str) -> Tree:
    path = ("organisations", organisation)
    value: Any = {"organisations": {organisation: tree.value}}
    lines = {(*path, *below): line for below, line in tree.lines.items()}
    return Tree(tree.name, value, {(): 1, path[:1]: 1, **lines}, tree.folder)
