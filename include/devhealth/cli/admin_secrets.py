"""Keys and stored credentials. A secret comes from a hidden prompt or from standard input, never from the command line.

`generate_key` and `rotate_key` need no organisation; all but `generate_key` need the semantic database.
"""

import re
import sys

import click

from devhealth.cli.options import echo_json, json_option, opened

EXAMPLES = """
\b
Examples:
  devhealth admin set-credential git-host --org acme
  devhealth admin set-credential git-host --org acme --field username --field token
  printenv ACME_GIT_TOKEN | devhealth admin set-credential git-host --org acme
  (echo 123456; cat app.pem) | devhealth admin set-credential github --org acme --provider github \\
      --field app_id --field private_key
"""

_VALUE = re.compile(r"-----BEGIN .*?\n-----END [^\n]*\n?|[^\n]*\n|[^\n]+\Z", re.DOTALL)
"""A private key with all its lines, or a line."""


@click.command(epilog="\b\nExample:\n  DEVHEALTH_SECRET_KEY=$(devhealth admin generate-key)")
def generate_key() -> None:
    """Print a new key for DEVHEALTH_SECRET_KEY."""
    from devhealth.semantic import secret_box

    click.echo(secret_box.generate_key())


@click.command(epilog="\b\nExample:\n  DEVHEALTH_SECRET_KEY=$NEW_KEY,$OLD_KEY devhealth admin rotate-key")
@json_option
def rotate_key(*, as_json: bool) -> None:
    """Encrypt every stored secret anew with the first key of DEVHEALTH_SECRET_KEY.

    One that no key decrypts is named, and then nothing is changed. Afterwards the other keys are of no use any more.
    """
    from devhealth.semantic import key_rotation
    from devhealth.settings import Settings

    with opened() as engine:
        done = key_rotation.rotate(engine, Settings.from_environment().secret_key)
    if as_json:
        echo_json(done)
    else:
        click.echo(f"{done.credentials} credentials and {done.settings} settings are encrypted with the first key")


@click.command(epilog=EXAMPLES)
@click.argument("name", metavar="NAME")
@click.option("--org", metavar="ORG", required=True, help="Whose credential it is.")
@click.option("--provider", metavar="PROVIDER", default="local_git", show_default=True, help="What it is for.")
@click.option("--field", "names", multiple=True, metavar="FIELD", help="What it holds; default: token.")
@json_option
def set_credential(name: str, *, org: str, provider: str, names: tuple[str, ...], as_json: bool) -> None:
    """Store the credential NAME, encrypted, in place of an earlier one of that name.

    Asks for each field, or reads them from standard input, a line each; of a private key it asks for the file, or reads
    all lines. Configurations refer to it as stored:NAME.
    """
    from devhealth.pipelines import credentials as rules
    from devhealth.semantic import credentials, organizations
    from devhealth.settings import Settings

    names = names or rules.usual_fields(provider)
    rules.check_fields(provider, names)
    with opened() as engine:
        org_id, key = organizations.organization_id(engine, org), Settings.from_environment().secret_key
        fields = _asked(names)
        rules.check_values(provider, fields)
        credentials.save(engine, key, org_id=org_id, name=name, provider=provider, fields=fields)
    if as_json:
        echo_json({"organisation": org, "name": name, "provider": provider, "fields": list(fields)})
    else:
        click.echo(f"stored:{name} is stored for {org}, encrypted: {', '.join(fields)}")


@click.command(epilog="\b\nExample:\n  devhealth admin list-credentials --org acme")
@click.option("--org", metavar="ORG", required=True, help="Whose credentials.")
@json_option
def list_credentials(*, org: str, as_json: bool) -> None:
    """List the stored credentials of an organisation, without their secrets."""
    from devhealth.semantic import credentials, organizations

    with opened() as engine:
        found = credentials.list_credentials(engine, organizations.organization_id(engine, org))
    if as_json:
        echo_json(found)
    elif found:
        from rich.text import Text

        from devhealth.cli import layout

        page = layout.bare_table(("credential", "left"), ("provider", "left"), ("stored", "left"))
        for one in found:
            page.add_row(Text(f"stored:{one.name}", "bold"), one.provider, f"{one.updated_at:%Y-%m-%d}")
        layout.show(page)
    else:
        click.echo(f"{org} has no credential yet: `devhealth admin set-credential NAME --org {org}` stores one.")


@click.command(epilog="\b\nExample:\n  devhealth admin delete-credential git-host --org acme")
@click.argument("name", metavar="NAME")
@click.option("--org", metavar="ORG", required=True, help="Whose credential it is.")
@json_option
def delete_credential(name: str, *, org: str, as_json: bool) -> None:
    """Forget the credential NAME; refused while a configuration refers to it."""
    from devhealth.semantic import credentials, organizations

    with opened() as engine:
        credentials.delete_credential(engine, organizations.organization_id(engine, org), name)
    if as_json:
        echo_json({"organisation": org, "name": name})
    else:
        click.echo(f"stored:{name} of {org} is gone")


def _asked(names: tuple[str, ...]) -> dict[str, str]:
    from devhealth.errors import InputError

    if sys.stdin.isatty():
        return {name: _typed(name) for name in names}
    values = [value.strip() for value in _VALUE.findall(sys.stdin.read())]
    if len(values) != len(names):
        raise InputError(f"standard input holds {len(values)} lines: expected one each for {', '.join(names)}.")
    return dict(zip(names, values, strict=True))


def _typed(name: str) -> str:
    if name == "private_key":  # a terminal would show all lines of it but the first
        file = click.prompt(f"{name}, its file", type=click.File(), err=True)
        return str(file.read()).strip()
    return str(click.prompt(name, hide_input=True, err=True)).strip()
