"""`devhealth show`: what is stored, on one screen."""

from pathlib import Path

import click

from devhealth.cli.options import echo_json, json_option, organisation_option

EXAMPLES = """
\b
Examples:
  devhealth show
  devhealth show --org acme --repo shop --weeks 26
  devhealth show --org acme --repo .
"""


@click.command(epilog=EXAMPLES)
@organisation_option("Only this organisation.")
@click.option("--repo", metavar="NAME|ID|PATH|URL", help="Only this repository, in full.")
@click.option("--weeks", type=click.IntRange(1, 520), default=8, show_default=True, help="How many weeks to list.")
@json_option
def show(*, org: str | None, repo: str | None, weeks: int, as_json: bool) -> None:
    """Print what is stored: size, weeks, hotspots, risk."""
    from devhealth.pipelines import setup
    from devhealth.pipelines.overview import overview
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    if org and repo and (Path(repo).expanduser().exists() or "://" in repo):
        repo = setup.find_repository(settings, org, repo) or repo
    found = overview(settings, org, repo, weeks=weeks)
    if as_json:
        echo_json(found)
        return
    from devhealth.cli import layout
    from devhealth.cli.show_page import page

    layout.show(page(found))
