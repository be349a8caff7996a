"""GraphQL texts: a query a file, and the fragments it spreads in files of their names."""

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


@cache
def query(name: str, *, without: str = "") -> str:
    """A query with all of its fragments, but for one that it does not need."""
    text = (_FOLDER / f"{name}.graphql").read_text()
    return whole(re.sub(rf"\.\.\.{without}\n", "", text) if without else text)


def whole(text: str) -> str:
    """The text of a query with all of its fragments."""
    texts, known = [text], set[str]()
    for one in texts:
        for fragment in _SPREAD.findall(one):
            if fragment not in known:
                known.add(fragment)
                texts.append((_FOLDER / f"{fragment}.graphql").read_text())
    return "\n".join(texts)


def queries() -> dict[str, str]:
    """All of them by name."""
    files = sorted(_FOLDER.glob("*.graphql"))
    return {path.stem: query(path.stem) for path in files if path.read_text().startswith("query")}
