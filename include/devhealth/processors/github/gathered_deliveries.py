"""Gathers what belongs to a page of a list: its things are whole when the next one begins."""

from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from devhealth.errors import RecordError
from devhealth.models import github_deployments_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_deployments_pages import DEPLOYMENTS, LISTED, OPEN, RELEASES, REST_LISTED, TAGS
from devhealth.models.github_pages import Page
from devhealth.models.table import Record
from devhealth.processors.github import deliveries_in_rest as rest
from devhealth.processors.github import delivery_shapes as shapes
from devhealth.processors.github.delivery_records import DeliveryRecords
from devhealth.processors.github.pull_request_shapes import Connection
from devhealth.staging import Page as StagedPage
from devhealth.transport.decoding import decode

T = TypeVar("T")


class _Repository(msgspec.Struct, frozen=True):
    deployments: Connection[shapes.Deployment] | None = None
    refs: Connection[shapes.Ref] | None = None
    releases: Connection[shapes.Release] | None = None


class _Data(msgspec.Struct, frozen=True):
    repository: _Repository


class _Listed(msgspec.Struct, frozen=True):
    data: _Data


class _ById(msgspec.Struct, frozen=True):
    data: Connection[shapes.Deployment]


class _More(msgspec.Struct, frozen=True):
    data: dict[str, shapes.MoreStatuses | None]


class Gathering:
    """Reads the pages of one unit."""

    def __init__(self, what: str, records: DeliveryRecords) -> None:
        self._what, self._records = what, records
        self._fetched_at = datetime.min.replace(tzinfo=UTC)
        self._deployments: dict[str, shapes.Deployment] = {}
        self._statuses: dict[str, list[shapes.Status | None]] = {}
        self._tags: dict[str, shapes.Ref] = {}
        self._releases: list[shapes.Release] = []
        self._shas: dict[str, str] = {}

    def read(self, staged: StagedPage) -> list[Record]:
        """The rows of what is whole now; the page itself is kept back, since more of it may follow."""
        page = github_pages.decode(staged.read())
        if "-more-" in staged.name:
            self._add(page)
            return []
        rows = self.rest()
        self._begin(page)
        return rows

    def rest(self) -> list[Record]:
        """The rows of what is kept back."""
        rows: list[Record] = []
        for number, one in self._deployments.items():
            rows += self._records.deployment(one, self._statuses[number], self._fetched_at)
        rows += [self._records.tag(one, self._fetched_at) for one in self._tags.values()]
        rows += [self._records.release(one, self._fetched_at) for one in self._releases]
        self._deployments, self._statuses, self._tags, self._releases = {}, {}, {}, []
        return rows

    def _begin(self, page: Page) -> None:
        self._fetched_at = page.fetched_at
        kept = set(map(int, page.about.split(","))) if page.about else set()
        if page.kind in {LISTED[DEPLOYMENTS], LISTED[OPEN], REST_LISTED[DEPLOYMENTS]}:
            for position, one in enumerate(self._deployments_in(page)):
                if one and position not in kept:
                    self._deployments[one.number] = one
                    self._statuses[one.number] = list(one.statuses.nodes)
        elif page.kind in {LISTED[TAGS], REST_LISTED[TAGS]}:
            found = self._tags_in(page)
            self._shas |= {one.name: one.sha for one in found if one and one.sha}
            self._tags = {one.name: one for position, one in enumerate(found) if one and position not in kept}
        elif page.kind in {LISTED[RELEASES], REST_LISTED[RELEASES]}:
            self._releases = [
                one for position, one in enumerate(self._releases_in(page)) if one and position not in kept
            ]

    def _add(self, page: Page) -> None:
        what = f"{self._what}: {page.about}"
        if page.kind == kinds.STATUSES:
            for more in decode(page.answer, _More, self._what).data.values():
                if more and more.statuses and more.number in self._statuses:
                    self._statuses[more.number] += more.statuses.nodes
        elif page.kind == kinds.REST_STATUSES and page.about in self._statuses:
            self._statuses[page.about] += rest.statuses(page, what)
        elif page.about in self._tags:
            self._tags[page.about] = rest.dated(self._tags[page.about], page, what)

    def _deployments_in(self, page: Page) -> list[shapes.Deployment | None]:
        if page.kind == REST_LISTED[DEPLOYMENTS]:
            return [*rest.deployments(page, self._what)]
        if page.kind == LISTED[OPEN]:
            return decode(page.answer, _ById, self._what).data.nodes
        return self._present(self._listed(page).deployments).nodes

    def _tags_in(self, page: Page) -> list[shapes.Ref | None]:
        if page.kind == REST_LISTED[TAGS]:
            return [*rest.tags(page, self._what)]
        return self._present(self._listed(page).refs).nodes

    def _releases_in(self, page: Page) -> list[shapes.Release | None]:
        if page.kind == REST_LISTED[RELEASES]:
            return [*rest.releases(page, self._what, self._shas)]
        return self._present(self._listed(page).releases).nodes

    def _listed(self, page: Page) -> _Repository:
        return decode(page.answer, _Listed, self._what).data.repository

    def _present(self, found: Connection[T] | None) -> Connection[T]:
        if found is None:
            raise RecordError(f"{self._what}: a page without the list it is a page of. Sync again.")
        return found
