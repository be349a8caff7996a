"""Recorded runs of workflows in, exact records out."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from devhealth.errors import RecordError
from devhealth.models import github_cicd_pages as kinds
from devhealth.models import github_pages
from devhealth.models.cicd import PipelineJob, PipelineRun
from devhealth.models.github_cicd_pages import Parts, RunsState
from devhealth.models.table import Snapshot
from devhealth.processors.github import cicd as processor
from devhealth.processors.github import staged
from devhealth.staging import UnitStaging
from tests.fixtures import fixtures
from tests.github import replay
from tests.pull_request_sync import unit_for

AT = datetime(2026, 1, 10, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)


class _Pages:
    """A unit's staging, filled by hand."""

    def __init__(self, folder):
        self.staging, self.unit = UnitStaging(str(folder)), unit_for(folder, target="cicd")
        state = RunsState(
            fetched_at=AT, at=AT, host="github.com", repository="acme/shop", pushed_at=None, since=AT, before=AT,
            looks_back=True,
        )  # fmt: skip
        self.staging.write_page(github_pages.STATE, msgspec.json.encode(state))
        self._lists = 0

    def add(self, runs, jobs=(), attempts=(), about=""):
        """A page of the list, and all of each run in it: the pages of jobs are of all of them."""
        self._lists += 1
        name = github_pages.name(100, kinds.RUNS, self._lists)
        body = msgspec.json.encode({"total_count": len(runs), "workflow_runs": runs})
        self.staging.write_page(name, github_pages.encode(kinds.LISTED, AT, body))
        raw = [[msgspec.Raw(msgspec.json.encode(answer)) for answer in answers] for answers in (jobs, attempts)]
        for position, run in enumerate(runs, 1):
            content = github_pages.encode(
                kinds.WHOLE, LATER, msgspec.json.encode(Parts(*raw)), about=about or str(run["id"])
            )
            self.staging.write_page(f"{name}-more-{position:05d}", content)

    def records(self):
        self.staging.write_page(github_pages.CURSOR, b"{}")
        return [one for batch in processor.to_records(self.staging.pages(), self.unit) for one in batch]

    def rows(self, kind):
        return [one for one in self.records() if isinstance(one, kind)]


@pytest.fixture
def pages(tmp_path):
    return _Pages(tmp_path)


def _run(**changes):
    run = {
        "id": 7,
        "name": "CI",
        "workflow_id": 3,
        "run_number": 12,
        "run_attempt": 1,
        "event": "push",
        "head_branch": "main",
        "head_sha": "a" * 40,
        "status": "completed",
        "conclusion": "success",
        "actor": {"login": "Ada", "id": 1, "type": "User"},
        "created_at": "2026-01-01T10:00:00Z",
        "run_started_at": "2026-01-01T10:00:00Z",
        "updated_at": "2026-01-01T10:20:00Z",
    }
    return run | changes


def _job(number=1, **changes):
    job = {
        "id": number,
        "run_id": 7,
        "run_attempt": 1,
        "name": "build",
        "status": "completed",
        "conclusion": "success",
        "created_at": "2026-01-01T10:00:01Z",
        "started_at": "2026-01-01T10:05:00Z",
        "completed_at": "2026-01-01T10:09:00Z",
    }
    return job | changes


def _jobs(*jobs):
    return {"total_count": len(jobs), "jobs": list(jobs)}


def _at(text):
    return datetime.fromisoformat(f"2026-01-01T{text}:00Z")


def test_a_run_and_its_job_in_every_column(pages):
    pages.add([_run()], [_jobs(_job())])
    [run], [job] = pages.rows(PipelineRun), pages.rows(PipelineJob)
    assert run == PipelineRun(
        org_id="acme", repo_id="shop", run_id="7", attempt=1, number=12, pipeline_id="3", pipeline_name="CI",
        event="push", branch="main", sha="a" * 40, actor="ada", status="completed", conclusion="success",
        created_at=_at("10:00"), queued_at=_at("10:00"), started_at=_at("10:05"), finished_at=_at("10:09"),
        updated_at=_at("10:20"), is_deleted=False, fetched_at=AT,
    )  # fmt: skip
    assert job == PipelineJob(
        org_id="acme", repo_id="shop", run_id="7", attempt=1, job_id="1", name="build", status="completed",
        conclusion="success", queued_at=datetime(2026, 1, 1, 10, 0, 1, tzinfo=UTC), started_at=_at("10:05"),
        finished_at=_at("10:09"), is_deleted=False, fetched_at=LATER,
    )  # fmt: skip


def test_a_run_lasts_from_its_first_job_to_its_last(pages):
    jobs = [
        _job(1, started_at="2026-01-01T10:03:00Z"),
        _job(2, completed_at="2026-01-01T10:30:00Z"),
        _job(3, conclusion="skipped", started_at="2026-01-01T10:00:00Z", completed_at="2026-01-01T11:00:00Z"),
        _job(4, started_at="0001-01-01T00:00:00Z", completed_at="0001-01-01T00:00:00Z"),
    ]
    pages.add([_run()], [_jobs(*jobs[:2]), _jobs(*jobs[2:])])
    [run] = pages.rows(PipelineRun)
    assert (run.started_at, run.finished_at) == (_at("10:03"), _at("10:30"))
    assert [(job.job_id, job.started_at) for job in pages.rows(PipelineJob)][2:] == [("3", None), ("4", None)]


def test_a_run_without_jobs_ended_when_it_changed_last(pages):
    pages.add([_run(conclusion="startup_failure")], [_jobs()])
    [run] = pages.rows(PipelineRun)
    assert (run.started_at, run.finished_at) == (None, _at("10:20"))


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting", "pending", "requested", None])
def test_a_run_at_work_has_no_end(pages, status):
    run = _run(status=status, conclusion=None)
    pages.add([run], [_jobs(_job(1), _job(2, status="queued", conclusion=None, completed_at=None))])
    [row] = pages.rows(PipelineRun)
    assert (row.started_at, row.finished_at, row.conclusion) == (_at("10:05"), None, None)
    assert row.status == {"pending": "waiting", "requested": "queued", None: "queued"}.get(status, status)
    assert pages.rows(PipelineJob)[1].started_at is None, "GitHub says of a waiting job when it was queued"


def test_each_attempt_is_a_row_with_its_own_jobs(pages):
    newest = _run(run_attempt=2, run_started_at="2026-01-01T12:00:00Z", updated_at="2026-01-01T12:09:00Z")
    first = _run(conclusion="failure")
    jobs = [
        _job(1),
        _job(2, run_attempt=2, name="as it was"),
        _job(3, run_attempt=2, started_at="2026-01-01T12:01:00Z", completed_at="2026-01-01T12:08:00Z"),
        _job(4, run_attempt=3, status="queued"),
    ]
    pages.add([newest], [_jobs(*jobs)], [first])
    rows = [(run.attempt, run.conclusion, run.queued_at, run.started_at) for run in pages.rows(PipelineRun)]
    assert rows == [(1, "failure", _at("10:00"), _at("10:05")), (2, "success", _at("12:00"), _at("12:01"))]
    assert {run.created_at for run in pages.rows(PipelineRun)} == {_at("10:00")}
    assert [(job.attempt, job.job_id) for job in pages.rows(PipelineJob)] == [(1, "1"), (2, "2"), (2, "3")]


@pytest.mark.parametrize(
    ("said", "kept"), [("cancelled", "canceled"), ("timed_out", "timed_out"), ("action_required", "action_required")]
)
def test_conclusions_are_spelled_as_everywhere(pages, said, kept):
    pages.add([_run(conclusion=said)], [_jobs(_job(conclusion=said))])
    assert pages.rows(PipelineRun)[0].conclusion == pages.rows(PipelineJob)[0].conclusion == kept


def test_what_may_be_absent_is_null(pages):
    bare = {"id": 7, "status": "completed", "conclusion": "success", "created_at": "2026-01-01T10:00:00Z"}
    pages.add([bare, _run(id=8, actor=None, head_branch=None, name=None, path=".github/workflows/ci.yml")], [_jobs()])
    first, second = pages.rows(PipelineRun)
    assert (first.attempt, first.branch, first.actor, first.queued_at) == (1, None, None, _at("10:00"))
    assert (second.branch, second.actor, second.pipeline_name) == (None, None, ".github/workflows/ci.yml")
    assert first.finished_at == _at("10:00")


def test_what_identifies_a_run_must_be_there(pages):
    run = _run()
    del run["created_at"]
    pages.add([run], [_jobs()])
    with pytest.raises(RecordError, match=r"acme/shop: workflow_runs 7: .*`created_at`"):
        pages.records()


def test_an_answer_without_jobs_is_no_empty_list(pages):
    pages.add([_run()], [{"message": "Something went wrong"}])
    with pytest.raises(RecordError, match=r"acme/shop, run 7: .*`jobs`"):
        pages.records()


def test_what_is_stored_already_is_no_row(pages):
    pages.unit = msgspec.structs.replace(pages.unit, mode="incremental")
    pages.add([_run()], [_jobs(_job())], about="=7")
    assert pages.records() == []


def test_deleted_runs_are_told_in_lots_with_their_jobs(pages, monkeypatch):
    monkeypatch.setattr(staged, "LOT", 2)
    for number in (1, 2, 3):
        content = github_pages.encode(kinds.GONE, AT, b"null", about=str(number))
        pages.staging.write_page(github_pages.name(200, kinds.RUNS, number), content)
    content = github_pages.encode(kinds.FORGOTTEN, AT, b"null", about="4")
    pages.staging.write_page(github_pages.name(200, kinds.RUNS, 4), content)
    told = pages.rows(Snapshot)
    assert [(one.table, one.column, one.values) for one in told] == [
        (table, "run_id", values) for values in (("1", "2"), ("3",)) for table in ("pipeline_jobs", "pipeline_runs")
    ]


def test_pages_begin_with_the_state(tmp_path):
    with pytest.raises(RecordError, match="expected page 000-state first, got no page"):
        list(processor.to_records([], unit_for(tmp_path, target="cicd")))


def _recorded():
    """Runs and jobs of every recording, each as (runs, answers with their jobs)."""
    for row in replay.read(fixtures("github/http/hub4j.jsonl")):
        body = row["body"] if row["body_kind"] == "json" else None
        if isinstance(body, dict) and "workflow_runs" in body:
            yield body["workflow_runs"], []
        elif isinstance(body, dict) and "jobs" in body:
            yield [_run(id=job["run_id"], status="completed") for job in body["jobs"][:1]], [body]
    yield json.loads(fixtures("github/misc/faros-community-edition_workflow_runs.json").read_text()), []


def test_every_recorded_run_and_job_comes_through(tmp_path):
    runs_seen = jobs_seen = 0
    for number, (runs, answers) in enumerate(_recorded()):
        pages = _Pages(tmp_path / str(number))
        pages.add(runs, answers)
        rows = {row.run_id: row for row in pages.rows(PipelineRun)}
        assert rows.keys() == {str(run["id"]) for run in runs}
        for run in runs:
            row = rows[str(run["id"])]
            assert (row.number, row.pipeline_id) == (run["run_number"], str(run["workflow_id"]))
            assert (row.pipeline_name, row.event) == (run["name"], run["event"])
            assert (row.branch, row.sha, row.status) == (run["head_branch"], run["head_sha"], run["status"])
            assert row.conclusion == {"cancelled": "canceled"}.get(run["conclusion"], run["conclusion"])
            assert row.actor == (run["actor"]["login"].lower() if run.get("actor") else None)
            if not answers:
                assert row.finished_at == datetime.fromisoformat(run["updated_at"])
        jobs = {row.job_id: row for row in pages.rows(PipelineJob)}
        recorded = [job for answer in answers for job in answer["jobs"]]
        assert jobs.keys() == {str(job["id"]) for job in recorded}
        for job in recorded:
            row = jobs[str(job["id"])]
            assert (row.name, row.conclusion, row.attempt) == (job["name"], job["conclusion"], 1)
            assert row.started_at == datetime.fromisoformat(job["started_at"])
            assert row.finished_at == datetime.fromisoformat(job["completed_at"])
        runs_seen, jobs_seen = runs_seen + len(runs), jobs_seen + len(recorded)
    assert (runs_seen, jobs_seen) == (27, 4)
