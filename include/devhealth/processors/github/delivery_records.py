"""The rows of deployments, tags and releases, all with the time at which they were fetched."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from devhealth.models.deployments import Deployment, DeploymentStatus, Release, Tag
from devhealth.models.environments import environment
from devhealth.models.table import Record
from devhealth.models.unit import Unit
from devhealth.processors.github import delivery_shapes as shapes
from devhealth.processors.github.people import Actor, People
from devhealth.processors.github.times import commit_time

_GHOST = "ghost"
_SUCCESS, _FAILED = "success", "failed"
_ENDS = {"success": _SUCCESS, "failure": _FAILED, "error": _FAILED}
"""States that say how a deployment ended. Others that follow (inactive) say what became of it later."""
_OTHERS = {"in_progress": "running", "inactive": "canceled"}


class DeliveryRecords:
    """Turns what one unit fetched into rows."""

    def __init__(self, unit: Unit, people: People) -> None:
        self._org_id, self._repo_id, self._people = unit.org_id, unit.repo_id, people

    def deployment(
        self, one: shapes.Deployment, statuses: Iterable[shapes.Status | None], fetched_at: datetime
    ) -> Iterator[Record]:
        """The rows of its statuses, the oldest first and each once, and its own."""
        newest_first = {status.number: status for status in statuses if status}
        oldest_first = dict(reversed(newest_first.items()))
        history = sorted(oldest_first.values(), key=_place)
        for status in history:
            yield DeploymentStatus(
                org_id=self._org_id,
                repo_id=self._repo_id,
                deployment_id=one.number,
                status_id=status.number,
                state=status.state.lower(),
                creator=self._login(status.creator, fetched_at),
                created_at=status.created_at,
                is_deleted=False,
                fetched_at=fetched_at,
            )
        end = _end(history)
        name = one.environment or one.original_environment or ""
        yield Deployment(
            org_id=self._org_id,
            repo_id=self._repo_id,
            deployment_id=one.number,
            environment=environment(name),
            environment_name=name,
            ref=one.ref.name if one.ref else None,
            sha=one.commit_oid,
            task=one.task or "",
            creator=self._login(one.creator, fetched_at),
            state=_state(end or next(reversed(history), None)),
            created_at=one.created_at,
            updated_at=one.updated_at,
            finished_at=end.created_at if end else None,
            is_deleted=False,
            fetched_at=fetched_at,
        )

    def tag(self, one: shapes.Ref, fetched_at: datetime) -> Tag:
        """Its row."""
        return Tag(
            org_id=self._org_id,
            repo_id=self._repo_id,
            name=one.name,
            sha=one.sha,
            tagged_at=commit_time(one.date) if one.date else None,
            is_deleted=False,
            fetched_at=fetched_at,
        )

    def release(self, one: shapes.Release, fetched_at: datetime) -> Release:
        """Its row."""
        return Release(
            org_id=self._org_id,
            repo_id=self._repo_id,
            release_id=one.number,
            tag=one.tag_name,
            sha=one.tag_commit.oid if one.tag_commit else None,
            name=one.name or "",
            author=self._login(one.author, fetched_at),
            is_draft=one.is_draft,
            is_prerelease=one.is_prerelease,
            created_at=one.created_at,
            published_at=one.published_at,
            is_deleted=False,
            fetched_at=fetched_at,
        )

    def _login(self, actor: Actor | None, fetched_at: datetime) -> str | None:
        """None for a deleted account, which here has a name in both interfaces."""
        return None if actor and actor.login == _GHOST else self._people.login(actor, fetched_at)


def _place(status: shapes.Status) -> tuple[datetime, int]:
    number = status.number
    return status.created_at, int(number) if number.isdecimal() else 0


def _end(history: list[shapes.Status]) -> shapes.Status | None:
    """The status by which a deployment became what it has ended as: the first of the last ones that agree.

    A deployment that failed and was repeated ends with its success. One whose success is told twice ended at the first.
    """
    end = None
    for status in history:
        ended_as = _ENDS.get(status.state.lower())
        if ended_as and (end is None or ended_as != _ENDS[end.state.lower()]):
            end = status
    return end


def _state(status: shapes.Status | None) -> str:
    """By how it ended, else by its newest status."""
    if status is None:
        return "pending"
    state = status.state.lower()
    return _ENDS.get(state) or _OTHERS.get(state, "pending")
