"""Users and members. A password comes from a hidden prompt or from standard input, never from the command line."""

import sys

import click

from devhealth.cli.options import echo_json, json_option, opened, organisation_option

EXAMPLES = """
\b
Examples:
  devhealth admin create-user ada@example.org --name 'Ada Lovelace'
  devhealth admin create-user ada@example.org --password-stdin < password.txt
  devhealth admin create-user bob@example.org --no-password
"""


@click.command(epilog=EXAMPLES)
@click.argument("email")
@click.option("--name", default="", metavar="NAME", help="Default: what stands before the @.")
@click.option("--password-stdin", "reads_stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--no-password", "has_none", is_flag=True, help="The user signs in by other means.")
@json_option
def create_user(email: str, *, name: str, reads_stdin: bool, has_none: bool, as_json: bool) -> None:
    """Make the user EMAIL; asks for a password."""
    from devhealth.semantic import users

    email = users.normal_email(email)
    password = None if has_none else _password(reads_stdin=reads_stdin)
    with opened() as engine:
        made = users.create_user(engine, email=email, display_name=name, password=password)
    if as_json:
        echo_json(made)
    else:
        click.echo(f"user {made.email} ({made.display_name}) is made")


@click.command(epilog="\b\nExamples:\n  devhealth admin list-users\n  devhealth admin list-users --org acme --json")
@organisation_option("Only the members of this organisation.")
@json_option
def list_users(*, org: str | None, as_json: bool) -> None:
    """List the users and their roles."""
    from devhealth.semantic import organizations, users

    with opened() as engine:
        found = users.list_users(engine, organizations.organization_id(engine, org) if org else None)
    if as_json:
        echo_json(found)
    elif found:
        from rich.text import Text

        from devhealth.cli import layout
        from devhealth.models.text import plain

        page = layout.bare_table(("e-mail", "left"), ("name", "left"), ("roles", "left"), ("password", "left"))
        for one in found:
            roles = ", ".join(f"{held.role} of {held.organisation}" for held in one.memberships)
            name = Text(plain(one.display_name))
            page.add_row(Text(one.email, "bold"), name, roles, "yes" if one.has_password else "no")
        layout.show(page)
    else:
        click.echo("There is nobody yet: `devhealth admin create-user EMAIL` makes a user, `add-member` a member.")


@click.command(epilog="\b\nExample:\n  devhealth admin add-member --org acme --email ada@example.org --role owner")
@click.option("--org", metavar="ORG", required=True, help="Organisation.")
@click.option("--email", metavar="EMAIL", required=True, help="A user that exists.")
@click.option("--role", metavar="ROLE", required=True, help="owner, admin, member or viewer.")
@json_option
def add_member(*, org: str, email: str, role: str, as_json: bool) -> None:
    """Give a user a role in an organisation."""
    from devhealth.semantic import organizations, users

    with opened() as engine:
        users.add_member(engine, organizations.organization_id(engine, org), email, role)
    email = users.normal_email(email)
    if as_json:
        echo_json({"organisation": org, "email": email, "role": role})
    else:
        click.echo(f"{email} is {role} of {org}")


def _password(*, reads_stdin: bool) -> str:
    from devhealth.errors import InputError

    if reads_stdin:
        found = sys.stdin.readline().rstrip("\r\n")
        if not found:
            raise InputError("standard input holds no password: expected it on the first line.")
        return found
    if not sys.stdin.isatty():
        raise InputError("nobody is there to type a password: give --password-stdin or --no-password.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
