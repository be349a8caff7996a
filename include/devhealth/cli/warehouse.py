"""`devhealth warehouse`: the embedded ClickHouse."""

from typing import TYPE_CHECKING

import click

from devhealth.cli.options import echo_json, json_option

if TYPE_CHECKING:
    from devhealth.warehouse.embedded import Endpoint


@click.group()
def warehouse() -> None:
    """Start, look at or stop the embedded ClickHouse.

    It starts by itself when a command needs it. With CLICKHOUSE_URI set, it is not used, and only `digest` is of use.
    """


@warehouse.command()
@json_option
def start(*, as_json: bool) -> None:
    """Start it, or find it running."""
    from devhealth.settings import Settings
    from devhealth.warehouse import embedded

    _tell(embedded.ensure_started(Settings.from_environment().home), as_json=as_json)


@warehouse.command()
@json_option
def status(*, as_json: bool) -> None:
    """Say whether it runs; exits 1 when it does not."""
    from devhealth.settings import Settings
    from devhealth.warehouse import embedded

    found = embedded.status(Settings.from_environment().home)
    _tell(found, as_json=as_json)
    if found is None:
        raise click.exceptions.Exit(1)


@warehouse.command()
def stop() -> None:
    """Stop it; what is stored stays."""
    from devhealth.settings import Settings
    from devhealth.warehouse import embedded

    was_running = embedded.stop(Settings.from_environment().home)
    click.echo("The embedded ClickHouse is stopped." if was_running else "The embedded ClickHouse was not running.")


@warehouse.command(epilog="\b\nExample:\n  devhealth warehouse digest --org acme >before.txt")
@click.option("--org", metavar="ORG", required=True, help="Of this organisation.")
@json_option
def digest(*, org: str, as_json: bool) -> None:
    """Print rows and a digest of every table: equal tables have equal digests.

    When something was fetched or computed is left out, so a backfill and a sync of the same facts compare as equal.
    """
    from devhealth.pipelines.digests import stored_digests
    from devhealth.settings import Settings

    found = stored_digests(Settings.from_environment(), org)
    if as_json:
        echo_json({one.table: {"rows": one.rows, "digest": one.digest} for one in found})
        return
    for one in found:
        click.echo(f"{one.table:<24}{one.rows:>12,} rows  {one.digest}")


def _tell(found: "Endpoint | None", *, as_json: bool) -> None:
    """Where it runs; never its password."""
    if as_json:
        names = ("host", "port", "user", "database", "pid", "version")
        echo_json({"running": found is not None} | {name: getattr(found, name) for name in names if found})
    elif found:
        click.echo(f"Embedded ClickHouse {found.version} runs on {found.host}:{found.port}, process {found.pid}.")
    else:
        click.echo("The embedded ClickHouse is not running. `devhealth warehouse start` starts it.")
