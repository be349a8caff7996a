"""Target `work-items`: issues, what happened to them, and where they stand in projects.

Pages are those of `devhealth.models.github_issue_pages`. Lists of issues come through REST, a hundred a request; what
belongs to those that are taken from a list follows it, so an attempt after a kill goes on with what is not staged yet.

A run that goes on reads what was updated since the last one. When another number of issues is open than that leaves, it
lists those, and asks by itself for each that was open and is in neither list: it was closed without a sign, deleted or
transferred. So it does for those that moved in a project (`issue_projects`). When the provider has fewer issues than
all that leaves, a closed one was deleted or transferred: everything is read once more, and what is not found is gone.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from devhealth.connectors.github import issue_state as states
from devhealth.connectors.github import switched_off
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import PER_PAGE, Client, open_client
from devhealth.connectors.github.host import Place, place_of
from devhealth.connectors.github.issue_details import Details, issue_at
from devhealth.connectors.github.issue_groups import Groups
from devhealth.connectors.github.issue_ledger import Ledger, Row
from devhealth.connectors.github.permissions import needing
from devhealth.errors import SourceError
from devhealth.models import github_issue_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_issue_pages import OVERLAP, IssuesCursor, IssuesState, is_issue
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from devhealth.transport.listing import Listing, keys_of

PERMISSION = "Issues: read"

_FEW = 5
"""Issues that are asked for by themselves before the list of open ones is, which may have them."""
_OLDEST_FIRST = {"state": "all", "sort": "created", "direction": "asc"}
"""Pages are counted off: nothing moves in this order."""

Take = Callable[[Row], bool]


@switched_off.probing("/repos/{name}/issues")
def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether an issue was updated, moved in a project, opened or closed since, or may have been without a sign."""
    earlier = states.read_cursor(cursor)
    if earlier is None:
        return True
    place = place_of(source, settings)
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner, remembers=True) as client:
        state = states.read_state(client, place, api=options.get("api"), window=None, cursor=earlier)
        ledger = Ledger(state, earlier)
        least, most = earlier.totals.get("work_items", (0, state.total or 0))
        if state.moved or not least <= (state.total or 0) <= most:
            return True
        path, since = f"/repos/{state.repository}/issues", _since(earlier)
        for answer in client.pages(path, since):
            if any(is_issue(row) and not ledger.knows(row) for row in answer.data):
                return True
        pages = client.pages(path, {"state": "open"})
        return {row["number"] for page in pages for row in page.data if is_issue(row)} != earlier.open.keys()


@switched_off.fetching("issues")
def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The unit's pages, each as soon as it is whole; those an earlier attempt staged are not fetched again."""
    staging = UnitStaging(unit.staging)
    place = place_of(unit.source, settings)
    cursor = states.read_cursor(staging.read("cursor")) if unit.mode == "incremental" else None
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner) as client:
        page = next((one for one in staging.pages() if one.name == github_pages.STATE), None)
        if page is None:
            window = unit.window if unit.mode == "backfill" else None
            state = states.read_state(client, place, api=unit.options.get("api"), window=window, cursor=cursor)
            page = staging.write_page(github_pages.STATE, msgspec.json.encode(state))
        yield page
        run = _Run(client, place, msgspec.json.decode(page.read(), type=IssuesState), staging, cursor)
        yield from run.pages()
    if run.ledger.is_unsettled:
        staging.write("unsettled", b"")
    yield staging.write_page(github_pages.CURSOR, msgspec.json.encode(run.ledger.cursor()))


class _Run:
    """Lists of issues one after the other, each page followed by what belongs to those taken from it."""

    def __init__(
        self, client: Client, place: Place, state: IssuesState, staging: UnitStaging, cursor: IssuesCursor | None
    ) -> None:
        self._client, self._state, self._cursor = client, state, cursor
        self._path = f"/repos/{state.repository}/issues"
        self.ledger = Ledger(state, cursor)
        reads_projects = state.projects is not None or state.searches is not None
        details = Details(client, place.owner, state.repository, state.is_rest, reads_projects=reads_projects)
        self._groups = Groups(staging, details, self.ledger)
        self._listed: dict[str, set[int]] = {}

    def pages(self) -> Iterator[Page]:
        """Those of the unit between its state and its cursor."""
        if self._state.searches is not None:
            for number, text in enumerate(self._state.searches, 1):
                parameters = {"q": text, "sort": "created", "order": "asc"}
                yield from self._list(500, f"found-{number:04d}", "/search/issues", parameters, lambda _row: True)
        elif self._cursor is None:
            yield from self._list(100, "issues", self._path, _OLDEST_FIRST, lambda _row: True)
            if len(self._listed["issues"]) < (self._state.total or 0):  # one was deleted, and the next one slipped past
                yield from self._list(600, "issues", self._path, _OLDEST_FIRST, lambda _row: True)
        else:
            yield from self._news(self._cursor)
            if self.ledger.lacks_some():
                self.ledger.forget()
                yield from self._list(600, "issues", self._path, _OLDEST_FIRST, lambda _row: True)

    def _news(self, cursor: IssuesCursor) -> Iterator[Page]:
        yield from self._list(200, "news", self._path, _since(cursor), lambda row: not self.ledger.knows(row))
        seen, again = self._listed["news"], self.ledger.again
        named = again - seen
        if self._state.open != len(self.ledger.open) or len(named) > _FEW + self._state.open // 100:
            yield from self._open(cursor, seen, again)
            named = (cursor.open.keys() | again) - seen - self._listed["open"]
        for place, number in enumerate(sorted(named), 1):
            yield from self._named(github_pages.name(400, "named", place), number)

    def _open(self, cursor: IssuesCursor, seen: set[int], again: set[int]) -> Iterator[Page]:
        def is_taken(row: Row) -> bool:
            number = row["number"]
            return number not in seen and (number not in cursor.open or number in again)

        yield from self._list(300, "open", self._path, {**_OLDEST_FIRST, "state": "open"}, is_taken)

    def _list(self, order: int, what: str, path: str, parameters: Mapping[str, str], take: Take) -> Iterator[Page]:
        """The pages of a list; no issue is taken twice from it, or from several searches."""
        listing = Listing(f"{self._state.repository}, issues ({what})")
        after, listed = "", self._listed.setdefault(what.partition("-")[0], set())
        for number in itertools.count(1):
            group = github_pages.name(order, what, number)
            page = self._groups.page(group)
            if page is None:
                fetched_at = observed_at()
                answer = next(self._client.pages(path, parameters, after=after))
                _rows(answer.data, self._state.repository)
                kind = kinds.LISTED if isinstance(answer.data, list) else kinds.FOUND
                following = _onwards(answer, after or path, parameters) if "since" in parameters else answer.next
                page = self._groups.add(group, kind, fetched_at, answer.raw, following=following)
            yield page
            content = github_pages.decode(page.read())
            body = msgspec.json.decode(content.answer)
            rows = _rows(body, self._state.repository)
            taken = [row for row in rows if row["number"] not in listed and take(row)]
            listed |= {row["number"] for row in rows}
            yield from self._groups.details(group, taken, content.fetched_at)
            after = content.next
            if not after:
                return
            listing.turn(after, keys_of(body if isinstance(body, list) else body["items"]))

    def _named(self, group: str, number: int) -> Iterator[Page]:
        page = self._groups.page(group)
        if page is None:
            fetched_at = observed_at()
            issue = issue_at(self._client, self._state.repository, number)
            raw = issue.raw if issue else msgspec.json.encode({"id": self.ledger.open.get(number)})
            page = self._groups.add(group, kinds.NAMED if issue else kinds.GONE, fetched_at, raw, about=str(number))
        yield page
        content = github_pages.decode(page.read())
        if content.kind == kinds.GONE:
            self.ledger.note_gone(number)
        else:
            yield from self._groups.details(group, [msgspec.json.decode(content.answer)], content.fetched_at)


def _rows(found: Any, repository: str) -> list[Row]:
    """The issues of a page of a list or a search; raises SourceError for one that is not whole."""
    if isinstance(found, dict) and not found.get("incomplete_results"):
        found = found.get("items")
    if not isinstance(found, list):
        raise SourceError(f"GitHub has not listed all issues of {repository} that were asked for. Sync again.")
    return [row for row in found if is_issue(row)]


def _since(cursor: IssuesCursor) -> dict[str, str]:
    since = f"{cursor.until - OVERLAP:%Y-%m-%dT%H:%M:%SZ}"
    return {"state": "all", "since": since, "sort": "updated", "direction": "asc"}


def _onwards(answer: Answer, asked: str, parameters: Mapping[str, str]) -> str:
    """Where a list by time of update goes on: at the last time it told, not at a place in it.

    So nothing slips past when an issue is updated or deleted meanwhile. More than a page of one second is counted off.
    """
    if not answer.next:
        return ""
    path, _, text = asked.partition("?")
    given = {**parameters, "per_page": str(PER_PAGE), **dict(parse_qsl(text))}
    last = answer.data[-1]["updated_at"]
    if last == given["since"]:
        return answer.next
    return f"{path}?{urlencode({name: one for name, one in given.items() if name != 'page'} | {'since': last})}"
