"""What the warehouse holds of an organisation, in one number a table: equal tables have equal digests.

Left out is when a row was fetched or computed, so two ways to the same facts compare as equal.
"""

from dataclasses import dataclass

from clickhouse_driver import Client

from devhealth.models.table import Table, all_tables

_TIMES = frozenset({"fetched_at", "computed_at", "is_withdrawn"})
_NOTES = frozenset({"account_identities"})
"""Tables that keep what was once concluded from the others."""
_NEWEST_BLAMES = """
and (repo_id, path, fetched_at) in (
    select repo_id, path, max(fetched_at) from blame_ranges where org_id = %(org_id)s group by repo_id, path
)
"""
"""Older blames of a file stay stored."""


@dataclass(frozen=True, slots=True)
class TableDigest:
    """One table: de-duplicated rows, and a digest of them that does not depend on their order."""

    table: str
    rows: int
    digest: str


def digests(client: Client, org_id: str) -> list[TableDigest]:
    """Every table of records and metrics, by name; of one organisation alone."""
    return [_digest(client, table, org_id) for table in all_tables() if table.name not in _NOTES]


def _digest(client: Client, table: Table, org_id: str) -> TableDigest:
    columns = ", ".join(column.name for column in table.columns if column.name not in _TIMES | {table.version})
    source = f"{table.name}_latest" if table.is_metric else f"{table.name} final"
    of_newest = _NEWEST_BLAMES if table.name == "blame_ranges" else ""
    [(rows, digest)] = client.execute(
        f"select count(), leftPad(hex(sum(cityHash64(toString(tuple({columns}))))), 16, '0') from {source} "  # noqa: S608 - declared
        f"where org_id = %(org_id)s {of_newest}",
        {"org_id": org_id},
    )
    return TableDigest(table.name, rows, digest)
