"""`devhealth sync`: from a source into the store."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from devhealth.cli.options import (
    DEFAULT_ORGANISATION,
    before_option,
    echo_json,
    instant,
    json_option,
    opened,
    organisation_option,
    provider_option,
    since_option,
)

EXAMPLES = """
\b
Examples:
  devhealth sync git --repo-path ~/src/shop --org acme
  devhealth sync git --repo-path ~/src/shop --target git --target blame
  devhealth sync git --org acme                     (all its repositories, blame too where it is configured)
"""


@click.group()
def sync() -> None:
    """Read repositories into the store."""


def _options(command: click.decorators.FC, provider: str = "local_git") -> click.decorators.FC:
    for option in (
        json_option,
        click.option("--full-resync", is_flag=True, help="Read everything again, whatever is stored."),
        before_option,
        since_option,
        organisation_option(f"Whose repository it is; default with --repo-path: {DEFAULT_ORGANISATION}."),
        click.option("--repo-path", metavar="PATH|URL|NAME", help="A repository; default: all that are registered."),
        provider_option(provider),
    ):
        command = option(command)
    return command


@sync.command(epilog=EXAMPLES)
@_options
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="git, blame; default: what is configured.")
def git(targets: tuple[str, ...], **choices: Any) -> None:
    """Read commits, files and refs: what is new, or the days of a range.

    Also who last touched which lines, where a configuration names the target `blame`.
    """
    _run(targets or ("git",), with_configured=() if targets else ("blame",), **choices)


@sync.command(epilog="\b\nExample:\n  devhealth sync blame --repo-path ~/src/shop --org acme")
@_options
def blame(**choices: Any) -> None:
    """Read who last touched which lines (never the lines themselves)."""
    _run(("blame",), **choices)


def _command(target: str, what: str) -> None:
    """Add the command of a target that hosts of repositories have."""
    example = f"\b\nExample:\n  devhealth sync {target} --provider github --repo-path acme/shop --org acme"
    help_text = f"Read {what}: what is new, or those of a range of days."

    @sync.command(target, help=help_text, short_help=f"Read {what}.", epilog=example)
    @partial(_options, provider="github")
    def command(**choices: Any) -> None:
        _run((target,), **choices)


_command("prs", "pull requests with their reviews, comments and commits")
_command("work-items", "issues with their history")
_command("cicd", "runs of pipelines with their jobs")
_command("deployments", "deployments with their statuses, releases and tags")
_command("incidents", "the issues that a configuration calls incidents")


@sync.command(epilog="\b\nExample:\n  devhealth sync teams --file people.yaml --org acme --dry-run")
@click.option("--file", required=True, type=click.Path(path_type=Path, allow_dash=True), help="A YAML file; -: stdin.")
@click.option("--org", required=True, metavar="ORG", help="Whose people they are.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and stop.")
@json_option
def teams(*, file: Path, org: str, dry_run: bool, as_json: bool) -> None:
    """Make identities and teams of an organisation what a file says; nothing else in it is looked at.

    The file is one for `devhealth config apply`, or has `identities:` and `teams:` alone.
    """
    from devhealth.cli.config import apply_document, read_tree
    from devhealth.pipelines.configuration.people_part import people_of
    from devhealth.semantic import organizations

    document, tree = people_of(read_tree(file), org)
    with opened() as engine:
        organizations.organization_id(engine, org)
    apply_document(document, tree, dry_run=dry_run, as_json=as_json)


def _run(
    targets: tuple[str, ...],
    *,
    with_configured: tuple[str, ...] = (),
    provider: str,
    repo_path: str | None,
    org: str | None,
    since: str | None,
    before: str | None,
    full_resync: bool,
    as_json: bool,
) -> None:
    from devhealth.cli import report_page
    from devhealth.cli.progress import shown
    from devhealth.cli.waiting import patiently
    from devhealth.errors import SyncFailed
    from devhealth.pipelines import credentials, providers, setup
    from devhealth.pipelines.request import SyncRequest, new_run_id, window_between
    from devhealth.pipelines.run import run_sync
    from devhealth.settings import Settings

    as_of = instant("as-of", None)
    window = window_between(since, before, as_of)
    providers.require_targets(provider, targets)
    settings = Settings.from_environment()
    setup.prepare(settings)
    configurations: tuple[str, ...] = ()
    if repo_path:
        org = org or DEFAULT_ORGANISATION
        if window:
            setup.require_tier(settings, org, window)
        chosen = setup.register_source(settings, org, repo_path, provider=provider, targets_at_first=targets)
        targets += tuple(target for target in with_configured if target in chosen.targets)
        configurations = (chosen.name,)
        settings = credentials.of_location(settings, org_id=chosen.org_id, provider=chosen.provider, location=repo_path)
    else:
        targets += tuple(target for target in with_configured if target in providers.targets(provider))
    request = SyncRequest(
        provider=provider,
        organisation=org,
        configurations=configurations,
        targets=targets,
        window=window,
        full_resync=full_resync,
        run_id=new_run_id(as_of),
        as_of=as_of,
    )
    with shown(quiet=as_json) as on_event, patiently(settings) as patient:
        report = run_sync(patient, request, on_event)
    if as_json:
        echo_json(report)
    else:
        click.echo(report_page.of_sync(report))
    if report.failed:
        raise SyncFailed(report.failure_text())
