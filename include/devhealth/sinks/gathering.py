"""Many small writes as few large ones: a store takes about as long for ten rows as for thousands."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from devhealth.models.table import R, Record, Snapshot
from devhealth.sinks import Sink
from devhealth.sinks.changes import Days, OnChange

WORTH_A_WRITE = 20_000
"""Rows that are written without waiting for more."""

_OF_REPOSITORY = attrgetter("org_id", "repo_id")


class GatheringSink:
    """Holds back what it is given until `flush`, or until it is worth a write. Only what was flushed is stored."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self.session = sink, sink.session
        self._waiting: list[Record] = []
        self._listeners: dict[tuple[str, str], OnChange] = {}

    @property
    def is_full(self) -> bool:
        """Whether what waits is worth a write."""
        return len(self._waiting) >= WORTH_A_WRITE

    async def write_batch(self, records: list[Record], session: Any, on_change: OnChange | None = None) -> int:
        """Take the records, of any types; the count given."""
        self._waiting += records
        if on_change:
            of_them = set(map(_OF_REPOSITORY, (record for record in records if hasattr(record, "repo_id"))))
            self._listeners.update(dict.fromkeys(of_them, on_change))
        if self.is_full:
            await self.flush(session)
        return len(records)

    async def read(self, kind: type[R], org_ids: Sequence[str], session: Any) -> list[R]:
        """As the sink behind it does, after everything taken before."""
        await self.flush(session)
        return await self._sink.read(kind, org_ids, session)

    @property
    def overtaken_by(self) -> datetime | None:
        """As the sink behind it says, of what was flushed."""
        return self._sink.overtaken_by

    async def newest(self, org_id: str, session: Any) -> datetime | None:
        """As the sink behind it does, after everything taken before."""
        await self.flush(session)
        return await self._sink.newest(org_id, session)

    async def retire(self, snapshot: Snapshot, session: Any, on_change: OnChange | None = None) -> None:
        """As the sink behind it does, after everything taken before."""
        await self.flush(session)
        await self._sink.retire(snapshot, session, on_change)

    async def flush(self, session: Any) -> None:
        """Store what was taken. What could not be stored is forgotten: whoever gave it gives it again.

        Of several that gave records of one repository, the last one hears of the days of all of them.
        """
        waiting, self._waiting = self._waiting, []
        listeners, self._listeners = self._listeners, {}

        def on_change(days: Days) -> None:
            for repository, of_it in days.items():
                listeners[repository]({repository: of_it})

        if waiting:
            await self._sink.write_batch(waiting, session, on_change if listeners else None)
