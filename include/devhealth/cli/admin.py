"""`devhealth admin`: organisations and people. Every command needs the semantic database only, and upgrades it."""

import click

from devhealth.cli.admin_organizations import create_org, list_orgs, set_limit, set_tier
from devhealth.cli.admin_secrets import (
    delete_credential,
    generate_key,
    list_credentials,
    rotate_key,
    set_credential,
)
from devhealth.cli.admin_users import add_member, create_user, list_users

EXAMPLES = """
\b
Examples:
  devhealth admin create-org acme --tier team
  devhealth admin create-user ada@example.org --name 'Ada Lovelace'
  devhealth admin add-member --org acme --email ada@example.org --role owner
  devhealth admin list-orgs
"""


@click.group(epilog=EXAMPLES)
def admin() -> None:
    """Look after organisations, tiers, people and secrets."""


_SECRETS = (generate_key, rotate_key, set_credential, list_credentials, delete_credential)

for _command in (create_org, list_orgs, set_tier, set_limit, create_user, list_users, add_member, *_SECRETS):
    admin.add_command(_command)
