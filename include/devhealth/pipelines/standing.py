"""How far each target is stored, read in a few queries whatever the number of repositories."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Engine

from devhealth.pipelines import providers
from devhealth.semantic import sync_runs, watermarks
from devhealth.semantic.watermarks import Watermark
from devhealth.settings import Settings
from devhealth.warehouse import connection

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stand:
    """What a run of one target may go on from."""

    watermark: Watermark | None
    """None before its first success."""
    cursor: bytes | None
    """None when everything must be read: nothing is stored yet, or what the cursor stands for is gone."""
    is_stock_due: bool
    """Whether a backfill has ended since: it may have seen a branch that is gone, and the cursor does not know it."""


class Standing:
    """The targets of one organisation's repositories."""

    def __init__(self, settings: Settings, engine: Engine, org_id: str, provider: str, repo_ids: Iterable[str]) -> None:
        self._settings, self._org_id, self._provider = settings, org_id, provider
        self._watermarks = watermarks.read_all(engine, org_id, sorted({repo_id for repo_id in repo_ids if repo_id}))
        self._backfills: dict[tuple[str, str], datetime] = sync_runs.last_backfills(engine, org_id)
        self._stored: dict[tuple[str, str], set[str]] = {}

    def of(self, repo_id: str, target: str) -> Stand:
        """How far one target of a repository is stored."""
        stood = self._watermarks.get((repo_id, target))
        if stood is None or not stood.cursor:
            return Stand(stood, None, is_stock_due=False)
        if not self._is_stored(repo_id, target):
            _LOG.warning("%s of repository %s is gone from the warehouse: it is fetched anew", target, repo_id)
            return Stand(stood, None, is_stock_due=False)
        last = self._backfills.get((repo_id, target))
        stood_at = min(stood.at, datetime.now(UTC))  # a clock that ran ahead hides no backfill
        return Stand(stood, stood.cursor.encode(), is_stock_due=last is not None and last >= stood_at)

    def _is_stored(self, repo_id: str, target: str) -> bool:
        if self._settings.sink == "sql":
            return True
        evidence = providers.processor(self._provider, target).EVIDENCE
        key = (evidence, target if evidence == providers.BY_TARGET else "")
        if key not in self._stored:
            self._stored[key] = self._repositories_in(*key)
        return repo_id in self._stored[key]

    def _repositories_in(self, table: str, target: str) -> set[str]:
        """Repositories of the organisation that a record table has any row of."""
        query = f"select distinct repo_id from {table} where org_id = %(org_id)s"  # noqa: S608 - our own name
        if target:
            query += " and target = %(target)s"
        with connection.connected(self._settings) as client:
            if not client.execute(f"exists table {table}")[0][0]:
                return set()
            rows = client.execute(query, {"org_id": self._org_id, "target": target})
            return {repo_id for (repo_id,) in rows}
