"""Target `prs`: pages of `devhealth.models.github_prs_pages` as records."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from devhealth.models import github_pages
from devhealth.models import github_prs_pages as kinds
from devhealth.models.github_prs_pages import PullRequestsState
from devhealth.models.unit import Unit
from devhealth.processors.github import pull_requests_in_rest
from devhealth.processors.github.people import People
from devhealth.processors.github.pull_request_records import CHILDREN, Gathered, PullRequestRecords
from devhealth.processors.github.pull_request_shapes import Connection, PullRequestNode, Rest
from devhealth.processors.github.staged import Batch, everything, looked_at, opened, switched_off, target_row
from devhealth.staging import Page
from devhealth.transport.decoding import decode

EVIDENCE = "repository_targets"

_TABLES = (*CHILDREN, "pull_requests")


class _Whole(msgspec.Struct, frozen=True):
    data: Connection[PullRequestNode]


class _More(msgspec.Struct, frozen=True):
    data: dict[str, Rest | None]


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """The rows of each pull request once all of its pages are read, about a page of them at a time.

    Snapshots come last: of everything after a run that listed everything, else of what was fetched.
    """
    pages = list(pages)
    if off := switched_off(pages, unit):
        yield off
        return
    state, remaining = opened(pages, unit, PullRequestsState)
    people = People(unit, state.host)
    records = PullRequestRecords(unit, state, people)
    reader = _Reader(unit, state)
    fetched: list[tuple[int, datetime]] = []
    is_complete = False
    for page in remaining:
        is_complete = page.name == github_pages.CURSOR
        if is_complete:
            break
        if whole := reader.read(page):
            fetched += ((one.pull.number, one.fetched_at) for one in whole)
            yield _batch(records, people, whole)
    whole = reader.rest()
    fetched += ((one.pull.number, one.fetched_at) for one in whole)
    yield _batch(records, people, whole)
    yield list(people.emails())
    lists_everything = is_complete and state.chosen is None
    if lists_everything:
        yield everything(unit, _TABLES, state.fetched_at)
    else:
        yield looked_at(unit, CHILDREN, "number", fetched) + looked_at(unit, _TABLES, "number", reader.gone)
    if is_complete and (state.chosen is None or fetched or reader.gone):
        yield [target_row(unit, state.fetched_at, state.total)]


def _batch(records: PullRequestRecords, people: People, whole: Iterable[Gathered]) -> Batch:
    batch: Batch = [record for one in whole for record in records.of(one)]
    return [*people.accounts(), *batch]


class _Reader:
    """Gathers pull requests: those of a group of pages are whole when the next group begins."""

    def __init__(self, unit: Unit, state: PullRequestsState) -> None:
        self._what, self._group = unit.name, ""
        self._open: dict[int, Gathered] = {}
        self._rest = pull_requests_in_rest.Reader(unit.name, state)
        self.gone: list[tuple[int, datetime]] = []

    def read(self, staged: Page) -> list[Gathered]:
        """What is whole now; the page itself is kept back, since more of its pull requests may follow."""
        page = github_pages.decode(staged.read())
        group = staged.name.partition("-more-")[0]
        whole = self.rest() if group != self._group else []
        self._group = group
        if page.kind == kinds.WHOLE:
            pulls = decode(page.answer, _Whole, self._what).data.nodes
            for number, pull in zip(page.about.split(","), pulls, strict=True):
                if pull is None:
                    self.gone.append((int(number), page.fetched_at))
                elif number.isdecimal():  # with an equals sign it is stored already
                    self._open[pull.number] = gathered = Gathered(pull, page.fetched_at)
                    gathered.add(pull)
        elif page.kind == kinds.MORE:
            for part in decode(page.answer, _More, self._what).data.values():
                if part and (gathered_before := self._open.get(part.of)):
                    gathered_before.add_rest(part)
        else:
            whole += self._rest.read(page, self.gone)
        return whole

    def rest(self) -> list[Gathered]:
        """What is kept back."""
        whole = [*self._open.values(), *self._rest.rest()]
        self._open = {}
        return whole
