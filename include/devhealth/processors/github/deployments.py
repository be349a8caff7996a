"""Target `deployments`: pages of `devhealth.models.github_deployments_pages` as records."""

from collections.abc import Iterable, Iterator

import msgspec

from devhealth.errors import RecordError
from devhealth.models import github_deployments_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_deployments_pages import DEPLOYMENTS, DeliveryState, GoneOnes
from devhealth.models.repository_targets import RepositoryTarget
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.processors.github.delivery_records import DeliveryRecords
from devhealth.processors.github.gathered_deliveries import Gathering
from devhealth.processors.github.people import People
from devhealth.staging import Page

EVIDENCE = "repository_targets"

LOT = 1_000
"""Things that one snapshot speaks of."""

Batch = list[Record | Snapshot]


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """The rows of each page of a list once what it leaves out is read too; then what is gone.

    That is everything a run that listed everything has not met, else what its connector says.
    """
    remaining = iter(pages)
    first = next(remaining, None)
    if first is None or first.name != github_pages.STATE:
        got = first.name if first else "no page"
        raise RecordError(f"{unit.name}: expected page {github_pages.STATE} first, got {got}. Sync again.")
    state = msgspec.json.decode(first.read(), type=DeliveryState)
    people = People(unit, state.host)
    gathering = Gathering(unit.name, DeliveryRecords(unit, people))
    gone, is_complete, is_written = GoneOnes(), False, False
    for page in remaining:
        is_complete = page.name == github_pages.CURSOR
        if page.name == kinds.GONE:
            gone = msgspec.json.decode(page.read(), type=GoneOnes)
        elif not is_complete and (rows := gathering.read(page)):
            is_written = True
            yield [*people.accounts(), *rows]
    rows = gathering.rest()
    yield [*people.accounts(), *rows]
    if is_complete:
        ended = _everything(unit, state) if state.is_whole else _gone(unit, state, gone)
        yield ended
        if is_written or rows or ended:
            yield [_target(unit, state)]


def _everything(unit: Unit, state: DeliveryState) -> Batch:
    return [
        Snapshot(table=table, org_id=unit.org_id, repo_id=unit.repo_id, version=state.fetched_at)
        for table in ("deployment_statuses", "deployments", "tags", "releases")
    ]


def _gone(unit: Unit, state: DeliveryState, gone: GoneOnes) -> Batch:
    return [
        Snapshot(
            table=table,
            org_id=unit.org_id,
            repo_id=unit.repo_id,
            version=state.fetched_at,
            column=column,
            values=tuple(keys[first : first + LOT]),
        )
        for table, column, keys in (
            ("deployment_statuses", "deployment_id", gone.deployments),
            ("deployments", "deployment_id", gone.deployments),
            ("tags", "name", gone.tags),
            ("releases", "release_id", gone.releases),
        )
        for first in range(0, len(keys), LOT)
    ]


def _target(unit: Unit, state: DeliveryState) -> RepositoryTarget:
    return RepositoryTarget(
        org_id=unit.org_id,
        repo_id=unit.repo_id,
        target=unit.target,
        items_count=state.totals.get(DEPLOYMENTS),
        fetched_at=state.fetched_at,
    )
