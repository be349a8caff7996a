"""The staged pages of a unit of target `deployments`, and what they add up to for the cursor."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from devhealth.connectors.github import delivery_lists as lists
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.delivery_lists import Node
from devhealth.connectors.github.marks import SHOWN
from devhealth.connectors.github.shared_lists import Listed
from devhealth.models import github_deployments_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_deployments_pages import (
    DEPLOYMENTS,
    OPEN,
    RELEASES,
    TAGS,
    DeliveryCursor,
    DeliveryState,
    Digests,
    GoneOnes,
    OpenDeployment,
)
from devhealth.models.observation import observed_at
from devhealth.models.unit import Window
from devhealth.staging import Page, UnitStaging

NEWEST = 1_000
"""Deployments that every run looks at, at least."""
SETTLED = timedelta(seconds=2)
"""What was updated so long before it was read has shown all that happened to it in that second."""
PATIENCE = timedelta(days=30)
"""How long a run may wait for somebody to approve it: a deployment that is unfinished for longer is forgotten."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A page of a list."""

    rows: list[Node | None]
    wanted: list[Node]
    """Those that are to be stored."""
    next: str
    is_known: bool
    """The last run has seen all of them, if perhaps not as they are."""


class Staged:
    """Writes pages and reads back those of an earlier attempt; knows what of them is to be stored."""

    def __init__(
        self,
        staging: UnitStaging,
        state: DeliveryState,
        cursor: DeliveryCursor | None,
        window: Window | None,
        *,
        takes_tags: bool = True,
    ) -> None:
        self._staging, self._state, self._window, self._takes_tags = staging, state, window, takes_tags
        self._before = cursor or DeliveryCursor()
        self._pages = {page.name: page for page in staging.pages()}
        self._seen: dict[str, Digests] = {DEPLOYMENTS: {}, TAGS: {}, RELEASES: {}}
        self._open: dict[str, OpenDeployment] = {}
        self._gone: list[str] = []
        self._ended: set[str] = set()
        self._shas: dict[str, str] = {}
        self._totals = {what: (total, total) for what, total in state.totals.items()}
        self.is_unsettled = False

    def page(self, name: str) -> Page | None:
        """A page of an earlier attempt."""
        return self._pages.get(name)

    def add(self, what: str, name: str, listed: Listed) -> Page:
        """Stage a page of a list."""
        kind = (kinds.REST_LISTED if self._state.is_rest else kinds.LISTED)[what]
        rows = enumerate(lists.nodes_in(what, listed.body, is_rest=self._state.is_rest))
        kept = [position for position, node in rows if node and not self._is_wanted(what, node)]
        about = ",".join(map(str, kept))
        return self._staging.write_page(
            name, github_pages.encode(kind, listed.fetched_at, listed.raw, about=about, next=listed.next)
        )

    def note(self, what: str, page: Page) -> Noted:
        """What a page holds, taken into account."""
        content = github_pages.decode(page.read())
        body = msgspec.json.decode(content.answer)
        found = lists.nodes_in(what, body, is_rest=self._state.is_rest)
        answered_at = self._state.at + (content.fetched_at - self._state.fetched_at)  # on the provider's clock
        self._shas |= lists.shas_in(what, found)
        is_known = True
        for node in filter(None, found):
            is_known &= self._is_known(what, node)
            self._note(what, node, answered_at)
        if not self._state.is_rest and what != OPEN:
            total = lists.total_in(what, body)
            least, most = self._totals[what]
            self._totals[what] = min(least, total), max(most, total)
        kept = set(map(int, content.about.split(","))) if content.about else set()
        wanted = [node for position, node in enumerate(found) if node and position not in kept]
        return Noted(found, wanted, content.next, is_known=is_known)

    def end(self, what: str) -> None:
        """Note that a list was read to its end."""
        self._ended.add(what)

    def is_far_enough(self, noted: Noted) -> bool:
        """Whether no more deployments need to be listed after this page."""
        if self._window:
            since = self._window.since
            return all(lists.created_at(node) < since for node in noted.rows if node)
        if self._state.is_whole or self._state.is_rest:
            return False
        return noted.is_known and len(self._seen[DEPLOYMENTS]) >= NEWEST

    def open_before(self) -> dict[str, str]:
        """Deployments that were unfinished and have not been listed now, with their node ids."""
        if self._state.is_whole or self._state.is_rest or DEPLOYMENTS in self._ended:
            return {}
        seen = self._seen[DEPLOYMENTS]
        return {number: one.id for number, one in self._before.open.items() if one.id and number not in seen}

    def note_gone(self, number: str) -> None:
        """Note that a deployment is not there any more."""
        self._gone.append(number)

    def kept(self, name: str, abouts: set[str]) -> Iterator[Page]:
        """The staged pages of what a page of a list leaves out, and of what they tell all.

        What was asked for last may not be whole, unless the earlier attempt went on after it: that is dropped.
        """
        names = sorted(one for one in self._pages if one.startswith(f"{name}-more-"))
        contents = [github_pages.decode(self._pages[one].read()) for one in names]
        is_followed = any(one > f"{name}-more-~" for one in self._pages)
        for one, content in zip(names, contents, strict=True):
            if is_followed or content.about != contents[-1].about:
                abouts.add(content.about)
                yield self._pages[one]
            else:
                self._staging.discard(f"pages/{one}")
        if is_followed:
            abouts.add("")

    def add_rest(self, name: str, number: int, kind: str, about: str, answer: Answer) -> Page:
        """Stage a page of what a page of a list leaves out."""
        content = github_pages.encode(kind, observed_at(), answer.raw, about=about)
        return self._staging.write_page(f"{name}-more-{number:05d}", content)

    def gone(self) -> GoneOnes:
        """What the last run has seen and this one has not, where it looked."""
        found = {what: self._gone_of(what) for what in self._seen}
        return GoneOnes(deployments=[*found[DEPLOYMENTS], *self._gone], tags=found[TAGS], releases=found[RELEASES])

    def cursor(self, off: Iterable[str]) -> DeliveryCursor:
        """What the next run goes on from; `off` are lists that the repository does not have."""
        newest = list(self._seen[DEPLOYMENTS].items())
        totals = self._totals
        if RELEASES in totals:  # drafts may be counted for readers who may not see them
            least, most = totals[RELEASES]
            totals = totals | {RELEASES: (min(least, len(self._seen[RELEASES])), most)}
        return DeliveryCursor(
            is_rest=self._state.is_rest,
            deployments=dict(newest if self._state.is_rest else newest[:NEWEST]),
            open=self._open,
            tags=self._seen[TAGS],
            releases=self._seen[RELEASES],
            totals=totals,
            off=sorted(off),
        )

    def _is_wanted(self, what: str, node: Node) -> bool:
        if self._window:
            return (what != TAGS or self._takes_tags) and lists.is_within(what, node, self._window)
        if self._state.is_whole:
            return True
        number, digest = lists.key(what, node), lists.digest(what, node, self._shas)
        if what == OPEN:
            return self._before.open[number].digest != digest
        return self._known(what).get(number) != digest

    def _known(self, what: str) -> Mapping[str, str]:
        found: Digests = getattr(self._before, what)
        return found

    def _is_known(self, what: str, node: Node) -> bool:
        return what == OPEN or lists.key(what, node) in self._known(what)

    def _note(self, what: str, node: Node, answered_at: datetime) -> None:
        number, digest = lists.key(what, node), lists.digest(what, node, self._shas)
        updated_at = lists.updated_at(node)
        if updated_at and updated_at > answered_at - SETTLED:
            self.is_unsettled = True
            digest = "" if self._state.is_rest else digest  # there it may change without another time
        if what != OPEN:
            seen = self._seen[what]
            is_shown = len(seen) < SHOWN
            seen.setdefault(number, digest)
        else:
            is_shown = False
        is_unfinished = what in {DEPLOYMENTS, OPEN} and lists.is_unfinished(node)
        if is_unfinished and lists.created_at(node) > answered_at - PATIENCE:
            self._open[number] = OpenDeployment(node["id"], digest)
            self.is_unsettled |= not is_shown

    def _gone_of(self, what: str) -> list[str]:
        """Deployments keep their order: of those that are older than what was listed nothing is known."""
        seen, known = self._seen[what], list(self._known(what))
        if what not in self._ended:
            known = known[: max((place for place, number in enumerate(known) if number in seen), default=0)]
        return [number for number in known if number not in seen]
