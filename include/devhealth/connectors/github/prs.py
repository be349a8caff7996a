"""Target `prs`: pull requests, each whole with all of its lists.

Pages are those of `devhealth.models.github_prs_pages`. What is to be fetched is known from the state, or from the page
of names before it, so an attempt after a kill goes on with what is not staged yet.
"""

import itertools
from collections.abc import Iterator, Mapping

import msgspec

from devhealth.connectors.github import pull_request_state as states
from devhealth.connectors.github import rest_pull_requests, switched_off
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.client import Client, open_client
from devhealth.connectors.github.host import Place, place_of
from devhealth.connectors.github.permissions import needing
from devhealth.connectors.github.shared_lists import SharedLists
from devhealth.connectors.github.staged_pull_requests import Staged, is_unchanged
from devhealth.connectors.github.whole_pull_requests import Reader
from devhealth.models import github_pages
from devhealth.models import github_prs_pages as kinds
from devhealth.models.github_prs_pages import PullRequestsState
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from devhealth.transport.listing import Listing

PERMISSION = "Pull requests: read and Contents: read"

_AT_ONCE = 100
"""Pull requests whose longer lists are followed together."""


@switched_off.probing("/repos/{name}/pulls")
def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether there are news, or another number of pull requests; what may have changed without a sign is looked at."""
    earlier = states.read_cursor(cursor)
    if earlier is None:
        return True
    place = place_of(source, settings)
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner, remembers=True) as client:
        state = states.read_state(client, place, api=options.get("api"), window=None, cursor=earlier)
        news = state.chosen or {}
        total = state.total or 0
        least, most = earlier.totals.get("pull_requests", (total, total))
        if not least <= total <= most or any(not earlier.unsettled.get(number) for number in news):
            return True
        for kind, _, answer, numbers in Reader(client, place.owner).fetch(news):
            if kind != kinds.WHOLE:
                return True
            each = zip(numbers, answer.data["nodes"], strict=True)
            if not all(is_unchanged(earlier.unsettled[number], node) for number, node in each):
                return True
    return False


@switched_off.fetching("pull requests")
def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The unit's pages, each as soon as it is whole; those an earlier attempt staged are not fetched again."""
    staging = UnitStaging(unit.staging)
    place = place_of(unit.source, settings)
    cursor = states.read_cursor(staging.read("cursor")) if unit.mode == "incremental" else None
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner) as client:
        page = next((one for one in staging.pages() if one.name == github_pages.STATE), None)
        if page is None:
            state = states.read_state(
                client,
                place,
                api=unit.options.get("api"),
                window=unit.window if unit.mode == "backfill" else None,
                cursor=cursor,
                shared=SharedLists(unit.shared, unit.target),
            )
            page = staging.write_page(github_pages.STATE, msgspec.json.encode(state))
        yield page
        state = msgspec.json.decode(page.read(), type=PullRequestsState)
        staged = Staged(staging, state, cursor)
        groups = _Groups(client, place, state, staged)
        yield from groups.everything() if state.chosen is None else groups.chosen(list(state.chosen.items()))
    if staged.is_unsettled:
        staging.write("unsettled", b"")
    yield staging.write_page(github_pages.CURSOR, msgspec.json.encode(staged.cursor()))


class _Groups:
    """Fetches pull requests a hundred at a time, after those that are staged."""

    def __init__(self, client: Client, place: Place, state: PullRequestsState, staged: Staged) -> None:
        self._client, self._place, self._state, self._staged = client, place, state, staged
        self._reader = Reader(client, place.owner)

    def everything(self) -> Iterator[Page]:
        """A page of names, those pull requests, the next page of names."""
        after, listing = "", Listing(f"{self._state.repository}, pull requests")
        for number in itertools.count(1):
            group = github_pages.name(100, kinds.LISTED, number)
            page = self._staged.page(group)
            if page is None:
                fetched_at = observed_at()
                page = self._staged.add_names(group, fetched_at, self._names(after))
            yield page
            names, after = self._staged.read_names(page)
            yield from self._group(group, names)
            if not after:
                return
            listing.turn(after, names, self._state.total)

    def chosen(self, chosen: list[tuple[int, str]]) -> Iterator[Page]:
        """Those pull requests."""
        for number, first in enumerate(range(0, len(chosen), _AT_ONCE), 1):
            group = github_pages.name(200, kinds.CHOSEN, number)
            yield from self._group(group, dict(chosen[first : first + _AT_ONCE]))

    def _names(self, after: str) -> Answer:
        if self._state.is_rest:
            oldest_first = {"sort": "created", "direction": "asc"}  # pages are counted off: nothing moves in this order
            return next(rest_pull_requests.names(self._client, self._state.repository, oldest_first, after=after))
        return next(states.listed(self._client, self._place, "ASC", after=after))

    def _group(self, group: str, wanted: Mapping[int, str]) -> Iterator[Page]:
        done = yield from self._staged.kept(group)
        waiting = {number: node_id for number, node_id in wanted.items() if number not in done}
        if self._state.is_rest:
            for number in waiting:
                for kind, at, answer in rest_pull_requests.fetch(self._client, self._state.repository, number):
                    yield self._staged.add(group, kind, at, answer, [number])
        elif waiting or not self._staged.is_followed(group):
            for kind, at, answer, numbers in self._reader.fetch(waiting, list(done.values())):
                yield self._staged.add(group, kind, at, answer, numbers)
