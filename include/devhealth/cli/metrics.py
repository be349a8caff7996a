"""`devhealth metrics`: from stored records to daily tables."""

import click

from devhealth.cli.options import (
    before_option,
    day,
    echo_json,
    instant,
    json_option,
    organisation_option,
    since_option,
)


@click.group()
def metrics() -> None:
    """Compute the daily tables."""


@metrics.command(
    epilog="\b\nExamples:\n  devhealth metrics daily\n  devhealth metrics daily --org acme --since 2026-01-01"
)
@organisation_option("Only this organisation.")
@since_option
@before_option
@click.option("--as-of", metavar="TIME", help="Age open things against this time (UTC); default now.")
@json_option
def daily(*, org: str | None, since: str | None, before: str | None, as_of: str | None, as_json: bool) -> None:
    """Compute what changed since the last time, or the days of a range."""
    from devhealth.cli import report_page
    from devhealth.pipelines import metrics as pipeline
    from devhealth.pipelines import setup
    from devhealth.settings import Settings

    first, last, at = day("since", since), day("before", before), instant("as-of", as_of)
    settings = Settings.from_environment()
    setup.prepare(settings)
    if first or last:
        report = pipeline.compute_range(settings, org, first, last, at)
    else:
        report = pipeline.compute_dirty(settings, at, org)
    if as_json:
        echo_json(report)
    else:
        click.echo(report_page.of_metrics(report))
