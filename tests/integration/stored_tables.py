"""Comparing everything two runs stored, but for when it was fetched or computed."""

from devhealth.models.table import all_tables
from devhealth.warehouse import connection

TIMES = {"fetched_at", "computed_at", "is_withdrawn"}
NEWEST_BLAMES = """(
    select * from blame_ranges final
    where (org_id, repo_id, path, fetched_at) in (
        select org_id, repo_id, path, max(fetched_at) from blame_ranges group by org_id, repo_id, path
    )
)"""


def stored_tables(settings, org_id=None):
    """Sorted rows of every table by its name; of one organisation, or of all."""
    with connection.connected(settings) as client:
        return {table.name: _rows(client, table, org_id) for table in all_tables()}


def _rows(client, table, org_id):
    columns = ", ".join(column.name for column in table.columns if column.name not in TIMES)
    source = f"{table.name}_latest" if table.is_metric else f"{table.name} final"
    if table.name == "blame_ranges":  # the store keeps older blames of a file too
        source = NEWEST_BLAMES
    rows = client.execute(f"select {columns} from {source} where %(org_id)s in ('', org_id)", {"org_id": org_id or ""})
    return sorted(rows, key=repr)
