"""`devhealth config`: organisations as a YAML file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devhealth.cli.options import echo_json, json_option, opened, organisation_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devhealth.pipelines.configuration.apply import Plan
    from devhealth.pipelines.configuration.document import Document
    from devhealth.pipelines.configuration.problems import Problem
    from devhealth.pipelines.configuration.yaml_tree import Tree

APPLY_EXAMPLES = """
\b
Examples:
  devhealth config apply organisations.yaml --dry-run
  devhealth config apply organisations.yaml
  devhealth config export --org acme | devhealth config apply - --json
"""
EXPORT_EXAMPLES = """
\b
Examples:
  devhealth config export >organisations.yaml
  devhealth config export --org acme
"""


@click.group()
def config() -> None:
    """Set up organisations, their repositories, people and teams by a YAML file."""


@config.command(epilog=APPLY_EXAMPLES)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Show what would change, and stop.")
@json_option
def apply(file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Make the organisations of FILE (`-`: standard input) what it says, all of it or nothing.

    What changes is shown first: added (+), changed (~), removed (-). A section that is there is the whole truth of its
    organisation; one that is absent, and organisations that are not named, stay as they are.
    """
    from devhealth.pipelines.configuration.read import what_can_be_read

    tree = read_tree(file, keeps_problems=True)
    document, noted = what_can_be_read(tree)
    apply_document(document, tree, noted, dry_run=dry_run, as_json=as_json)


@config.command(epilog=EXPORT_EXAMPLES)
@organisation_option("Only this organisation; default: all.")
def export(*, org: str | None) -> None:
    """Print the organisations as a file for `apply`. It holds no secret, only names of variables to be set."""
    from devhealth.pipelines.configuration.export import export as exported
    from devhealth.settings import Settings

    click.echo(exported(Settings.from_environment(), org), nl=False)


@config.command(epilog="\b\nExample:\n  devhealth config pause shop --org acme")
@click.argument("name")
@click.option("--org", required=True, metavar="ORG", help="Whose configuration it is.")
@json_option
def pause(name: str, *, org: str, as_json: bool) -> None:
    """Leave the configuration NAME out of every sync and backfill until it is resumed."""
    _turn(name, org, is_paused=True, as_json=as_json)


@config.command(epilog="\b\nExample:\n  devhealth config resume shop --org acme")
@click.argument("name")
@click.option("--org", required=True, metavar="ORG", help="Whose configuration it is.")
@json_option
def resume(name: str, *, org: str, as_json: bool) -> None:
    """Let the configuration NAME take part again."""
    _turn(name, org, is_paused=False, as_json=as_json)


def apply_document(
    document: "Document", tree: "Tree", noted: "Sequence[Problem]" = (), *, dry_run: bool, as_json: bool
) -> None:
    """Show what a document changes, apply it unless it is a dry run, and say what came of it.

    `noted` is what was found wrong when it was read.
    """
    from devhealth.pipelines.configuration.apply import apply as applied
    from devhealth.pipelines.configuration.settling import settle
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    plan = applied(settings, document, tree, noted=noted, is_dry=dry_run, on_plan=None if as_json else _show)
    note = None if dry_run else settle(settings, plan)
    is_applied = bool(plan.changes) and not dry_run
    if as_json:
        notes = {"warnings": plan.warnings, "note": note}
        echo_json({"changes": plan.changes, "applied": is_applied, **notes})
        return
    if plan.changes:
        click.echo("Applied." if is_applied else "Nothing is stored: this was a dry run.")
    if note:
        click.echo(f"Note: {note}.")


def read_tree(file: Path, *, keeps_problems: bool = False) -> "Tree":
    """The YAML of a file, or of standard input for `-`; what is wrong in it is raised, or kept in it."""
    from devhealth.pipelines.configuration import yaml_tree

    if str(file) == "-":
        return yaml_tree.read(sys.stdin.buffer.read(), "standard input", Path.cwd(), keeps_problems=keeps_problems)
    return yaml_tree.read_file(file, keeps_problems=keeps_problems)


def _show(plan: "Plan") -> None:
    from devhealth.cli import layout
    from devhealth.cli.config_page import diff, summary

    for warning in plan.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if plan.changes:
        layout.show(diff(plan.changes))
        click.echo(f"{summary(plan.changes)}.")
    else:
        click.echo("Nothing changes: everything is as the file says.")


def _turn(name: str, org: str, *, is_paused: bool, as_json: bool) -> None:
    from devhealth.semantic import configurations, organizations

    with opened() as engine:
        org_id = organizations.organization_id(engine, org)
        is_changed = configurations.set_paused(engine, org_id, name, is_paused=is_paused)
    if as_json:
        echo_json({"organisation": org, "name": name, "paused": is_paused, "changed": is_changed})
    else:
        click.echo(f"{name} of {org} {'is' if is_changed else 'was'} {'paused' if is_paused else 'not paused'}")
