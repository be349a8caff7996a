"""Target `incidents`: pages of `devhealth.models.github_incidents_pages` as records.

An incident is open from when its issue was opened, whenever it got its label, and resolved when the issue was closed.
"""

from collections.abc import Iterable, Iterator

import msgspec

from devhealth.errors import RecordError
from devhealth.models import github_incidents_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_incidents_pages import IncidentsCursor, IncidentsState
from devhealth.models.repository_targets import RepositoryTarget
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.models.work_items import Incident
from devhealth.processors.github.decoding import decode
from devhealth.processors.github.issue_records import names_of
from devhealth.processors.github.issue_rules import severity_of
from devhealth.processors.github.issue_shapes import Issue
from devhealth.staging import Page

EVIDENCE = "repository_targets"


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[list[Record | Snapshot]]:
    """The incidents that are not stored as they are; of a backfill those opened or resolved in its window.

    Snapshots come last: of what is no incident any more.
    """
    remaining = iter(pages)
    first = next(remaining, None)
    if first is None or first.name != github_pages.STATE:
        got = first.name if first else "no page"
        raise RecordError(f"{unit.name}: expected page {github_pages.STATE} first, got {got}. Sync again.")
    state = msgspec.json.decode(first.read(), type=IncidentsState)
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


def _end(unit: Unit, state: IncidentsState, cursor: IncidentsCursor, count: int) -> list[Record | Snapshot]:
    """What is no incident any more, and that the target was read."""
    snapshot = Snapshot(table="incidents", org_id=unit.org_id, repo_id=unit.repo_id, version=state.fetched_at)
    ended: list[Record | Snapshot] = []
    if state.known is None:
        ended.append(snapshot)
    elif gone := sorted(state.known.keys() - cursor.seen.keys()):
        ended.append(msgspec.structs.replace(snapshot, column="incident_id", values=tuple(gone)))
    if ended or count:
        ended.append(
            RepositoryTarget(
                org_id=unit.org_id,
                repo_id=unit.repo_id,
                target=unit.target,
                items_count=len(cursor.seen) if state.rule else None,
                fetched_at=state.fetched_at,
            )
        )
    return ended
