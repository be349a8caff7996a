"""Many questions of one shape in one GraphQL document."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

NODE = "node(id: $id)"


def combined(document: str, each: Sequence[Mapping[str, Any]], field: str = NODE) -> tuple[str, dict[str, Any]]:
    """A document that asks the field of a document once for each, as n0, n1, ..., and its variables.

    What is given for each becomes variables of its own ($id0, $id1, ...); the other variables, fields and fragments of
    the document are shared.
    """
    start = document.index(field)
    end = _closing(document, document.index("{", start)) + 1
    names = "|".join(map(re.escape, each[0]))
    own = re.compile(rf"\$({names})\b")
    asked = document[start:end]
    fields = " ".join(f"n{number}: " + own.sub(rf"$\g<1>{number}", asked) for number in range(len(each)))
    declared = re.compile(rf"\$({names})\s*:\s*(\w+!?)")
    head = declared.sub(
        lambda match: ", ".join(f"${match[1]}{number}: {match[2]}" for number in range(len(each))), document[:start]
    )
    variables = {f"{name}{number}": value for number, one in enumerate(each) for name, value in one.items()}
    return f"{head}{fields}{document[end:]}", variables


def _closing(text: str, opening: int) -> int:
    depth = 0
    for index in range(opening, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if depth == 0:
            return index
    raise ValueError("the document has more opening than closing braces")
