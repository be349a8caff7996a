"""The queries of an overview: the `.sql` files of this folder."""

from importlib import resources
from typing import Any

Rows = dict[str, list[dict[str, Any]]]
"""Rows by repository."""

_SETTINGS = {"max_query_size": 1 << 26}
"""The ids of thousands of repositories stand in a query, some times over."""


def rows_of(client: Any, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """What a query returns, each row by column."""
    text = resources.files("devhealth.pipelines.overview").joinpath(f"{query}.sql").read_text()
    rows, columns = client.execute(text, parameters, with_column_types=True, settings=_SETTINGS)
    return [dict(zip((name for name, _ in columns), row, strict=True)) for row in rows]


def by_repository(client: Any, query: str, parameters: dict[str, Any]) -> Rows:
    """The rows of each repository, in the order of the query."""
    grouped: Rows = {}
    for row in rows_of(client, query, parameters):
        grouped.setdefault(row["repo_id"], []).append(row)
    return grouped
