"""Reading the state of backfills for the command line, once or again and again."""

import time
from datetime import timedelta
from typing import Any

from rich.console import Group
from rich.live import Live

from devhealth.cli import airflow_program, backfill_page, layout
from devhealth.errors import UnknownName
from devhealth.pipelines.backfill import JobStatus, list_chunks, list_jobs
from devhealth.settings import Settings

EVERY_SECONDS = 2


def read(settings: Settings, organisation: str | None, job_id: str | None, quiet: timedelta) -> Any:
    """The jobs, or one with its chunks, for JSON."""
    jobs = _jobs(settings, organisation, job_id, quiet)
    if job_id is None:
        return jobs
    return {"job": jobs[0], "chunks": list_chunks(settings, jobs[0].organisation, job_id)}


def show(settings: Settings, organisation: str | None, job_id: str | None, quiet: timedelta) -> None:
    """Print the page."""
    layout.show(_page(settings, _jobs(settings, organisation, job_id, quiet), job_id))


def watch(settings: Settings, organisation: str | None, job_id: str | None, quiet: timedelta) -> None:
    """Show the page until nothing waits or runs any more, or Ctrl-C."""
    with Live(console=layout.console(), auto_refresh=False) as live:
        while True:
            jobs = _jobs(settings, organisation, job_id, quiet)
            live.update(_page(settings, jobs, job_id), refresh=True)
            if job_id is not None and jobs[0].status not in {"pending", "running"}:
                return
            try:
                time.sleep(EVERY_SECONDS)
            except KeyboardInterrupt:
                return


def _jobs(settings: Settings, organisation: str | None, job_id: str | None, quiet: timedelta) -> list[JobStatus]:
    jobs = list_jobs(settings, organisation, job_id, airflow_program.state_of_run, quiet=quiet)
    if job_id is not None and not jobs:
        whose = f"organisation {organisation} has" if organisation else "there is"
        raise UnknownName(f"{whose} no backfill job {job_id!r}. `devhealth backfill status` lists the jobs.")
    return jobs


def _page(settings: Settings, jobs: list[JobStatus], job_id: str | None) -> Group:
    if job_id is None:
        return backfill_page.list_page(jobs)
    return backfill_page.job_page(jobs[0], list_chunks(settings, jobs[0].organisation, job_id))
