"""Target `incidents`: pages of `devhealth.models.github_incidents_pages` as records.

An incident is open from when its issue was opened, whenever it got its label, and resolved when the issue was closed.
"""

from collections.abc import Iterable, Iterator

import msgspec

from devhealth.models import github_incidents_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_incidents_pages import IncidentsCursor, IncidentsState
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.models.work_items import Incident
from devhealth.processors.github.issue_records import names_of
from devhealth.processors.github.issue_rules import severity_of
from devhealth.processors.github.issue_shapes import Issue
from devhealth.processors.github.staged import Batch, everything, looked_at, opened, switched_off, target_row
from devhealth.staging import Page
from devhealth.transport.decoding import decode

EVIDENCE = "repository_targets"


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """The incidents that are not stored as they are; of a backfill those opened or resolved in its window.

    Snapshots come last: of what is no incident any more.
    """
    pages = list(pages)
    if off := switched_off(pages, unit):
        yield off
        return
    state, remaining = opened(pages, unit, IncidentsState)
    count = 0
    for page in remaining:
        content = page.read()
        if page.name == github_pages.CURSOR:
            if unit.mode != "backfill":
                yield _end(unit, state, msgspec.json.decode(content, type=IncidentsCursor), count)
            return
        batch = list(_incidents(github_pages.decode(content), state, unit))
        count += len(batch)
        yield batch


def _incidents(page: github_pages.Page, state: IncidentsState, unit: Unit) -> Iterator[Record | Snapshot]:
    known = state.known or {}
    for raw in decode(page.answer, list[msgspec.Raw], unit.name):
        row = msgspec.json.decode(raw)
        if not state.rule.covers(row):
            continue
        issue = decode(raw, Issue, unit.name)
        if known.get(str(issue.id)) != kinds.digest(row) and _is_wanted(issue, unit):
            yield _incident(issue, page, state, unit)


def _is_wanted(issue: Issue, unit: Unit) -> bool:
    if unit.mode != "backfill" or unit.window is None:
        return True
    return any(at and unit.window.since <= at < unit.window.before for at in (issue.created_at, issue.closed_at))


def _incident(issue: Issue, page: github_pages.Page, state: IncidentsState, unit: Unit) -> Incident:
    is_resolved = issue.state == "closed"
    return Incident(
        org_id=unit.org_id,
        repo_id=unit.repo_id,
        incident_id=str(issue.id),
        key=f"{state.repository}#{issue.number}",
        title=issue.title,
        severity=severity_of(names_of(issue.labels)),
        status="resolved" if is_resolved else "open",
        opened_at=issue.created_at,
        resolved_at=issue.closed_at if is_resolved else None,
        linked_deployment=None,
        is_deleted=False,
        fetched_at=page.fetched_at,
    )


def _end(unit: Unit, state: IncidentsState, cursor: IncidentsCursor, count: int) -> Batch:
    """What is no incident any more, and that the target was read."""
    if state.known is None:
        ended = everything(unit, ["incidents"], state.fetched_at)
    else:
        gone = [(key, state.fetched_at) for key in state.known.keys() - cursor.seen.keys()]
        ended = looked_at(unit, ["incidents"], "incident_id", gone)
    if ended or count:
        ended.append(target_row(unit, state.fetched_at, len(cursor.seen) if state.rule else None))
    return ended
