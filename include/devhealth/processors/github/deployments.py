"""Target `deployments`: pages of `devhealth.models.github_deployments_pages` as records."""

from collections.abc import Iterable, Iterator

import msgspec

from devhealth.models import github_deployments_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_deployments_pages import (
    DEPLOYMENTS,
    RELEASES,
    TAGS,
    DeliveryCursor,
    DeliveryState,
    GoneOnes,
)
from devhealth.models.unit import Unit
from devhealth.processors.github.delivery_records import DeliveryRecords
from devhealth.processors.github.gathered_deliveries import Gathering
from devhealth.processors.github.people import People
from devhealth.processors.github.staged import Batch, everything, looked_at, opened, target_row
from devhealth.staging import Page

EVIDENCE = "repository_targets"

_LISTED_AS = {
    "deployment_statuses": DEPLOYMENTS,
    "deployments": DEPLOYMENTS,
    "tags": TAGS,
    "releases": RELEASES,
}
"""Each table, and the list its rows are read from."""
_TABLES = tuple(_LISTED_AS)


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """The rows of each page of a list once what it leaves out is read too; then what is gone.

    That is everything a run that listed everything has not met, else what its connector says.
    """
    state, remaining = opened(pages, unit, DeliveryState)
    people = People(unit, state.host)
    gathering = Gathering(unit.name, DeliveryRecords(unit, people))
    gone, is_complete, is_written, tables = GoneOnes(), False, False, _TABLES
    for page in remaining:
        is_complete = page.name == github_pages.CURSOR
        if is_complete:
            off = msgspec.json.decode(page.read(), type=DeliveryCursor).off
            tables = tuple(name for name in _TABLES if _LISTED_AS[name] not in off)
        elif page.name == kinds.GONE:
            gone = msgspec.json.decode(page.read(), type=GoneOnes)
        elif rows := gathering.read(page):
            is_written = True
            yield [*people.accounts(), *rows]
    rows = gathering.rest()
    yield [*people.accounts(), *rows]
    if is_complete:
        ended = everything(unit, tables, state.fetched_at) if state.is_whole else _gone(unit, state, gone)
        yield ended
        if is_written or rows or ended:
            yield [target_row(unit, state.fetched_at, state.totals.get(DEPLOYMENTS))]


def _gone(unit: Unit, state: DeliveryState, gone: GoneOnes) -> Batch:
    return [
        snapshot
        for tables, column, keys in (
            (("deployment_statuses", "deployments"), "deployment_id", gone.deployments),
            (("tags",), "name", gone.tags),
            (("releases",), "release_id", gone.releases),
        )
        for snapshot in looked_at(unit, tables, column, [(key, state.fetched_at) for key in keys])
    ]
