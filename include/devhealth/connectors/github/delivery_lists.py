"""Deployments, tags and releases as GitHub lists them, through GraphQL or REST, and what tells them apart.

Source: docs.github.com/graphql/reference/objects#deployment, docs.github.com/rest/deployments
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from devhealth.connectors.github import paging
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client
from devhealth.connectors.github.host import Place
from devhealth.connectors.github.queries import query
from devhealth.errors import NotServed, SourceEmpty, SourceNotFound, TooMuchAsked
from devhealth.models import github_deployments_pages as kinds
from devhealth.models import github_ids
from devhealth.models.github_deployments_pages import DEPLOYMENTS, RELEASES, TAGS, DeliveryState
from devhealth.models.observation import observed_at
from devhealth.models.unit import Window
from devhealth.transport.decoding import moment
from devhealth.transport.sizes import Sizes

Node = Mapping[str, Any]
Rest = tuple[str, str, Answer]
"""Kind of a page, key of what it is about, answer."""

_FIELDS = {DEPLOYMENTS: "deployments", TAGS: "refs", RELEASES: "releases"}
_TIMES = {
    DEPLOYMENTS: ("createdAt", "created_at"),
    RELEASES: ("createdAt", "created_at", "publishedAt", "published_at"),
}
_MAY_BE_HIDDEN = frozenset({"author", "ref", "tagCommit"})
_UNFINISHED = frozenset({"PENDING", "QUEUED", "WAITING", "IN_PROGRESS"})


def read_state(client: Client, place: Place, api: object, *, is_whole: bool) -> DeliveryState:
    """Where the unit begins; through GraphQL or, where that is not served or `api` says so, REST."""
    fetched_at = observed_at()
    if api != "rest":
        try:
            answer = client.query(query("delivery_totals"), {"owner": place.owner, "name": place.repository})
        except NotServed:
            if api == "graphql":
                raise
        else:
            found = answer.require("repository")
            totals = {what: held["totalCount"] for what in _FIELDS if (held := _held(answer, what))}
            return DeliveryState(
                fetched_at=fetched_at,
                at=answer.at,
                host=place.api.host,
                repository=found["nameWithOwner"],
                is_rest=False,
                totals=totals,
                is_whole=is_whole,
            )
    answer = client.get(f"/repos/{place.name}")
    return DeliveryState(
        fetched_at=fetched_at,
        at=answer.at,
        host=place.api.host,
        repository=answer.data["full_name"],
        is_rest=True,
        totals={},
        is_whole=is_whole,
    )


def _held(answer: Answer, what: str) -> Node | None:
    """The list of a repository; None where it has none. Raises SourceForbidden for one that may not be read."""
    try:
        found: Node = answer.require("repository", what)
    except SourceNotFound:
        return None
    return found


@dataclass(slots=True)
class Lists:
    """Reads the lists of one repository; learns how many of each GitHub can answer at once."""

    client: Client
    place: Place
    state: DeliveryState
    sizes: dict[str, Sizes] = field(
        default_factory=lambda: {DEPLOYMENTS: Sizes(100, 10), TAGS: Sizes(100, 1), RELEASES: Sizes(100, 1)}
    )

    rest_sizes: Sizes = field(default_factory=lambda: Sizes(20, 100))

    off: dict[str, SourceNotFound] = field(default_factory=dict)
    """Lists that the repository does not have."""

    def page(self, what: str, after: str) -> Answer | None:
        """A page of a list, the newest things first and tags by name; None where there is nothing."""
        if self.state.is_rest:
            try:
                return next(self.client.pages(f"/repos/{self.state.repository}/{what}", after=after))
            except SourceEmpty:
                return None
            except SourceNotFound as error:
                self.client.get(f"/repos/{self.state.repository}")  # raises where all of it cannot be seen
                if not after:
                    self.off[what] = error
                    return None
                raise
        if what not in self.state.totals:
            self.off[what] = SourceNotFound(f"GitHub answers without the {what} of {self.state.repository}.")
        if not self.state.totals.get(what):
            return None
        variables = {"owner": self.place.owner, "name": self.place.repository}
        path = ("repository", _FIELDS[what])
        return _require(next(paging.pages(self.client, query(what), variables, path, self.sizes[what], after=after)))

    def by_id(self, ids: Sequence[str]) -> Answer:
        """The first of these deployments, as many as can be; `nodes` has null for one that is gone."""
        sizes = self.sizes[DEPLOYMENTS]
        while True:
            sizes.heed(self.client.lessons)
            variables = {"ids": list(ids[: sizes.first]), "nested": sizes.nested}
            try:
                answer = self.client.query(
                    query("deployments_by_id"), variables, owner=self.place.owner, is_divisible=sizes.is_divisible
                )
            except TooMuchAsked:
                if not sizes.is_divisible:
                    raise
                sizes.shrink()
            else:
                sizes.answered()
                return _require(answer)

    def rest_of(self, what: str, nodes: Sequence[Node], done: Collection[str]) -> Iterator[Rest]:
        """What the list leaves out of these; of REST those that are `done` are left out."""
        if not self.state.is_rest:
            document = query("deployment_more_statuses")
            cuts = paging.cut_short(nodes, "statuses")
            for answer in paging.rest_of(self.client, document, cuts, self.rest_sizes, owner=self.place.owner):
                yield kinds.STATUSES, "", _require(answer)
            return
        for node in nodes:
            about = key(what, node)
            if about in done or what == RELEASES:
                continue
            try:
                for kind, answer in self._statuses(about) if what == DEPLOYMENTS else self._tagged(about):
                    yield kind, about, answer
            except SourceNotFound:
                # deleted just now, which the next run finds, unless all of the repository cannot be seen
                self.client.get(f"/repos/{self.state.repository}")

    def _statuses(self, number: str) -> Iterator[tuple[str, Answer]]:
        for answer in self.client.pages(f"/repos/{self.state.repository}/deployments/{number}/statuses"):
            yield kinds.REST_STATUSES, answer

    def _tagged(self, name: str) -> Iterator[tuple[str, Answer]]:
        """When a tag was made: what it points to, and that."""
        path = f"/repos/{self.state.repository}/git"
        ref = self.client.get(f"{path}/ref/tags/{quote(name)}")
        yield kinds.REST_REF, ref
        target = ref.data["object"]
        if kind := {"tag": kinds.REST_TAG, "commit": kinds.REST_COMMIT}.get(target["type"]):
            yield kind, self.client.get(f"{path}/{target['type']}s/{target['sha']}")


def nodes_in(what: str, body: Any, *, is_rest: bool) -> list[Node | None]:
    """The rows of a page, which may hold null for what is gone."""
    found: list[Node | None]
    if is_rest:
        found = body
    elif what == kinds.OPEN:
        found = body["data"]["nodes"]
    else:
        found = body["data"]["repository"][_FIELDS[what]]["nodes"]
    return found


def total_in(what: str, body: Any) -> int:
    """How many rows a list of GraphQL says it has."""
    total: int = body["data"]["repository"][_FIELDS[what]]["totalCount"]
    return total


def key(what: str, node: Node) -> str:
    """The name of a tag, the number of anything else."""
    if what == TAGS:
        return str(node["name"])
    if isinstance(node["id"], int):
        return str(node["id"])
    return github_ids.number(node["id"], node["databaseId"])


def shas_in(what: str, rows: Sequence[Node | None]) -> dict[str, str]:
    """Where the tags of a page of REST lead."""
    return {node["name"]: node["commit"]["sha"] for node in rows if node and "commit" in node} if what == TAGS else {}


def digest(what: str, node: Node, shas: Mapping[str, str]) -> str:
    """Another one when anything of it is different; of a release of REST also when its tag leads elsewhere."""
    if what == RELEASES and (sha := shas.get(node.get("tag_name", ""))):
        node = {**node, "sha": sha}
    return hashlib.blake2b(msgspec.json.encode(node), digest_size=6).hexdigest()


def updated_at(node: Node) -> datetime | None:
    """Of a deployment or a release; releases of REST do not say."""
    text = node.get("updatedAt") or node.get("updated_at")
    return moment(text) if text else None


def created_at(node: Node) -> datetime:
    """Of a deployment."""
    return moment(node.get("createdAt") or node["created_at"])


def is_unfinished(node: Node) -> bool:
    """Of a deployment of GraphQL: whether it still waits or runs."""
    return node.get("state") in _UNFINISHED


def is_within(what: str, node: Node, window: Window) -> bool:
    """Whether a window selects it. REST does not say of when a tag is: all are selected."""
    if what == TAGS and "target" not in node:
        return True
    texts = [_tagged_at(node["target"])] if what == TAGS else [node.get(name) for name in _TIMES[what]]
    return any(window.since <= at < window.before for at in map(_made_at, texts) if at)


def _made_at(text: str | None) -> datetime | None:
    """None for what is no time: tags say what somebody's machine has recorded."""
    try:
        return moment(text) if text else None
    except ValueError:
        return None


def _tagged_at(target: Node | None) -> str | None:
    """Of what a tag points to: its own time, else that of what it points to in turn."""
    if target is None:
        return None
    return (target.get("tagger") or {}).get("date") or target.get("committedDate") or _tagged_at(target.get("target"))


def _require(answer: Answer) -> Answer:
    """The answer; raises SourceForbidden where a part of it may not be read: only what is not found is gone."""
    for error in answer.errors:
        if error.kind != "NOT_FOUND" and error.path[-1] not in _MAY_BE_HIDDEN:
            answer.require(*error.path)
    return answer
