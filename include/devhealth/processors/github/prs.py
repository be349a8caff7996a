"""Target `prs`: pages of `devhealth.models.github_prs_pages` as records."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from devhealth.errors import RecordError
from devhealth.models import github_pages
from devhealth.models import github_prs_pages as kinds
from devhealth.models.github_prs_pages import PullRequestsState
from devhealth.models.repository_targets import RepositoryTarget
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.processors.github import pull_requests_in_rest
from devhealth.processors.github.decoding import decode
from devhealth.processors.github.people import People
from devhealth.processors.github.pull_request_records import CHILDREN, Gathered, PullRequestRecords
from devhealth.processors.github.pull_request_shapes import Connection, PullRequestNode, Rest
from devhealth.staging import Page

EVIDENCE = "repository_targets"

LOT = 1_000
"""Pull requests that one snapshot speaks of."""

Batch = list[Record | Snapshot]


class _Whole(msgspec.Struct, frozen=True):
    data: Connection[PullRequestNode]


class _More(msgspec.Struct, frozen=True):
    data: dict[str, Rest | None]


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """The rows of each pull request once all of its pages are read, about a page of them at a time.

    Snapshots come last: of everything after a run that listed everything, else of what was fetched.
    """
    remaining = iter(pages)
    first = next(remaining, None)
    if first is None or first.name != github_pages.STATE:
        got = first.name if first else "no page"
        raise RecordError(f"{unit.name}: expected page {github_pages.STATE} first, got {got}. Sync again.")
    state = msgspec.json.decode(first.read(), type=PullRequestsState)
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
    yield _everything(unit, state) if lists_everything else _fetched(unit, fetched, reader.gone)
    if is_complete and (state.chosen is None or fetched or reader.gone):
        yield [_target(unit, state)]


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


def _everything(unit: Unit, state: PullRequestsState) -> Batch:
    return [
        Snapshot(table=table, org_id=unit.org_id, repo_id=unit.repo_id, version=state.fetched_at)
        for table in (*CHILDREN, "pull_requests")
    ]


def _fetched(unit: Unit, fetched: list[tuple[int, datetime]], gone: list[tuple[int, datetime]]) -> Batch:
    """What is below the pull requests that were fetched, and those that are gone with all that is below them."""
    return [
        Snapshot(
            table=table,
            org_id=unit.org_id,
            repo_id=unit.repo_id,
            version=min(at for _, at in lot),
            column="number",
            values=tuple(sorted({number for number, _ in lot})),
        )
        for some, tables in ((fetched, CHILDREN), (gone, (*CHILDREN, "pull_requests")))
        for first in range(0, len(some), LOT)
        if (lot := some[first : first + LOT])
        for table in tables
    ]


def _target(unit: Unit, state: PullRequestsState) -> RepositoryTarget:
    return RepositoryTarget(
        org_id=unit.org_id,
        repo_id=unit.repo_id,
        target=unit.target,
        items_count=state.total,
        fetched_at=state.fetched_at,
    )
