"""Target `deployments`: deployments with all of their statuses, tags and releases.

Pages are those of `devhealth.models.github_deployments_pages`; the place to go on from after a kill is the `next` of
the last page of a list.

GitHub lists deployments by time of creation only, and any of them may get one more status. So a run after the first
one looks at the newest thousand whole, ten requests, and stores those whose digest is not the one in the cursor. Those
that are older are looked at by id while they are unfinished. What happens to older ones that are finished (GitHub calls
them inactive, somebody deletes them) shows when everything is read: a deletion does so by the totals, as drift. Tags
and releases can change anywhere, so all of them are listed, a hundred in a request, and compared in the same way. Where
REST is read, all deployments are listed too, since their statuses are what takes requests.

The chunks of a backfill read one listing together (`shared_lists`), as far back as the oldest of them looks.
"""

import itertools
from collections.abc import Iterator, Mapping
from functools import partial

import msgspec

from devhealth.connectors.github import delivery_lists as lists
from devhealth.connectors.github import switched_off
from devhealth.connectors.github.client import open_client
from devhealth.connectors.github.delivery_lists import Lists
from devhealth.connectors.github.host import place_of
from devhealth.connectors.github.permissions import needing
from devhealth.connectors.github.shared_lists import Listed, SharedLists
from devhealth.connectors.github.staged_deliveries import Noted, Staged
from devhealth.models import github_pages
from devhealth.models.github_deployments_pages import (
    DEPLOYMENTS,
    GONE,
    OPEN,
    ORDERS,
    RELEASES,
    TAGS,
    DeliveryCursor,
    DeliveryState,
)
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from devhealth.transport.listing import Listing, keys_of

_PERMISSIONS = "Deployments: read and Contents: read"


def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether the first page of a list differs from what the last run has seen, or there is a second one."""
    earlier = _read_cursor(cursor)
    if earlier is None:
        return True
    place = place_of(source, settings)
    with open_client(settings, place.api, owner=place.owner, remembers=True) as client, needing(_PERMISSIONS):
        state = lists.read_state(client, place, options.get("api"), is_whole=False)
        if state.is_rest != earlier.is_rest:
            return True
        found = Lists(client, place, state)
        shas: dict[str, str] = {}
        for what, known in ((DEPLOYMENTS, earlier.deployments), (TAGS, earlier.tags), (RELEASES, earlier.releases)):
            answer = found.page(what, "")
            rows = lists.nodes_in(what, answer.body, is_rest=state.is_rest) if answer else []
            shas |= lists.shas_in(what, rows)
            if (answer and answer.next) or known != {
                lists.key(what, node): lists.digest(what, node, shas) for node in rows if node
            }:
                return True
    return False


def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The unit's pages, each as soon as it is whole; those an earlier attempt staged are not fetched again."""
    staging = UnitStaging(unit.staging)
    place = place_of(unit.source, settings)
    cursor = _read_cursor(staging.read("cursor")) if unit.mode == "incremental" else None
    window = unit.window if unit.mode == "backfill" else None
    shared = SharedLists(unit.shared, unit.target)
    with open_client(settings, place.api, owner=place.owner) as client, needing(_PERMISSIONS):
        page = next((one for one in staging.pages() if one.name == github_pages.STATE), None)
        if page is None:
            is_whole = cursor is None and window is None
            api = unit.options.get("api")
            state_now = shared.state(
                lambda: msgspec.json.encode(lists.read_state(client, place, api, is_whole=is_whole))
            )
            page = staging.write_page(github_pages.STATE, state_now)
        yield page
        state = msgspec.json.decode(page.read(), type=DeliveryState)
        # REST does not say of when a tag is, so a window cannot choose: one chunk of a job stores all of them.
        takes_tags = not state.is_rest or shared.belongs_to(TAGS, unit.chunk)
        staged = Staged(staging, state, cursor, window, takes_tags=takes_tags)
        found = Lists(client, place, state)
        walk = _Walk(found, shared, staged)
        yield from walk.through(DEPLOYMENTS)
        yield from walk.open()
        yield from walk.through(TAGS)
        yield from walk.through(RELEASES)
    for what, error in found.off.items():
        if cursor is None or what not in cursor.off:
            switched_off.say(place.name, what, error)
    if cursor:
        yield staging.write_page(GONE, msgspec.json.encode(staged.gone()))
    if staged.is_unsettled:
        staging.write("unsettled", b"")
    yield staging.write_page(github_pages.CURSOR, msgspec.json.encode(staged.cursor(found.off)))


class _Walk:
    """Goes through the lists, after what is staged of them."""

    def __init__(self, found: Lists, shared: SharedLists, staged: Staged) -> None:
        self._lists, self._shared, self._staged = found, shared, staged

    def through(self, what: str) -> Iterator[Page]:
        """The pages of a list, each with what it leaves out of the rows that are to be stored."""
        after, listing = "", Listing(f"{self._lists.state.repository}, {what}")
        for number in itertools.count(1):
            name = github_pages.name(ORDERS[what], what, number)
            page = self._staged.page(name)
            if page is None:
                listed = self._shared.page(what, after, partial(self._lists.page, what, after))
                if listed is None:
                    break
                page = self._staged.add(what, name, listed)
            noted = self._staged.note(what, page)
            yield page
            yield from self._rest(what, name, noted)
            after = noted.next
            if not after:
                break
            listing.turn(after, keys_of(noted.rows), self._lists.state.totals.get(what))
            if what == DEPLOYMENTS and self._staged.is_far_enough(noted):
                return
        if what not in self._lists.off:
            self._staged.end(what)

    def open(self) -> Iterator[Page]:
        """Deployments that were unfinished and are older than what was listed."""
        waiting = self._staged.open_before()
        for number in itertools.count(1):
            if not waiting:
                return
            name = github_pages.name(ORDERS[OPEN], OPEN, number)
            page = self._staged.page(name)
            if page is None:
                fetched_at = observed_at()
                answer = self._lists.by_id(list(waiting.values()))
                page = self._staged.add(OPEN, name, Listed(fetched_at, answer.raw, answer.next))
            noted = self._staged.note(OPEN, page)
            yield page
            yield from self._rest(OPEN, name, noted)
            for node in noted.rows:
                first = next(iter(waiting))
                waiting.pop(first)
                if node is None:
                    self._staged.note_gone(first)

    def _rest(self, what: str, name: str, noted: Noted) -> Iterator[Page]:
        done: set[str] = set()
        number = 0
        for number, page in enumerate(self._staged.kept(name, done), 1):  # noqa: B007 - goes on with the last number
            yield page
        if "" in done:
            return
        for kind, about, answer in self._lists.rest_of(what, noted.wanted, done):
            number += 1
            yield self._staged.add_rest(name, number, kind, about, answer)


def _read_cursor(content: bytes | None) -> DeliveryCursor | None:
    """None when there is none, or one that cannot be read."""
    return github_pages.read_cursor(content, DeliveryCursor)
