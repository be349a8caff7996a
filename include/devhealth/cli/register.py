"""`devhealth register`: tell the DAGs about a repository."""

from typing import Any

import click

from devhealth.cli.options import DEFAULT_ORGANISATION, echo_json, json_option, organisation_option, provider_option

EXAMPLES = """
\b
Examples:
  devhealth register https://git.example.com/acme/shop.git --org acme
  devhealth register https://git.example.com/acme/api.git --org acme --credential stored:git-host
  devhealth register ~/src/shop --org acme --depth-days 365 --bot-pattern 'ci@acme'
"""


@click.command(epilog=EXAMPLES)
@click.argument("location", metavar="PATH|URL")
@organisation_option(f"Whose repository it is; made when it is new. Default: {DEFAULT_ORGANISATION}.")
@provider_option("local_git")
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="git, blame; default both.")
@click.option("--name", help="Name of the configuration; default: the repository's.")
@click.option("--default-branch", metavar="NAME", help="Default: what origin, a bare HEAD, or main or master say.")
@click.option("--any-branch", "counts_any_branch", is_flag=True, default=None, help="Metrics count every branch.")
@click.option("--depth-days", type=click.IntRange(min=1), help="How far back the first sync reads; default: all.")
@click.option("--credential", metavar="REFERENCE", help="stored:NAME, airflow:CONNECTION_ID or env:VARIABLE.")
@click.option("--bot-pattern", "bot_patterns", multiple=True, metavar="REGEX", help="`Name <e-mail>` of your bots.")
@json_option
def register(
    location: str,
    *,
    org: str | None,
    provider: str,
    targets: tuple[str, ...],
    name: str | None,
    credential: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Register a repository, so that every later sync reads it. Nothing is read yet.

    Registering it again changes what is given and keeps the rest; options of metrics show after
    `devhealth sync git --full-resync`.
    """
    from devhealth.pipelines import setup
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    setup.prepare(settings)
    org = org or DEFAULT_ORGANISATION
    options = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value}
    chosen = setup.register_source(
        settings,
        org,
        location,
        provider=provider,
        targets=targets,
        options=options,
        name=name,
        credential=credential,
    )
    if as_json:
        repo_id = setup.repository_id(settings, org, location, provider=provider)
        echo_json(
            {
                "repo_id": repo_id,
                "organisation": org,
                "name": chosen.name,
                "targets": chosen.targets,
                "sources": chosen.sources,
                "options": chosen.options,
                "credential": chosen.credential,
            }
        )
    else:
        click.echo(f"{chosen.name} is registered for {org}: {', '.join(chosen.targets)}")
