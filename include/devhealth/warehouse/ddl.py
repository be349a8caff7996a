"""ClickHouse statements derived from the declarations of `devhealth.models`, in the dialect of 24.8.

Records stand in a ReplacingMergeTree, read with `final`: per key the row of the newest version. Metric rows are only
ever appended; the view `<table>_latest` shows per key the row computed last, unless it is withdrawn.
"""

import hashlib
from functools import cache
from pathlib import Path

from devhealth.models.table import Column, Table, all_tables

_SNAPSHOTS = """create table if not exists record_snapshots (
    org_id String,
    repo_id String,
    table_name LowCardinality(String),
    version DateTime64(6, 'UTC')
) engine = ReplacingMergeTree(version) order by (org_id, repo_id, table_name)"""
"""When a table was last listed whole for a repository: rows that arrive late and are older are gone."""


@cache
def tables() -> dict[str, str]:
    """How to create each table, by name."""
    return {declared.name: _create_table(declared) for declared in all_tables()} | {"record_snapshots": _SNAPSHOTS}


@cache
def columns() -> dict[str, dict[str, str]]:
    """How to add each column of each declared table, by table and column, in the order of declaration."""
    return {declared.name: _add_columns(declared) for declared in all_tables()}


@cache
def views() -> dict[str, str]:
    """How to create each view, by name, in an order that serves those that read others.

    Each carries as its comment a fingerprint of itself and of all tables, so that an outdated one shows. Its query is
    in parentheses: ClickHouse before 25.6 takes a `comment` behind `from x` for an alias.
    """
    files = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "views").glob("*.sql"))}
    latest = {f"{declared.name}_latest": _create_latest(declared) for declared in all_tables() if declared.is_metric}
    return {
        name: f"{_in_parentheses(name, statement)}\ncomment '{fingerprint(statement)}'"
        for name, statement in (latest | files).items()
    }


def fingerprint(view: str) -> str:
    """Changes with the text of a view or the columns of any table."""
    return hashlib.blake2b("\0".join([view, *tables().values()]).encode(), digest_size=16).hexdigest()


def _in_parentheses(name: str, view: str) -> str:
    begin = f"create or replace view {name} as\n"
    before, _, query = view.partition(begin)
    return f"{before}{begin}(\n{query.rstrip().rstrip(';')}\n)"


def _create_table(declared: Table) -> str:
    columns = ",\n    ".join(f"{column.name} {_type(column)}" for column in declared.columns)
    key, settings = declared.key, ""
    if declared.is_metric:
        engine, key = "MergeTree", (*key, "computed_at")
    else:
        engine = f"ReplacingMergeTree({declared.version})"
        settings = " settings non_replicated_deduplication_window = 100"
    partition = f" partition by {declared.partition_by}" if declared.partition_by else ""
    return (
        f"create table if not exists {declared.name} (\n    {columns}\n) "
        f"engine = {engine}{partition} order by ({', '.join(key)}){settings}"
    )


def _add_columns(declared: Table) -> dict[str, str]:
    added, place = {}, "first"
    for column in declared.columns:
        added[column.name] = f"add column if not exists {column.name} {_type(column)} {place}"
        place = f"after {column.name}"
    return added


def _type(column: Column) -> str:
    kind = column.type.clickhouse
    if not column.nullable:
        return kind
    inner = kind.removeprefix("LowCardinality(").removesuffix(")") if kind.startswith("LowCardinality(") else None
    return f"LowCardinality(Nullable({inner}))" if inner else f"Nullable({kind})"


def _create_latest(declared: Table) -> str:
    # argMax over a tuple takes a whole row; over single columns it would skip NULLs and mix rows.
    rest = [column.name for column in declared.columns if column.name not in declared.key]
    key = ",\n    ".join(declared.key)
    shown = ",\n    ".join(
        f"newest.{rest.index(column.name) + 1} as {column.name}" if column.name in rest else column.name
        for column in declared.columns
        if column.name != "is_withdrawn"
    )
    return (
        f"create or replace view {declared.name}_latest as\nselect\n    {shown}\nfrom (\n"
        f"select\n    {key},\n    argMax(tuple({', '.join(rest)}), computed_at) as newest\n"
        f"from {declared.name}\ngroup by\n    {key}\n)\nwhere not newest.{rest.index('is_withdrawn') + 1}"
    )
