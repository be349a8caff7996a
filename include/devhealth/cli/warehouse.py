"""`devhealth warehouse`: the embedded ClickHouse."""

import click

from devhealth.cli.options import echo_json, json_option


@click.group()
def warehouse() -> None:
    """Start, look at or stop the embedded ClickHouse.

    It starts by itself when a command needs it. With CLICKHOUSE_URI set, it is not used.
    """


@warehouse.command()
@json_option
def start(*, as_json: bool) -> None:
    """Start it, or find it running."""
    from devhealth.settings import Settings
    from devhealth.warehouse import embedded

    endpoint = embedded.ensure_started(Settings.from_environment().home)
    if as_json:
        echo_json({"host": endpoint.host, "port": endpoint.port, "database": endpoint.database})
    else:
        click.echo(f"embedded ClickHouse on {endpoint.host}:{endpoint.port}, database {endpoint.database}")


@warehouse.command()
@json_option
def status(*, as_json: bool) -> None:
    """Say whether it runs."""
    from devhealth.settings import Settings
    from devhealth.warehouse import embedded

    found = embedded.status(Settings.from_environment().home)
    if as_json:
        echo_json(found)
    else:
        click.echo(found)


@warehouse.command()
def stop() -> None:
    """Stop it; what is stored stays."""
    from devhealth.settings import Settings
    from devhealth.warehouse import embedded

    embedded.stop(Settings.from_environment().home)
    click.echo("embedded ClickHouse stopped")
