"""Brings a ClickHouse database to the tables and views of this code; run by any number of processes at once."""

from clickhouse_driver import Client

from devhealth.warehouse import ddl

_STATE = """
select
    tables.name,
    tables.comment,
    names.columns
from system.tables as tables
left join
    (
        select
            table,
            groupArray(name) as columns
        from system.columns
        where database = currentDatabase()
        group by table
    ) as names
    on tables.name = names.table
where tables.database = currentDatabase()
"""


def ensure_schema(client: Client) -> None:
    """Create what is missing, add new columns, replace views whose text changed; one query when there is nothing to do.

    Nothing is ever dropped: columns and tables this code does not know are left alone.
    """
    found = {name: (comment, frozenset(columns)) for name, comment, columns in client.execute(_STATE)}
    for name, statement in ddl.tables().items():
        if name not in found:
            client.execute(statement)
    for name, columns in ddl.columns().items():
        missing = [added for column, added in columns.items() if name in found and column not in found[name][1]]
        if missing:
            client.execute(f"alter table {name} {', '.join(missing)}")
    for name, statement in ddl.views().items():
        if name not in found or not statement.endswith(f"comment '{found[name][0]}'"):
            client.execute(statement)
