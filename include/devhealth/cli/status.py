"""`devhealth status`: how everything stands, at a glance."""

from datetime import UTC, datetime, timedelta

import click

from devhealth.cli.options import echo_json, json_option, organisation_option

EXAMPLES = """
\b
Examples:
  devhealth status
  devhealth status --org acme
  devhealth status --json | jq '.organisations[].targets[] | select(.last_error)'
"""

_QUIET = timedelta(minutes=1)
"""Airflow, which takes seconds to answer, is asked only about a backfill that has been quiet for as long."""


@click.command(epilog=EXAMPLES)
@organisation_option("Only this organisation.")
@json_option
def status(*, org: str | None, as_json: bool) -> None:
    """Print how far everything has come: runs, lag, failures, days without metrics, backfills.

    Needs the semantic database only. Exits 0 whatever it finds: what went wrong is for the commands that did it.
    """
    from devhealth.cli import airflow_program
    from devhealth.pipelines.status import read_status
    from devhealth.semantic import database
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    database.upgrade(settings)
    found = read_status(settings, datetime.now(UTC), org, ask=airflow_program.state_of_run, quiet=_QUIET)
    if as_json:
        echo_json(found)
        return
    from devhealth.cli import layout
    from devhealth.cli.status_page import page

    layout.show(page(found))
