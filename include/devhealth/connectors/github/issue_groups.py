"""The staged pages of a unit of target `work-items`: lists, each page followed by the details of what is taken."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from devhealth.connectors.github.issue_details import Details
from devhealth.connectors.github.issue_ledger import Ledger, Row
from devhealth.models import github_issue_pages as kinds
from devhealth.models import github_pages
from devhealth.staging import Page, UnitStaging


class Groups:
    """Writes pages, and reads those of an earlier attempt instead of fetching them again."""

    def __init__(self, staging: UnitStaging, details: Details, ledger: Ledger) -> None:
        self._staging, self._details, self._ledger = staging, details, ledger
        self._pages = {page.name: page for page in staging.pages()}

    def page(self, name: str) -> Page | None:
        """A page of an earlier attempt."""
        return self._pages.get(name)

    def add(
        self,
        name: str,
        kind: str,
        fetched_at: datetime,
        answer: bytes | msgspec.Raw,
        *,
        about: str = "",
        following: str = "",
    ) -> Page:
        """Stage a page."""
        return self._staging.write_page(
            name, github_pages.encode(kind, fetched_at, answer, about=about, next=following)
        )

    def details(self, group: str, taken: Sequence[Row], listed_at: datetime) -> Iterator[Page]:
        """What belongs to the issues that are taken from a page of a list, which was asked for at that time."""
        rows = {row["number"]: row for row in taken}
        read = _Read(rows)
        kept = self._kept(group)
        for page in kept:
            read.add(github_pages.decode(page.read()))
            yield page
        wanted = {number: row.get("node_id") or "" for number, row in rows.items() if number not in read.done}
        nodes = [node for node in read.nodes.values() if node]
        is_whole = any(name > f"{group}-more-~" for name in self._pages)
        for kind, fetched_at, answer, numbers in self._details.fetch(wanted, [] if is_whole else nodes):
            following = answer.next if answer and kind == kinds.TIMELINE else ""
            raw = answer.raw if answer else msgspec.json.encode({"id": rows[numbers[0]]["id"]})
            content = github_pages.Page(
                kind=kind,
                fetched_at=fetched_at,
                answer=msgspec.Raw(raw),
                about=",".join(map(str, numbers)),
                next=following,
            )
            read.add(content)
            stored = {n for n in numbers if (one := read.of(n)) is not None and self._ledger.is_stored(rows[n], one)}
            about = ",".join(f"={number}" if number in stored else str(number) for number in numbers)
            kept.append(
                self.add(f"{group}-more-{len(kept) + 1:05d}", kind, fetched_at, raw, about=about, following=following)
            )
            yield kept[-1]
        for number, row in rows.items():
            self._ledger.note(row, read.of(number), listed_at, read.read_at.get(number, listed_at))

    def _kept(self, group: str) -> list[Page]:
        """The staged pages of a group that need not be fetched again.

        Of the group that was fetched last it is not known whether what it ends with is whole: that is dropped.
        """
        names = sorted(name for name in self._pages if name.startswith(f"{group}-more-"))
        if any(name > f"{group}-more-~" for name in self._pages):
            return [self._pages[name] for name in names]
        contents = [github_pages.decode(self._pages[name].read()) for name in names]
        count = next((place for place, one in enumerate(contents) if one.kind == kinds.MORE), len(names))
        while count and contents[count - 1].next:
            count -= 1
        self._staging.discard(*(f"pages/{name}" for name in names[count:]))
        return [self._pages[name] for name in names[:count]]


class _Read:
    """What is read of the issues of one group."""

    def __init__(self, rows: dict[int, Row]) -> None:
        self._rows = rows
        self.nodes: dict[int, Any] = {}
        self.read_at: dict[int, datetime] = {}
        self._timelines: dict[int, list[Any]] = {}
        self._is_open: set[int] = set()

    @property
    def done(self) -> set[int]:
        """Numbers of which nothing but the rest of long lists is still to come."""
        return self.nodes.keys() | self._timelines.keys() - self._is_open

    def add(self, page: github_pages.Page) -> None:
        """One more page."""
        if page.kind == kinds.MORE:
            return
        numbers = [int(text.lstrip("=")) for text in page.about.split(",")]
        self.read_at |= dict.fromkeys(numbers, page.fetched_at)
        body = msgspec.json.decode(page.answer)
        if page.kind == kinds.DETAILS:
            self.nodes |= dict(zip(numbers, body["data"]["nodes"], strict=True))
        elif page.kind == kinds.GONE:
            self.nodes[numbers[0]] = None
            self._timelines.pop(numbers[0], None)
        else:
            self._timelines.setdefault(numbers[0], []).append(body)
            (self._is_open.add if page.next else self._is_open.discard)(numbers[0])

    def of(self, number: int) -> Any:
        """The details of an issue; None for one that is gone, or whose timeline goes on."""
        if number in self._timelines:
            return None if number in self._is_open else self._timelines[number]
        return self.nodes.get(number)
