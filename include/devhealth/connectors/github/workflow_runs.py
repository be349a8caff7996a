"""What REST tells of the runs of workflows of one repository.

GraphQL has no list of runs, and its check suites do not say which attempt a job belongs to or when it was queued, and
hold the check runs of reporters, which are no jobs.
Source: docs.github.com/rest/actions/workflow-runs, docs.github.com/rest/actions/workflow-jobs
"""

import contextlib

import msgspec

from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import PER_PAGE, Client
from devhealth.errors import SourceNotFound
from devhealth.models.github_cicd_pages import Parts

PERMISSION = "Actions: read"


class WorkflowRuns:
    """Every method raises SourceForbidden or SourceNotFound where none may be read."""

    def __init__(self, client: Client, repository: str) -> None:
        self._client, self._path = client, f"/repos/{repository}/actions/runs"

    def page(self, created: str, after: str) -> Answer:
        """A page of those created in a span of time, the first or the one after a `next`."""
        try:
            get = self._client.get
            return get(after) if after else get(self._path, {"created": created, "per_page": PER_PAGE})
        except SourceNotFound as error:
            said = f"{error} Actions may be switched off there, or the credential lacks the permission {PERMISSION}."
            raise SourceNotFound(said) from error

    def one(self, run_id: int) -> Answer | None:
        """A run; None where it is not there any more."""
        try:
            return self._client.get(f"{self._path}/{run_id}")
        except SourceNotFound:
            self._client.get(self._path, {"per_page": 1})  # raises where no run can be seen
            return None

    def parts(self, run_id: int, attempt: int) -> Parts | None:
        """The jobs of a run and its attempts before that one; None where it is not there any more."""
        path = f"{self._path}/{run_id}"
        try:
            answers = self._client.pages(f"{path}/jobs", {"filter": "all"})
            jobs = [msgspec.Raw(answer.raw) for answer in answers]
        except SourceNotFound:
            if self.one(run_id) is None:
                return None
            raise
        attempts = []
        for number in range(1, attempt):
            with contextlib.suppress(SourceNotFound):  # forgotten, or the run went now: the next sync sees that
                attempts.append(msgspec.Raw(self._client.get(f"{path}/attempts/{number}").raw))
        return Parts(jobs, attempts)
