"""The root command, and the outermost edge: where errors become one sentence and an exit status."""

import os
import traceback
from typing import Any

import click
from click.core import ParameterSource

from devhealth import __version__
from devhealth.cli.admin import admin
from devhealth.cli.backfill import backfill
from devhealth.cli.config import config
from devhealth.cli.db import db
from devhealth.cli.metrics import metrics
from devhealth.cli.query import query
from devhealth.cli.register import register
from devhealth.cli.show import show
from devhealth.cli.status import status
from devhealth.cli.sync import sync
from devhealth.cli.warehouse import warehouse
from devhealth.errors import DevhealthError, InputError, SettingsError, SourceError
from devhealth.models.text import plain

EXAMPLES = """
\b
Examples:
  devhealth sync git --repo-path ~/src/shop --org acme
  devhealth metrics daily --org acme
  devhealth show --org acme
"""


class _Reported(click.ClickException):
    """An error on its way out: what it says stands on stderr, nothing else does."""

    def __init__(self, error: DevhealthError) -> None:
        super().__init__(str(error))
        self.is_input = isinstance(error, (InputError, SettingsError, SourceError))

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """2 when the input is to blame, 1 when the run is."""
        return 2 if self.is_input else 1

    def show(self, file: Any = None) -> None:
        """Write the message."""
        message = "\n".join(map(plain, self.message.split("\n")))
        click.echo(f"devhealth: {message}", file=file, err=True)


class _Root(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DevhealthError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            raise _Reported(error) from error


@click.group(cls=_Root, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(*, debug: bool) -> None:
    """Daily engineering metrics from the history of your repositories.

    Everything lives below DEVHEALTH_HOME (default ~/.devhealth) unless CLICKHOUSE_URI and POSTGRES_URI name servers.
    """


@cli.command()
def version() -> None:
    """Print the version of devhealth."""
    click.echo(f"devhealth {__version__}")


def _refuse_empty_texts(command: click.Command) -> None:
    """Have the command, and those below it, refuse an option or argument that is given and empty.

    A script whose variable is not set would otherwise ask for everything, or store for nobody.
    """
    for parameter in command.params:
        if parameter.type is click.STRING and parameter.callback is None:
            parameter.callback = _given
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        _refuse_empty_texts(one)


def _given(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    is_default = parameter.name is None or context.get_parameter_source(parameter.name) is ParameterSource.DEFAULT
    texts = value if isinstance(value, tuple) else (value,)
    if not is_default and any(isinstance(text, str) and not text.strip() for text in texts):
        is_option = isinstance(parameter, click.Option)
        remedy = "Give one, or leave the option out." if is_option and not parameter.required else "Give one."
        raise click.BadParameter(f"it is empty. {remedy}", context, parameter)
    return value


for _command in (config, register, sync, metrics, backfill, show, query, status, admin, warehouse, db):
    cli.add_command(_command)
_refuse_empty_texts(cli)


def main() -> None:
    """Run `devhealth` with the arguments of this process; exits 0, 2 (usage or input) or 1 (a run failed)."""
    from devhealth.settings import home_folder, is_for_a_group

    os.umask(0o007 if is_for_a_group(home_folder(os.environ)) else 0o077)  # for git and all other programs it starts
    cli(prog_name="devhealth")
