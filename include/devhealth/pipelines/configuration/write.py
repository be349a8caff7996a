"""Writing one organisation as a document asks for it; only what changes is touched."""

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.engine import Connection

from devhealth.pipelines.configuration.compare import Change
from devhealth.pipelines.configuration.state import Configured, State
from devhealth.semantic import configurations, credentials, identities, organizations, teams
from devhealth.semantic.tables import organizations as organizations_table


def write(connection: Connection, slug: str, wanted: State, changes: list[Change], secret_key: str) -> str:
    """Make the changes that `compare` found; the id of the organisation.

    What refers to something is written after it and removed before it. Raises SecretError without a key for secrets.
    """
    org_id = organizations.ensure(connection, slug)
    organizations.lock(connection, org_id)
    touched = {(one.section, one.name): one.action for one in changes}
    sections = {section for section, _ in touched}
    if wanted.tier is not None and "organisations" in sections:
        mine = organizations_table.c.org_id == org_id
        connection.execute(update(organizations_table).where(mine).values(tier=wanted.tier))
    for name, secrets in (wanted.credentials or {}).items():
        if ("credentials", name) in touched:
            credentials.write(
                connection, secret_key, org_id=org_id, name=name, provider=secrets.provider, fields=secrets.fields
            )
    _write_configurations(connection, org_id, wanted, touched)
    for (section, name), action in touched.items():
        if section == "credentials" and action == "remove":
            credentials.remove(connection, org_id, name)
    if "identities" in sections:
        identities.replace_all(connection, org_id, (wanted.identities or {}).values())
    if "teams" in sections:
        teams.replace_all(connection, org_id, (wanted.teams or {}).values())
    return org_id


def _write_configurations(
    connection: Connection, org_id: str, wanted: State, touched: Mapping[tuple[str, str], str]
) -> None:
    items = wanted.configurations or {}
    for one in configurations.of_organisation(connection, org_id):
        is_same = one.name in items and items[one.name].provider == one.provider
        if ("configurations", one.name) in touched and not is_same:
            configurations.remove(connection, org_id, one.configuration_id)
    for name, item in items.items():
        if ("configurations", name) in touched:
            _write_configuration(connection, org_id, name, item)


def _write_configuration(connection: Connection, org_id: str, name: str, item: Configured) -> None:
    configurations.write(
        connection,
        org_id=org_id,
        name=name,
        provider=item.provider,
        sources=item.sources,
        targets=item.targets,
        options=item.options,
        is_paused=item.paused,
        discovery=item.discover,
        schedule=item.schedule,
        credential=item.credential,
    )
