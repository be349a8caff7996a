"""Write the pages of docs/ that repeat what the code declares: `python docs/generate.py [--check]`.

tables.md from the records, metrics.md from each metric's definition.toml, dags.md from the docstrings of the DAG files
(read as text: no Airflow needed), the settings in deploying.md from where the code declares them. With --check nothing
is written, and a stale page is an error.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
GENERATED = "<!-- Written by `make docs`; edit what it is made from instead. -->"


def main() -> None:
    """Write or check every page."""
    pages = {
        "tables.md": tables_page(),
        "metrics.md": metrics_page(),
        "dags.md": dags_page(),
        "deploying.md": deploying_page(),
    }
    stale = [name for name, text in pages.items() if not _is_current(DOCS / name, text)]
    if "--check" in sys.argv and stale:
        sys.exit(f"stale: {', '.join(f'docs/{name}' for name in stale)}. Run `make docs` and commit the pages.")
    for name in stale:
        (DOCS / name).write_text(pages[name])
        print(f"wrote docs/{name}")


def tables_page() -> str:
    """Every table of records and metrics."""
    from devhealth.models.table import all_tables

    intro = (
        "Every record is declared once in `include/devhealth/models/`; the tables of ClickHouse, PostgreSQL and SQLite "
        "follow from it. `org_id` leads every key, and every read filters by it."
    )
    return _page("Tables", intro, (part for table in all_tables() for part in _table(table)))


def _table(table: Any) -> Iterator[str]:
    remarks = _remarks(table.record)
    yield f"## {table.name}"
    yield inspect.getdoc(table.record) or ""
    version, name = table.version, table.name
    how = f"the row of the greatest `{version}` holds" if version else f"rows are appended; read `{name}_latest`"
    yield f"Key: {', '.join(f'`{name}`' for name in table.key)}; {how}."
    rows = [
        f"| `{column.name}` | {column.type.clickhouse} | {'yes' if column.nullable else ''} "
        f"| {remarks.get(column.name, '')} |"
        for column in table.columns
    ]
    yield "\n".join(["| column | type in ClickHouse | may be NULL | |", "|---|---|---|---|", *rows])


def _remarks(record: type) -> dict[str, str]:
    """The docstrings that stand below the fields of a record."""
    tree = ast.parse(inspect.getsource(record))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    found = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[ast.unparse(field.target)] = " ".join(str(below.value.value).split())
    return found


def metrics_page() -> str:
    """Every metric table: what it means, what it rests on, its columns with their units."""
    from devhealth.metrics.definitions import all_definitions

    intro = (
        "A day is a UTC day; a commit belongs to the day of its committer date. No data is NULL, never 0. Rows are "
        "only appended: the view `<table>_latest` holds the newest row of every key."
    )
    return _page("Metrics", intro, (part for one in all_definitions() for part in _metric(one)))


def _metric(definition: Any) -> Iterator[str]:
    yield f"## {definition.name}"
    yield f"**{definition.title}.** {' '.join(definition.text.split())}"
    inputs = ", ".join(f"`{name}`" for name in definition.inputs)
    window = "1 day" if definition.window_days == 1 else f"{definition.window_days} days"
    yield (
        f"Version {definition.version}; computed from {inputs}; looks back over {window}; "
        f"recomputed by {definition.scope}."
    )
    rows = [
        f"| `{column.name}` | {' '.join(column.text.split())} | {column.unit} | {column.awaits} |"
        for column in definition.columns
    ]
    yield "\n".join(["| column | meaning | unit | NULL until there are |", "|---|---|---|---|", *rows])


def dags_page() -> str:
    """Every DAG with the text Airflow shows for it."""
    intro = "The page of each DAG in Airflow is the docstring of its file; this is the same text."
    parts = []
    for path in sorted((ROOT / "dags").glob("*.py")):
        doc = ast.get_docstring(ast.parse(path.read_text()))
        parts += [f"## {path.stem}", doc or ""]
    return _page("DAGs", intro, parts)


def deploying_page() -> str:
    """The page as it is written by hand, with the tables of settings between its marks."""
    import devhealth_airflow
    from devhealth import settings

    variables = [f"| `{name}` | {text} | {default} |" for name, (text, default) in settings.VARIABLES.items()]
    options = [
        f"| `{name}` | {option['description']} | {option['default'] or 'empty'} |"
        for name, option in devhealth_airflow.OPTIONS.items()
    ]
    page = (DOCS / "deploying.md").read_text()
    page = _between_marks(page, "variables", ["| variable | what it is for | while it is not set |", *variables])
    return _between_marks(page, "options", ["| option | what it is for | default |", *options])


def _between_marks(page: str, name: str, table: list[str]) -> str:
    begin, end = f"<!-- {name}: written by `make docs` -->", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2]
    return "\n".join([before + begin, "", table[0], "|---|---|---|", *table[1:], "", end + after])


def _page(title: str, intro: str, parts: Any) -> str:
    return "\n\n".join([GENERATED, f"# {title}", intro, *(part for part in parts if part)]) + "\n"


def _is_current(page: Path, text: str) -> bool:
    return page.exists() and page.read_text() == text


if __name__ == "__main__":
    main()
