"""Target `work-items`: pages of `devhealth.models.github_issue_pages` as records."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from devhealth.models import github_issue_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_issue_pages import IssuesState
from devhealth.models.unit import Unit
from devhealth.processors.github.issue_records import OF_TIMELINES, Gathered, IssueRecords, event_of
from devhealth.processors.github.issue_shapes import Found, Issue, IssueNode, RestEvent
from devhealth.processors.github.people import People
from devhealth.processors.github.pull_request_shapes import Connection
from devhealth.processors.github.staged import Batch, everything, looked_at, opened, switched_off, target_row
from devhealth.staging import Page
from devhealth.transport.decoding import decode

EVIDENCE = "repository_targets"

_TABLES = ("work_item_transitions", "work_items")


class _Details(msgspec.Struct, frozen=True):
    data: Connection[IssueNode]


class _More(msgspec.Struct, frozen=True):
    data: dict[str, IssueNode | None]


class _Gone(msgspec.Struct, frozen=True):
    id: int | None = None


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """The rows of each issue once all of its pages are read, about a page of them at a time.

    Snapshots come last: of everything after a run that listed everything, else of what is gone.
    """
    pages = list(pages)
    if off := switched_off(pages, unit):
        yield off
        return
    state, remaining = opened(pages, unit, IssuesState)
    people = People(unit, state.host)
    records = IssueRecords(unit, state, people)
    reader = _Reader(unit.name)
    is_complete, count = False, 0
    for page in remaining:
        is_complete = page.name == github_pages.CURSOR
        if is_complete:
            break
        if whole := reader.read(page):
            count += len(whole)
            yield _batch(records, people, whole)
    whole = reader.rest()
    count += len(whole)
    yield _batch(records, people, whole)
    is_everything = is_complete and (reader.lists_everything or (unit.mode == "full" and state.searches is None))
    if is_everything:
        timelines, items = everything(unit, _TABLES, state.fetched_at)
        yield [msgspec.structs.replace(timelines, column="field", values=OF_TIMELINES), items]
    yield looked_at(unit, _TABLES, "item_id", reader.gone)
    if is_complete and (is_everything or count or reader.gone):
        yield [target_row(unit, state.fetched_at, state.total)]


def _batch(records: IssueRecords, people: People, whole: Iterable[Gathered]) -> Batch:
    batch: Batch = [record for one in whole for record in records.of(one)]
    return [*people.accounts(), *batch]


class _Reader:
    """Gathers issues: those taken from a page of a list are whole when the next list page begins."""

    def __init__(self, what: str) -> None:
        self._what, self._group = what, ""
        self._open: dict[int, Gathered] = {}
        self.lists_everything = False
        self.gone: list[tuple[str, datetime]] = []

    def read(self, staged: Page) -> list[Gathered]:
        """What is whole now; the page itself is kept back, since more of its issues follows."""
        page = github_pages.decode(staged.read())
        group = staged.name.partition("-more-")[0]
        whole = self.rest() if group != self._group else []
        self._group = group
        self.lists_everything |= staged.name.startswith("600-")
        if page.kind in {kinds.LISTED, kinds.FOUND, kinds.NAMED}:
            issues = (issue for issue in self._issues(page) if not issue.pull_request)
            self._open |= {issue.number: Gathered(issue, page.fetched_at) for issue in issues}
        elif page.kind == kinds.GONE:
            self._note_gone(decode(page.answer, _Gone, self._what).id, page.fetched_at)
        else:
            self._add(page)
        return whole

    def rest(self) -> list[Gathered]:
        """What is kept back."""
        whole = [gathered for gathered in self._open.values() if gathered.is_whole]
        self._open = {}
        return whole

    def _issues(self, page: github_pages.Page) -> list[Issue]:
        match page.kind:
            case kinds.FOUND:
                return decode(page.answer, Found, self._what).items
            case kinds.NAMED:
                return [decode(page.answer, Issue, self._what)]
        return decode(page.answer, list[Issue], self._what)

    def _note_gone(self, item_id: int | None, fetched_at: datetime) -> None:
        if item_id is not None:
            self.gone.append((str(item_id), fetched_at))

    def _add(self, page: github_pages.Page) -> None:
        if page.kind == kinds.DETAILS:
            nodes = decode(page.answer, _Details, self._what).data.nodes
            for text, node in zip(page.about.split(","), nodes, strict=True):
                gathered = self._open[int(text.lstrip("="))]
                if node is None:
                    self._note_gone(gathered.issue.id, page.fetched_at)
                else:
                    gathered.is_whole = text.isdecimal()  # with an equals sign it is stored already
                    gathered.add(node)
        elif page.kind == kinds.MORE:
            for node in decode(page.answer, _More, self._what).data.values():
                if node and (found := self._open.get(node.number)):
                    found.add(node)
        else:
            gathered = self._open[int(page.about.lstrip("="))]
            entries = decode(page.answer, list[RestEvent], f"{self._what}, issue {gathered.issue.number}")
            gathered.events += [event for event in map(event_of, entries) if event]
            gathered.is_whole = not page.next and page.about.isdecimal()
