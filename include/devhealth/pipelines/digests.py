"""Comparing what two ways stored."""

from devhealth.semantic import database, organizations
from devhealth.settings import Settings
from devhealth.warehouse import connection, schema
from devhealth.warehouse.digest import TableDigest, digests


def stored_digests(settings: Settings, organisation: str) -> list[TableDigest]:
    """Rows and digest of every table the warehouse holds of an organisation. Raises UnknownName."""
    org_id = organizations.organization_id(database.open_semantic(settings), organisation)
    with connection.connected(settings) as client:
        schema.ensure_schema(client)
        return digests(client, org_id)
