"""`devhealth backfill`: fill a stretch of the past."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from devhealth.cli.options import echo_json, json_option, organisation_option

if TYPE_CHECKING:
    from devhealth.pipelines.backfill import BackfillReport, BackfillRequest
    from devhealth.settings import Settings

RUN_EXAMPLES = """
\b
Examples:
  devhealth backfill run --org acme --config shop --since 30d
  devhealth backfill run --org acme --config shop --since 2026-01-01 --before 2026-02-01
  devhealth backfill run --job 20260131T120000-0a1b2c3d     (what is not done of it)
  devhealth backfill run --org acme --config shop --since 90d --airflow
  devhealth backfill run --org acme --config shop --since 90d --dry-run
"""
STATUS_EXAMPLES = """
\b
Examples:
  devhealth backfill status
  devhealth backfill status --org acme
  devhealth backfill status 20260131T120000-0a1b2c3d --watch
"""

_QUIET = timedelta(minutes=1)
"""Airflow is asked how a run is going only when its job has been quiet for as long."""


@click.group()
def backfill() -> None:
    """Fill a stretch of the past, look on, stop it."""


@backfill.command(epilog=RUN_EXAMPLES)
@organisation_option("Whose it is.")
@click.option("--config", "configuration", metavar="NAME", help="The sync configuration, or PROVIDER/NAME.")
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="Default: those of the configuration.")
@click.option("--since", metavar="DAY", help="First UTC day, such as 2026-01-31; 30d: the last 30 days.")
@click.option("--before", metavar="DAY", help="The UTC day after the last one; default: tomorrow.")
@click.option("--order", type=click.Choice(["oldest-first", "newest-first"]), default="oldest-first", show_default=True)
@click.option("--job", "job_id", metavar="JOB", help="Go on with this job instead: only what is not done.")
@click.option("--airflow", "in_airflow", is_flag=True, help="Start the DAG `backfill` instead of working here.")
@click.option("--dry-run", is_flag=True, help="Say how much it would be and about what it costs, and stop.")
@click.option("--no-metrics", is_flag=True, help="Leave the daily tables to a later `devhealth metrics daily`.")
@json_option
def run(
    *,
    org: str | None,
    configuration: str | None,
    targets: tuple[str, ...],
    since: str | None,
    before: str | None,
    order: str,
    job_id: str | None,
    in_airflow: bool,
    dry_run: bool,
    no_metrics: bool,
    as_json: bool,
) -> None:
    """Fetch and store the days of a range, a week at a time, then compute their metrics.

    Ctrl-C stops it; --job goes on. Ordinary syncs are not disturbed: no watermark is read or moved. Exits 1 when a part
    failed, 2 when it cannot be done as asked.
    """
    from devhealth.pipelines import setup
    from devhealth.pipelines.backfill import BackfillRequest
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    setup.prepare(settings)
    request = BackfillRequest(
        organisation=org or (_owner(settings, job_id) if job_id else ""),
        configuration=configuration or "",
        targets=targets,
        since=since,
        before=before,
        order=order.replace("-", "_"),
        job_id=job_id or "",
    )
    if dry_run:
        _preview(settings, request, as_json=as_json)
        return
    if in_airflow:
        _trigger(settings, request, as_json=as_json)
        return
    report = _run_here(settings, request, has_metrics=not no_metrics, as_json=as_json)
    if report.status != "completed":
        raise _failed(report)


@backfill.command(epilog=STATUS_EXAMPLES)
@click.argument("job_id", metavar="[JOB]", required=False)
@organisation_option("Only this organisation.")
@click.option("--watch", is_flag=True, help="Stay, and look again every two seconds, until it has ended.")
@json_option
def status(*, job_id: str | None, org: str | None, watch: bool, as_json: bool) -> None:
    """List the backfills, the newest first, or show one with its chunks.

    A job whose process or DAG run is gone is shown as failed: it can be resumed.
    """
    from devhealth.cli import backfill_status
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    if as_json:
        echo_json(backfill_status.read(settings, org, job_id, _QUIET))
    elif watch:
        backfill_status.watch(settings, org, job_id, _QUIET)
    else:
        backfill_status.show(settings, org, job_id, _QUIET)


@backfill.command(epilog="\b\nExample:\n  devhealth backfill cancel 20260131T120000-0a1b2c3d --org acme")
@click.argument("job_id", metavar="JOB")
@organisation_option("Whose it is.")
def cancel(*, job_id: str, org: str | None) -> None:
    """Cancel a backfill: the chunk at work ends, no other begins. It can be resumed."""
    from devhealth.pipelines.backfill import cancel_job
    from devhealth.settings import Settings

    settings = Settings.from_environment()
    org = org or _owner(settings, job_id)
    cancel_job(settings, org, job_id)
    click.echo(f"Cancelled. `devhealth backfill run --org {org} --job {job_id}` takes it up again.")


def _preview(settings: "Settings", request: "BackfillRequest", *, as_json: bool) -> None:
    from devhealth.errors import InputError
    from devhealth.pipelines.backfill import preview_job

    if request.job_id:
        raise InputError(
            f"job {request.job_id} is there already: `devhealth backfill status {request.job_id}` shows it."
        )
    job = preview_job(settings, request, datetime.now(UTC))
    if as_json:
        echo_json(job)
    else:
        days = f"{job.since} to {job.before} (exclusive)"
        click.echo(f"{job.chunks:,} chunks of {job.window_days} days, {days}. {job.estimate}".rstrip())


def _run_here(
    settings: "Settings", request: "BackfillRequest", *, has_metrics: bool, as_json: bool
) -> "BackfillReport":
    from devhealth.cli import airflow_program
    from devhealth.cli.backfill_page import closing_page
    from devhealth.cli.backfill_progress import shown
    from devhealth.cli.layout import show
    from devhealth.cli.waiting import patiently
    from devhealth.pipelines.backfill import reconcile, run_backfill

    if request.job_id:
        reconcile(settings, airflow_program.state_of_run, quiet=_QUIET)
    with shown(quiet=as_json) as on_event, patiently(settings) as patient:
        report = run_backfill(patient, request, on_event, has_metrics=has_metrics)
    if as_json:
        echo_json(report)
    else:
        show(closing_page(report))
    return report


def _trigger(settings: "Settings", request: "BackfillRequest", *, as_json: bool) -> None:
    """Have Airflow do it; what is wrong with the request is said here, before Airflow hears of it."""
    from devhealth.cli import airflow_program
    from devhealth.pipelines.backfill import check_request
    from devhealth.pipelines.request import new_run_id

    airflow_program.require()
    as_of = datetime.now(UTC)
    days = check_request(settings, request, as_of)
    conf = {
        "organisation": request.organisation,
        "configuration": request.configuration,
        "targets": list(request.targets),
        "order": request.order,
        "job": request.job_id,
        **({"since": str(days[0]), "before": str(days[1])} if days else {}),
    }
    run_id = f"devhealth__{new_run_id(as_of)}"
    dag_id = airflow_program.dag_id("backfill")
    is_paused = airflow_program.is_paused(dag_id)
    airflow_program.trigger(dag_id, run_id, {name: value for name, value in conf.items() if value})
    if as_json:
        echo_json({"dag_id": dag_id, "run_id": run_id, "is_paused": is_paused})
    else:
        waits = f"; the DAG is paused, so it waits for `airflow dags unpause {dag_id}`" if is_paused else ""
        click.echo(
            f"Airflow has the run {run_id} of the DAG {dag_id}{waits}.\n"
            f"Next: `devhealth backfill status --org {request.organisation} --watch`."
        )


def _owner(settings: "Settings", job_id: str) -> str:
    """Slug of the organisation whose job it is; raises UnknownName."""
    from devhealth.errors import UnknownName
    from devhealth.pipelines.backfill import list_jobs

    found = list_jobs(settings, job_id=job_id)
    if not found:
        raise UnknownName(f"there is no backfill job {job_id!r}. `devhealth backfill status` lists all.")
    return found[0].organisation


def _failed(report: "BackfillReport") -> Exception:
    from devhealth.errors import BackfillCancelled, BackfillFailed

    again = f"`devhealth backfill run --org {report.organisation} --job {report.job_id}`"
    if report.status == "cancelled":
        return BackfillCancelled(f"backfill {report.job_id} was cancelled. {again} takes it up again.")
    return BackfillFailed(
        f"{len(report.failures):,} of {report.chunks:,} chunks failed. {again} tries only them again."
    )
