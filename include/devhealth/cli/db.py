"""`devhealth db`: the semantic database."""

import click

from devhealth.cli.options import echo_json, json_option


@click.group()
def db() -> None:
    """Migrate the databases."""


@db.command(epilog="\b\nExample:\n  POSTGRES_URI=postgresql://... devhealth db upgrade")
def upgrade() -> None:
    """Bring the semantic database and the ClickHouse tables to this version.

    Where CLICKHOUSE_URI is not set and no embedded ClickHouse is installed, it upgrades the semantic database alone:
    the DAGs bring the tables of the ClickHouse they are connected to up to date themselves.
    """
    from devhealth.pipelines import setup
    from devhealth.semantic import database
    from devhealth.settings import Settings
    from devhealth.warehouse import engine

    settings = Settings.from_environment()
    is_alone = settings.clickhouse_uri is None and settings.sink != "sql" and not engine.is_installed()
    if is_alone:
        database.upgrade(settings)
    else:
        setup.prepare(settings)
    tables = "ClickHouse left alone, since CLICKHOUSE_URI is not set" if is_alone else "ClickHouse tables current"
    click.echo(f"semantic database at revision {database.current(settings)}, {tables}")


@db.command(epilog="\b\nExample:\n  devhealth db current --json")
@json_option
def current(*, as_json: bool) -> None:
    """Print the revision the semantic database is at."""
    from devhealth.semantic import database
    from devhealth.settings import Settings

    revision = database.current(Settings.from_environment())
    if as_json:
        echo_json({"revision": revision})
    else:
        click.echo(revision or "no tables yet: run `devhealth db upgrade`")


@db.command(epilog="\b\nExamples:\n  devhealth db downgrade 0008\n  devhealth db downgrade base --yes")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask: data of dropped tables and columns is lost.")
def downgrade(revision: str, *, yes: bool) -> None:
    """Take the semantic database back to REVISION (`base` drops every table)."""
    from devhealth.semantic import database
    from devhealth.settings import Settings

    if not yes:
        click.confirm(f"Go back to {revision}? What newer tables and columns hold is lost.", abort=True)
    settings = Settings.from_environment()
    database.downgrade(settings, revision)
    click.echo(f"semantic database at revision {database.current(settings) or 'base'}")
