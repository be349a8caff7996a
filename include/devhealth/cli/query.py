"""`devhealth query`: SQL over what is stored."""

import csv
import sys
from typing import Any

import click

from devhealth.cli.options import echo_json, json_option, organisation_option

EXAMPLES = """
\b
Examples:
  devhealth query "select day, sum(commits_count) from repo_metrics_daily_latest group by day order by day" --org acme
  devhealth query --csv - <weekly.sql >weekly.csv
"""


@click.command(epilog=EXAMPLES)
@click.argument("sql")
@organisation_option("Only rows of this organisation; of all when it is left out.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a line of names.")
@json_option
def query(*, sql: str, org: str | None, as_csv: bool, as_json: bool) -> None:
    """Run one SQL statement in ClickHouse that reads, and print its rows. `-` reads it from standard input.

    Metrics stand in the views called ..._latest; records are read with `final`. Nothing can be changed.
    """
    from devhealth.errors import InputError
    from devhealth.pipelines import queries
    from devhealth.settings import Settings

    if as_csv and as_json:
        raise InputError("--csv and --json are given: choose one.")
    text = sys.stdin.read() if sql == "-" else sql
    names, rows = queries.read(Settings.from_environment(), text, org)
    if as_json:
        echo_json([dict(zip(names, row, strict=True)) for row in rows])
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([[_plain(value) for value in row] for row in rows])
    else:
        _print_table(names, rows)


def _print_table(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    texts = [names, *([" ".join(_plain(value).split("\n")) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    is_number = [all(isinstance(row[at], int | float | None) for row in rows) for at in range(len(names))]
    for line in texts:
        cells = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        )
        click.echo("  ".join(cells).rstrip())
    click.echo(f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}", err=True)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
