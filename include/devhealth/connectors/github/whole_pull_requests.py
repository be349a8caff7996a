"""Pull requests by node id, each with all of its lists to their ends.

Each page as (kind, when it was asked for, answer, numbers it is about). The lists that are cut short are gathered over
the pull requests of one call, so that the rest of many lists is one request.
Source: docs.github.com/graphql/reference/objects#pullrequest
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devhealth.connectors.github import paging
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.paging import Cut
from devhealth.connectors.github.queries import query
from devhealth.errors import TooMuchAsked
from devhealth.models import github_prs_pages as kinds
from devhealth.models.observation import observed_at
from devhealth.transport.sizes import Sizes

EVENTS = [
    "READY_FOR_REVIEW_EVENT",
    "CONVERT_TO_DRAFT_EVENT",
    "REVIEW_REQUESTED_EVENT",
    "REVIEW_REQUEST_REMOVED_EVENT",
    "CLOSED_EVENT",
    "REOPENED_EVENT",
    "MERGED_EVENT",
    "AUTO_MERGE_ENABLED_EVENT",
    "AUTO_SQUASH_ENABLED_EVENT",
    "AUTO_REBASE_ENABLED_EVENT",
    "AUTO_MERGE_DISABLED_EVENT",
    "HEAD_REF_FORCE_PUSHED_EVENT",
]

LISTS = {
    "labels": "pull_request_more_labels",
    "reviewRequests": "pull_request_more_review_requests",
    "closingIssuesReferences": "pull_request_more_issues",
    "reviews": "pull_request_more_reviews",
    "reviewThreads": "pull_request_more_threads",
    "comments": "pull_request_more_comments",
    "commits": "pull_request_more_commits",
    "timelineItems": "pull_request_more_events",
}
"""Each list of a pull request, and the query for the rest of it."""

Fetched = tuple[str, datetime, Answer, Sequence[int]]


def _at_once() -> Sizes:
    return Sizes(first=34, nested=25)  # 11 points; a hundred take three requests


def _of_the_rest() -> Sizes:
    return Sizes(first=20, nested=100)


@dataclass(slots=True)
class Reader:
    """Reads pull requests of one owner; learns how many GitHub can answer at once."""

    client: Client
    owner: str
    sizes: Sizes = field(default_factory=_at_once)
    rest_sizes: Sizes = field(default_factory=_of_the_rest)

    def fetch(self, wanted: Mapping[int, str], done: Sequence[Mapping[str, Any] | None] = ()) -> Iterator[Fetched]:
        """The pages of those wanted, numbers and node ids; `done` are nodes whose lists may still be cut short."""
        cuts, threads = _cuts(done), _thread_cuts(done)
        waiting = list(wanted.items())
        while waiting:
            self.sizes.heed(self.client.lessons)
            some, fetched_at = waiting[: self.sizes.first], observed_at()
            try:
                answer = self._whole([node_id for _, node_id in some])
            except TooMuchAsked:
                if not self.sizes.is_divisible:
                    raise
                self.sizes.shrink()
                continue
            self.sizes.answered()
            waiting = waiting[len(some) :]
            nodes = answer.data["nodes"]
            _require(answer, nodes)
            for name, found in _cuts(nodes).items():
                cuts[name] += found
            threads += _thread_cuts(nodes)
            yield kinds.WHOLE, fetched_at, answer, [number for number, _ in some]
        for name, document in LISTS.items():
            for answer in self._rest(document, cuts[name]):
                if name == "reviewThreads":
                    threads += _thread_cuts(answer.data.values())
                yield kinds.MORE, observed_at(), answer, ()
        for answer in self._rest("pull_request_more_line_comments", threads):
            yield kinds.MORE, observed_at(), answer, ()

    def _whole(self, ids: list[str]) -> Answer:
        variables = {"ids": ids, "nested": self.sizes.nested, "events": EVENTS}
        document = query("pull_requests_by_id")
        return self.client.query(document, variables, owner=self.owner, is_divisible=self.sizes.is_divisible)

    def _rest(self, document: str, cuts: list[Cut]) -> Iterator[Answer]:
        variables = {"events": EVENTS} if document.endswith("events") else {}
        return paging.rest_of(self.client, query(document), cuts, self.rest_sizes, variables, owner=self.owner)


def _require(answer: Answer, nodes: Sequence[object]) -> None:
    """Raise SourceForbidden for a pull request that may not be read: only one that is not found is gone."""
    for index, node in enumerate(nodes):
        error = answer.error_at("nodes", index) if node is None else None
        if error and error.kind != "NOT_FOUND":
            answer.require("nodes", index)


def is_cut_short(node: Mapping[str, Any]) -> bool:
    """Whether a pull request has a list, or a thread, that goes on."""
    return bool(any(_cuts([node]).values()) or _thread_cuts([node]))


def _cuts(nodes: Sequence[Mapping[str, Any] | None]) -> dict[str, list[Cut]]:
    return {name: paging.cut_short(nodes, name) for name in LISTS}


def _thread_cuts(nodes: Any) -> list[Cut]:
    """Of the threads in the pull requests."""
    return [cut for node in nodes if node for cut in paging.cut_short(_threads(node), "comments")]


def _threads(node: Mapping[str, Any]) -> Sequence[Mapping[str, Any] | None]:
    held: Sequence[Mapping[str, Any] | None] = (node.get("reviewThreads") or {}).get("nodes") or ()
    return held
