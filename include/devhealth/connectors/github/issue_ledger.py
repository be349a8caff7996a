"""What a unit of target `work-items` has seen so far, and what that adds up to for the cursor."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from devhealth.connectors.github.issue_details import LISTS
from devhealth.connectors.github.issue_projects import second_of
from devhealth.connectors.github.paging import cut_short
from devhealth.models.github_issue_pages import OVERLAP, SETTLED, IssuesCursor, IssuesState, Project
from devhealth.transport.decoding import moment

Row = Mapping[str, Any]
"""An issue as REST lists it."""
Details = Mapping[str, Any] | Sequence[Any]
"""What belongs to it: the node of GraphQL, or the pages of its timeline."""


class Ledger:
    """Takes note of each issue; knows which of them the last run has stored as they are."""

    def __init__(self, state: IssuesState, cursor: IssuesCursor | None) -> None:
        self._state, self._cursor = state, cursor
        self._before = cursor.unsettled if cursor else {}
        self.open = dict(cursor.open) if cursor else {}
        self._recent: dict[int, datetime] = {}
        self._unsettled: dict[int, str] = {}
        self._newest = cursor.newest if cursor else 0
        self._new: dict[int, datetime] = {}
        self._gone: set[int] = set()
        self._vanished = 0
        self._times = dict(state.projects or {})
        known = cursor.projects if cursor else {}
        self._items = {project: dict(known[project].items) if project in known else {} for project in self._times}

    @property
    def again(self) -> set[int]:
        """Numbers that are to be read whatever their time of update says."""
        return {*self._state.moved, *self._before}

    def forget(self) -> None:
        """Everything is read from now on: nothing is taken for stored."""
        self._before = {}

    def knows(self, row: Row) -> bool:
        """Whether the last run has seen this issue as it is; takes note of it then."""
        number, updated_at = row["number"], _time(row["updated_at"])
        if self._cursor is None or self._cursor.recent.get(number) != updated_at or number in self.again:
            return False
        if updated_at >= self._state.at - OVERLAP:
            self._recent[number] = updated_at
        return True

    def is_stored(self, row: Row, details: Details) -> bool:
        """Whether an issue that may have changed without a sign is as it was."""
        before = self._before.get(row["number"])
        return bool(before) and before == _digest(row, details)

    def note(self, row: Row, details: Details | None, listed_at: datetime, read_at: datetime) -> None:
        """An issue that is stored now, with our times of its row and its details; without them it is gone since."""
        number, updated_at = row["number"], _time(row["updated_at"])
        if details is None:
            self._vanished += 1
            self.note_gone(number)
            return
        self._new.setdefault(number, _time(row["created_at"]))
        self._newest = max(self._newest, number)
        self.open.pop(number, None)
        if row["state"] == "open":
            self.open[number] = row["id"]
        moves_unseen = self._note_items(number, details, read_at)
        self._recent.pop(number, None)
        self._unsettled.pop(number, None)
        if moves_unseen or updated_at > self._answered_at(listed_at) - SETTLED:
            self._unsettled[number] = _digest(row, details)
        elif updated_at >= self._state.at - OVERLAP:
            self._recent[number] = updated_at

    def note_gone(self, number: int) -> None:
        """An issue that is not there any more."""
        self._gone.add(number)
        self.open.pop(number, None)
        for items in self._items.values():
            items.pop(number, None)

    def lacks_some(self) -> bool:
        """Whether the provider has fewer issues than are stored: a closed one is gone, and nobody knows which."""
        if self._cursor is None or self._state.total is None or "work_items" not in self._cursor.totals:
            return False
        born = sum(n > self._cursor.newest and not self._is_late(n) for n in self._new)
        gone = sum(n <= self._cursor.newest for n in self._gone)
        return self._state.total < self._cursor.totals["work_items"][0] + born - gone

    @property
    def is_unsettled(self) -> bool:
        """Whether something may change without a sign."""
        return bool(self._unsettled) or any(not at for at in self._times.values())

    def cursor(self) -> IssuesCursor:
        """What the next run goes on from."""
        total = self._state.total
        late = sum(map(self._is_late, self._new))
        totals = {} if total is None else {"work_items": (total - self._vanished, total + late)}
        projects = {one: Project(self._times[one], items) for one, items in self._items.items()}
        return IssuesCursor(
            until=self._state.at,
            open=self.open,
            recent=self._recent,
            unsettled=self._unsettled,
            projects=projects,
            newest=self._newest,
            totals=totals,
        )

    def _note_items(self, number: int, details: Details, read_at: datetime) -> bool:
        """Where it stands in projects; whether that may change without a sign."""
        for items in self._items.values():
            items.pop(number, None)
        held = details.get("projectItems") if isinstance(details, Mapping) else None
        settled, is_unsettled = self._answered_at(read_at) - SETTLED, False
        for item in held["nodes"] if held else ():
            project = item and item.get("project")
            if not project or item["isArchived"]:
                continue
            self._times.setdefault(project["id"], "")  # it is not linked: looked at from the next run on
            is_settled = _time(item["updatedAt"]) <= settled
            self._items.setdefault(project["id"], {})[number] = second_of(item["updatedAt"]) if is_settled else 0
            is_unsettled |= not is_settled
        return is_unsettled

    def _answered_at(self, fetched_at: datetime) -> datetime:
        """Our time on the provider's clock."""
        return self._state.at + (fetched_at - self._state.fetched_at)

    def _is_late(self, number: int) -> bool:
        """Whether an issue may have been made after they were counted; one that was transferred here is older."""
        return number > self._state.newest and self._new[number] >= self._state.at.replace(microsecond=0)


def _digest(row: Row, details: Details) -> str:
    """Empty for what is not held whole."""
    if isinstance(details, Mapping) and any(cut_short([details], name) for name in LISTS):
        return ""
    return hashlib.blake2b(msgspec.json.encode([row, details]), digest_size=16).hexdigest()


def _time(text: str) -> datetime:
    return moment(text)
