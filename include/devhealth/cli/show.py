"""`devhealth show`: what is stored, on one screen."""

import click

from devhealth.cli.options import echo_json, json_option, organisation_option


@click.command(epilog="\b\nExamples:\n  devhealth show\n  devhealth show --org acme --repo shop --weeks 26")
@organisation_option("Only this organisation.")
@click.option("--repo", metavar="NAME|ID", help="Only this repository, in full.")
@click.option("--weeks", type=click.IntRange(1, 520), default=8, show_default=True, help="How many weeks to list.")
@json_option
def show(*, org: str | None, repo: str | None, weeks: int, as_json: bool) -> None:
    """Print what is stored: size, weeks, hotspots, risk."""
    from devhealth.pipelines.overview import overview
    from devhealth.settings import Settings

    found = overview(Settings.from_environment(), org, repo, weeks=weeks)
    if as_json:
        echo_json(found)
        return
    from rich.console import Console

    from devhealth.cli.show_page import page

    Console(soft_wrap=False, highlight=False).print(page(found))
