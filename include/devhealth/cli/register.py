"""`devhealth register`: tell the DAGs about a repository."""

import click

from devhealth.cli.options import DEFAULT_ORGANISATION, echo_json, json_option, organisation_option
from devhealth.cli.sync import PROVIDERS


@click.command(epilog="\b\nExample:\n  devhealth register https://git.example.com/acme/shop.git --org acme")
@click.argument("location", metavar="PATH|URL")
@organisation_option(f"Whose repository it is; made when it is new. Default: {DEFAULT_ORGANISATION}.")
@click.option("--provider", type=click.Choice(sorted(PROVIDERS)), default="local", show_default=True)
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="git, blame; default both.")
@click.option("--name", help="Name of the configuration; default: the repository's.")
@json_option
def register(
    location: str, *, org: str | None, provider: str, targets: tuple[str, ...], name: str | None, as_json: bool
) -> None:
    """Register a repository, so that every later sync reads it. Nothing is read yet."""
    from devhealth.pipelines import setup
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    setup.prepare(settings)
    org = org or DEFAULT_ORGANISATION
    chosen = setup.register_source(settings, org, location, provider=PROVIDERS[provider], targets=targets, name=name)
    if as_json:
        repo_id = setup.repository_id(settings, org, location, provider=PROVIDERS[provider])
        echo_json(
            {
                "repo_id": repo_id,
                "organisation": org,
                "name": chosen.name,
                "targets": chosen.targets,
                "sources": chosen.sources,
            }
        )
    else:
        click.echo(f"{chosen.name} is registered for {org}: {', '.join(chosen.targets)}")
