"""The staged pages of a unit of target `prs`, and what they add up to for the cursor."""

import hashlib
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from devhealth.connectors.github import pull_request_state as states
from devhealth.connectors.github.answer import Answer
from devhealth.connectors.github.whole_pull_requests import is_cut_short
from devhealth.models import github_pages
from devhealth.models import github_prs_pages as kinds
from devhealth.models.github_prs_pages import OVERLAP, SETTLED, PullRequestsCursor, PullRequestsState
from devhealth.staging import Page, UnitStaging

Nodes = dict[int, Mapping[str, Any] | None]
"""Pull requests by number as they were answered; None for one that is gone."""

_NOTHING = b"null"


class Staged:
    """Writes pages and reads back those of an earlier attempt."""

    def __init__(self, staging: UnitStaging, state: PullRequestsState, cursor: PullRequestsCursor | None) -> None:
        self._staging, self._state = staging, state
        self._pages = {page.name: page for page in staging.pages()}
        self._last: dict[str, int] = {}
        self._open = dict(state.open)
        self._recent = dict(state.recent)
        self._most = state.most
        self._before = cursor.unsettled if cursor else {}
        self._unsettled: dict[int, str] = {}

    def page(self, name: str) -> Page | None:
        """A page of an earlier attempt."""
        return self._pages.get(name)

    def is_followed(self, group: str) -> bool:
        """Whether an earlier attempt went on to what comes after a group: the group is whole then."""
        return any(name > f"{group}-more-~" for name in self._pages)

    def add_names(self, group: str, fetched_at: datetime, answer: Answer) -> Page:
        """Stage a page of names."""
        kind = kinds.REST_NAMES if self._state.is_rest else kinds.NAMES
        return self._staging.write_page(group, github_pages.encode(kind, fetched_at, answer.raw, next=answer.next))

    def read_names(self, page: Page) -> tuple[dict[int, str], str]:
        """Numbers and node ids of a page of names, and where the next one starts; empty after the last."""
        content = github_pages.decode(page.read())
        body = msgspec.json.decode(content.answer)
        if not self._state.is_rest:
            listed = body["data"]["repository"]["pullRequests"]
            self._most = max(self._most or 0, listed["totalCount"])
            body = listed["nodes"]
        return {one.number: one.id for one in states.names_in(body)}, content.next

    def kept(self, group: str) -> Generator[Page, None, Nodes]:
        """The staged pages of a group that need not be fetched again, and what they hold.

        Of the group that was fetched last it is not known whether what it ends with is whole: that is dropped.
        """
        names = sorted(name for name in self._pages if name.startswith(f"{group}-more-"))
        contents = [github_pages.decode(self._pages[name].read()) for name in names]
        kept = len(names) if self.is_followed(group) else _whole([content.kind for content in contents])
        self._staging.discard(*(f"pages/{name}" for name in names[kept:]))
        self._last[group] = kept
        done: Nodes = {}
        for name, content in zip(names[:kept], contents, strict=False):
            done |= self._note(content)
            yield self._pages[name]
        return done

    def add(
        self, group: str, kind: str, fetched_at: datetime, answer: Answer | None, numbers: Sequence[int] = ()
    ) -> Page:
        """Stage one more page of a group."""
        raw = answer.raw if answer else _NOTHING
        nodes = answer.data["nodes"] if answer and kind == kinds.WHOLE else [None] * len(numbers)
        each = zip(numbers, nodes, strict=True)
        about = ",".join(
            f"={number}" if is_unchanged(self._before.get(number, ""), node) else str(number) for number, node in each
        )
        number = self._last[group] = self._last.get(group, 0) + 1
        content = github_pages.encode(kind, fetched_at, raw, about=about)
        self._note(github_pages.decode(content))
        return self._staging.write_page(f"{group}-more-{number:05d}", content)

    def cursor(self) -> PullRequestsCursor:
        """What the next run goes on from."""
        state = self._state
        totals = {} if state.total is None else {"pull_requests": (state.total, max(self._most or 0, state.total))}
        return PullRequestsCursor(
            until=state.at, open=self._open, recent=self._recent, unsettled=self._unsettled, totals=totals
        )

    @property
    def is_unsettled(self) -> bool:
        """Whether something was updated so shortly before it was read that it may change without a sign."""
        return bool(self._unsettled)

    def _note(self, page: github_pages.Page) -> Nodes:
        """The pull requests of a page, taken into account."""
        if page.kind not in {kinds.WHOLE, kinds.REST_PULL, kinds.REST_GONE}:
            return {}
        body = msgspec.json.decode(page.answer)
        nodes = body["data"]["nodes"] if page.kind == kinds.WHOLE else [body]
        found: Nodes = dict(zip((int(text.lstrip("=")) for text in page.about.split(",")), nodes, strict=True))
        answered_at = self._state.at + (page.fetched_at - self._state.fetched_at)  # on the provider's clock
        for number, node in found.items():
            if node is None or node["state"].lower() != "open":
                self._open.pop(number, None)
            else:
                self._open[number] = node["id"] if page.kind == kinds.WHOLE else ""
            if node is not None:
                self._note_time(number, node, answered_at)
        return found

    def _note_time(self, number: int, node: Mapping[str, Any], answered_at: datetime) -> None:
        updated_at = states.updated_at(node)
        if updated_at > answered_at - SETTLED:
            self._unsettled[number] = "" if self._state.is_rest or is_cut_short(node) else _digest(node)
        elif updated_at >= self._state.at - OVERLAP:
            self._recent[number] = updated_at


def is_unchanged(before: str, node: Mapping[str, Any] | None) -> bool:
    """Whether a pull request is as it was when this digest of it was taken; empty for none."""
    return bool(before and node and not is_cut_short(node) and before == _digest(node))


def _digest(node: Mapping[str, Any]) -> str:
    return hashlib.blake2b(msgspec.json.encode(node), digest_size=16).hexdigest()


def _whole(found: Sequence[str]) -> int:
    """How many pages, of these kinds, hold whole pull requests for sure, or are followed by what makes them whole."""
    if kinds.WHOLE in found:
        return sum(kind == kinds.WHOLE for kind in found)
    if not found or found[-1] == kinds.REST_GONE:
        return len(found)
    return max(position for position, kind in enumerate(found) if kind == kinds.REST_PULL)
