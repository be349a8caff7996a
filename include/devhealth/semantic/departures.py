"""Repositories that are not at their provider any more: what is stored of them stays, and they may come back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Engine

from devhealth.relational import reading, writing
from devhealth.semantic.tables import repositories, sync_runs

_AT_ONCE = 500


def of_organization(engine: Engine, org_id: str) -> dict[str, datetime]:
    """Since when each repository is gone, of those that are."""
    table = repositories.c
    query = select(table.repo_id, table.gone_since).where(table.org_id == org_id, table.gone_since.is_not(None))
    with reading(engine) as connection:
        return {row.repo_id: row.gone_since for row in connection.execute(query)}


def note(engine: Engine, org_id: str, repo_ids: Collection[str], since: datetime | None) -> None:
    """Say of these repositories that they are gone since then; None: they are there."""
    table, waiting = repositories.c, sorted(repo_ids)
    for start in range(0, len(waiting), _AT_ONCE):
        some = table.repo_id.in_(waiting[start : start + _AT_ONCE])
        with writing(engine) as connection:
            connection.execute(update(repositories).where(table.org_id == org_id, some).values(gone_since=since))


def read_by(engine: Engine, org_id: str, provider: str, configuration: str) -> dict[str, str]:
    """The repositories that syncs of a configuration have read and that are not known to be gone: id and name."""
    run, named = sync_runs.c, repositories.c
    query = (
        select(named.repo_id, named.name)
        .join(sync_runs, (run.org_id == named.org_id) & (run.repo_id == named.repo_id))
        .where(named.org_id == org_id, named.gone_since.is_(None))
        .where(run.provider == provider, run.configuration == configuration)
        .distinct()
    )
    with reading(engine) as connection:
        return {row.repo_id: row.name for row in connection.execute(query)}
