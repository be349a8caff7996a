"""Everything stored goes through a sink: ClickHouse, one SQL database (PostgreSQL or SQLite), or both.

What a sink holds afterwards does not depend on how often or in which order batches and snapshots came.
"""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from devhealth.models.table import R, Record, Snapshot
from devhealth.settings import Settings
from devhealth.sinks.changes import OnChange


class Sink(Protocol):
    """Where records go."""

    session: Any
    """What `write_batch` and `retire` are given back: a connection, opened and closed by `open_sink`."""

    @property
    def overtaken_by(self) -> datetime | None:
        """The newest snapshot met that is newer than what was written or retired."""
        ...

    async def write_batch(self, records: list[Record], session: Any, on_change: OnChange | None = None) -> int:
        """Store the records, of any types; the count of those written."""
        ...

    async def read(self, kind: type[R], org_ids: Sequence[str], session: Any) -> list[R]:
        """What is held of a small table of some organisations: the newest row of each key."""
        ...

    async def newest(self, org_id: str, session: Any) -> datetime | None:
        """The greatest version of any record or snapshot of an organisation; None when there is none."""
        ...

    async def retire(self, snapshot: Snapshot, session: Any, on_change: OnChange | None = None) -> None:
        """Mark the rows older than a snapshot, of those it speaks of, as gone."""
        ...


@contextlib.contextmanager
def open_sink(settings: Settings) -> Iterator[Sink]:
    """The sink the settings ask for, its tables brought up to date."""
    with contextlib.ExitStack() as stack:
        sinks: list[Sink] = []
        if settings.sink in {"clickhouse", "both"}:
            from devhealth.sinks.clickhouse import open_clickhouse_sink  # noqa: PLC0415 -- only the drivers in use

            sinks.append(stack.enter_context(open_clickhouse_sink(settings)))
        if settings.sink in {"sql", "both"}:
            from devhealth.sinks.sql import open_sql_sink  # noqa: PLC0415 -- only the drivers in use

            sinks.append(stack.enter_context(open_sql_sink(settings)))
        yield sinks[0] if len(sinks) == 1 else TwoSinks(*sinks)


class TwoSinks:
    """A primary sink and a secondary one that receives the same after it; answers are the primary's."""

    def __init__(self, primary: Sink, secondary: Sink) -> None:
        self._primary, self._secondary = primary, secondary
        self.session = (primary.session, secondary.session)

    async def write_batch(
        self, records: list[Record], session: tuple[Any, Any], on_change: OnChange | None = None
    ) -> int:
        """Store the records in both."""
        count = await self._primary.write_batch(records, session[0], on_change)
        await self._secondary.write_batch(records, session[1])
        return count

    async def read(self, kind: type[R], org_ids: Sequence[str], session: tuple[Any, Any]) -> list[R]:
        """What the primary holds."""
        return await self._primary.read(kind, org_ids, session[0])

    @property
    def overtaken_by(self) -> datetime | None:
        """By what the primary was overtaken."""
        return self._primary.overtaken_by

    async def newest(self, org_id: str, session: tuple[Any, Any]) -> datetime | None:
        """The greatest version in either."""
        found = [await self._primary.newest(org_id, session[0]), await self._secondary.newest(org_id, session[1])]
        return max((one for one in found if one), default=None)

    async def retire(self, snapshot: Snapshot, session: tuple[Any, Any], on_change: OnChange | None = None) -> None:
        """Retire in both."""
        await self._primary.retire(snapshot, session[0], on_change)
        await self._secondary.retire(snapshot, session[1])
