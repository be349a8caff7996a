"""History on demand: a job fills a stretch of the past, chunk by chunk; one that was stopped is resumed.

A chunk is a source, a target and a window of days. It counts once its rows are stored. Watermarks are never touched.
"""

from devhealth.pipelines.backfill.closing import close_job
from devhealth.pipelines.backfill.events import Event
from devhealth.pipelines.backfill.opening import check_request, open_job, preview_job
from devhealth.pipelines.backfill.planning import expected_seconds, plan_job
from devhealth.pipelines.backfill.reconciling import Ask, reconcile
from devhealth.pipelines.backfill.report import BackfillReport, ChunkFailure
from devhealth.pipelines.backfill.request import BackfillRequest, Job
from devhealth.pipelines.backfill.run import run_backfill
from devhealth.pipelines.backfill.status import ChunkStatus, JobStatus, cancel_job, list_chunks, list_jobs

__all__ = [
    "Ask",
    "BackfillReport",
    "BackfillRequest",
    "ChunkFailure",
    "ChunkStatus",
    "Event",
    "Job",
    "JobStatus",
    "cancel_job",
    "check_request",
    "close_job",
    "expected_seconds",
    "list_chunks",
    "list_jobs",
    "open_job",
    "plan_job",
    "preview_job",
    "reconcile",
    "run_backfill",
]
