"""What happened to issues, and where they stand in projects: by node id through GraphQL, one by one through REST.

Each page as (kind, when it was asked for, answer, numbers it is about). Of one that is gone the answer has null. Status
and iteration of projects are left out, and the log says so once, where the credential may not read projects.
Source: docs.github.com/graphql/reference/objects#issue, docs.github.com/rest/issues/timeline
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devhealth.connectors.github import paging
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.queries import query
from devhealth.errors import SourceForbidden, SourceNotFound, TooMuchAsked
from devhealth.models import github_issue_pages as kinds
from devhealth.models.observation import observed_at
from devhealth.transport.sizes import Sizes

EVENTS = [
    "LABELED_EVENT",
    "UNLABELED_EVENT",
    "ASSIGNED_EVENT",
    "UNASSIGNED_EVENT",
    "MILESTONED_EVENT",
    "DEMILESTONED_EVENT",
    "CLOSED_EVENT",
    "REOPENED_EVENT",
]

LISTS = {"timelineItems": "issue_more_events", "projectItems": "issue_more_project_items"}
"""Each list of an issue, and the query for the rest of it."""

Fetched = tuple[str, datetime, Answer | None, Sequence[int]]

_LOG = logging.getLogger(__name__)


def _at_once() -> Sizes:
    return Sizes(first=50, nested=25)


def _of_the_rest() -> Sizes:
    return Sizes(first=20, nested=100)


@dataclass(slots=True)
class Details:
    """Reads what belongs to issues of one repository; learns how many GitHub can answer at once."""

    client: Client
    owner: str
    repository: str
    """acme/shop, as it is called now."""
    is_rest: bool
    reads_projects: bool
    sizes: Sizes = field(default_factory=_at_once)
    rest_sizes: Sizes = field(default_factory=_of_the_rest)
    has_told: bool = False
    """Whether the log says already that projects may not be read."""

    def fetch(self, wanted: Mapping[int, str], done: Sequence[Mapping[str, Any] | None] = ()) -> Iterator[Fetched]:
        """The pages of those wanted, numbers and node ids; `done` are nodes whose lists may still be cut short."""
        cuts = {name: paging.cut_short(done, name) for name in LISTS}
        by_rest = [number for number, node_id in wanted.items() if self.is_rest or not node_id]
        waiting = [(number, node_id) for number, node_id in wanted.items() if number not in by_rest]
        refused: set[int] = set()
        while waiting:
            self.sizes.heed(self.client.lessons)
            in_projects = self.reads_projects and waiting[0][0] not in refused
            some = [one for one in waiting if (one[0] not in refused) == in_projects or not self.reads_projects]
            some = some[: self.sizes.first]
            fetched_at = observed_at()
            answer = self._asked([node_id for _, node_id in some], in_projects=in_projects)
            if answer is None:
                continue
            nodes = answer.data["nodes"]
            numbers = [number for number, _ in some]
            if in_projects and (hidden := {numbers[place] for place in _hidden(answer)}):
                refused |= hidden
                if hidden == set(numbers):
                    self._give_up_projects(_reason(answer))
                continue
            _require(answer, nodes)
            if not self.has_told and any("projectItems" in error.path for error in answer.errors):
                self.has_told = True
                say_unread_projects(self.repository, f"not all of them may be read. {_reason(answer)}")
            waiting = [one for one in waiting if one not in some]
            for name in LISTS:
                cuts[name] += paging.cut_short(nodes, name)
            yield kinds.DETAILS, fetched_at, answer, numbers
        for name, document in LISTS.items():
            variables = {"events": EVENTS} if name == "timelineItems" else {}
            for answer in paging.rest_of(
                self.client, query(document), cuts[name], self.rest_sizes, variables, owner=self.owner
            ):
                yield kinds.MORE, observed_at(), answer, ()
        for number in by_rest:
            yield from self._timeline(number)

    def _asked(self, ids: list[str], *, in_projects: bool) -> Answer | None:
        """None: it has to be asked otherwise."""
        document = query("issues_in_projects_by_id" if in_projects else "issues_by_id")
        variables = {"ids": ids, "nested": self.sizes.nested, "events": EVENTS}
        try:
            answer = self.client.query(document, variables, owner=self.owner, is_divisible=self.sizes.is_divisible)
        except TooMuchAsked:
            if not self.sizes.is_divisible:
                raise
            self.sizes.shrink()
            return None
        except SourceForbidden as error:
            if not in_projects:
                raise
            self._give_up_projects(str(error))
            return None
        self.sizes.answered()
        return answer

    def _give_up_projects(self, reason: str) -> None:
        self.reads_projects, self.has_told = False, True
        say_unread_projects(self.repository, reason)

    def _timeline(self, number: int) -> Iterator[Fetched]:
        """Or its events, which are a part of it, where a server has no timelines."""
        fetched_at, path = observed_at(), f"/repos/{self.repository}/issues/{number}"
        try:
            yield from self._pages(number, f"{path}/timeline", fetched_at)
        except SourceNotFound:
            if issue_at(self.client, self.repository, number):
                yield from self._pages(number, f"{path}/events", fetched_at)
            else:
                yield kinds.GONE, fetched_at, None, [number]

    def _pages(self, number: int, path: str, fetched_at: datetime) -> Iterator[Fetched]:
        for answer in self.client.pages(path):
            yield kinds.TIMELINE, fetched_at, answer, [number]


def issue_at(client: Client, repository: str, number: int) -> Answer | None:
    """The issue; None when it was deleted, or transferred to another repository."""
    try:
        answer = client.get(f"/repos/{repository}/issues/{number}")
    except SourceNotFound:
        client.get(f"/repos/{repository}")  # raises where all of the repository cannot be seen
        return None
    where = str(answer.data.get("repository_url") or "").lower()
    is_here = not where or where.endswith(f"/{repository.lower()}")
    return answer if is_here and answer.data["number"] == number else None


def say_unread_projects(repository: str, reason: str) -> None:
    """Tell whoever runs it why the issues have no status and iteration."""
    _LOG.warning(
        "%s: issues are stored without the status and iteration that projects give them: %s Give the credential the "
        "permission Projects: read (of a classic token: read:project).",
        repository,
        reason,
    )


def _hidden(answer: Answer) -> set[int]:
    """Places of the issues whose projects may not be read, be they null themselves for it or not."""
    return {
        int(error.path[1])
        for error in answer.errors
        if error.path[:1] == ("nodes",) and error.path[2:] == ("projectItems",)
    }


def _reason(answer: Answer) -> str:
    return answer.errors[0].message.rstrip(".") + "."


def _require(answer: Answer, nodes: Sequence[object]) -> None:
    """Raise SourceForbidden for an issue that may not be read: only one that is not found is gone."""
    gone = {error.path for error in answer.errors if error.kind == "NOT_FOUND"}
    hidden = {error.path[:2] for error in answer.errors} - gone
    for place, node in enumerate(nodes):
        if node is None and ("nodes", place) in hidden:
            answer.require("nodes", place)
