"""SQL of a person over what ClickHouse holds."""

from typing import Any

from clickhouse_driver.util.escape import escape_param

from devhealth.errors import InputError
from devhealth.semantic import database, organizations
from devhealth.settings import Settings
from devhealth.warehouse import connection, ddl, schema


def read(settings: Settings, sql: str, organisation: str | None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names of the columns and the rows of one statement; of one organisation alone, where one is named.

    ClickHouse itself keeps the statement from writing, from settings of its own and, with an organisation, from the
    rows of others, in views and subqueries too. Raises UnknownName, InputError for a statement that returns no rows,
    StoreError for one that ClickHouse refuses.
    """
    limits: dict[str, int | str] = {"readonly": 1}
    if organisation is not None:
        org_id = organizations.organization_id(database.open_semantic(settings), organisation)
        only = escape_param(f"org_id = {escape_param(org_id, None)}", None)
        limits["additional_table_filters"] = "{" + ", ".join(f"'{table}': {only}" for table in ddl.tables()) + "}"
    with connection.connected(settings) as client:
        schema.ensure_schema(client)
        found = client.execute(sql.strip().rstrip(";"), with_column_types=True, settings=limits)
    if not isinstance(found, tuple) or not found[1]:
        raise InputError("the statement returns no rows: expected one that reads, such as `select ... from ...`.")
    rows, columns = found
    return [name for name, _ in columns], rows
