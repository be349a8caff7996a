"""Target `incidents`: issues that a label or type makes incidents (options `incident_labels` and `incident_types`).

They are listed whole each time some issue of the repository has changed, a hundred a request, and compared with what
the last run has seen: so one that lost its label is found to be none any more, and one that got it later to be one. A
rule that was changed reads everything, and so does the first run after a backfill, which stores what no cursor knows.
The chunks of a backfill read one listing together (`shared_lists`).
Pages are those of `devhealth.models.github_incidents_pages`.
Source: docs.github.com/rest/issues/issues#list-repository-issues
"""

import itertools
import logging
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from devhealth.connectors.github import switched_off
from devhealth.connectors.github.client import Client, open_client
from devhealth.connectors.github.host import Place, place_of
from devhealth.connectors.github.permissions import needing
from devhealth.connectors.github.shared_lists import SharedLists
from devhealth.models import github_incidents_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_incidents_pages import IncidentsCursor, IncidentsState, Rule, rule_of
from devhealth.models.github_issue_pages import SETTLED
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from devhealth.transport.decoding import moment
from devhealth.transport.listing import Listing, keys_of

PERMISSION = "Issues: read"

_LOG = logging.getLogger(__name__)
_NEWEST_FIRST = {"state": "all", "sort": "updated", "direction": "desc", "per_page": 1}
_OLDEST_FIRST = {"state": "all", "sort": "created", "direction": "asc"}
"""Pages are counted off: nothing moves in this order."""


@switched_off.probing("/repos/{name}/issues")
def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether the rule is another one, or what it finds."""
    rule, earlier = rule_of(options), _read_cursor(cursor)
    if earlier is None or earlier.rule != rule:
        return True
    if not rule:
        return False
    place = place_of(source, settings)
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner, remembers=True) as client:
        rows = [
            row
            for one in rule.filters()
            for page in client.pages(f"/repos/{place.name}/issues", {**_OLDEST_FIRST, **one})
            for row in page.data
        ]
    return _seen(rule, rows) != earlier.seen


@switched_off.fetching("issues")
def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The unit's pages, each as soon as it is whole; those an earlier attempt staged are not fetched again."""
    staging = UnitStaging(unit.staging)
    place, rule = place_of(unit.source, settings), rule_of(unit.options)
    pages = {page.name: page for page in staging.pages()}
    seen: dict[str, str] = {}
    shared = SharedLists(unit.shared, unit.target)
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner) as client:
        page = pages.get(github_pages.STATE)
        if page is None:
            earlier = _read_cursor(staging.read("cursor")) if unit.mode == "incremental" else None
            is_known = earlier and earlier.rule == rule and staging.read("take-stock") is None
            known = earlier.seen if earlier and is_known else None
            state_now = shared.state(lambda: msgspec.json.encode(_state(client, place, rule, known, staging)))
            page = staging.write_page(github_pages.STATE, state_now)
        yield page
        state = msgspec.json.decode(page.read(), type=IncidentsState)
        for number, one in enumerate(state.rule.filters(), 1):
            after, listing = "", Listing(f"{state.repository}, incidents")
            for place_in_list in itertools.count(1):
                name = github_pages.name(100, f"incidents-{number:03d}", place_in_list)
                page = pages.get(name)
                if page is None:
                    asked = client.pages(f"/repos/{state.repository}/issues", {**_OLDEST_FIRST, **one}, after=after)
                    listed = shared.page(f"incidents-{number:03d}", after, partial(next, asked))
                    assert listed is not None  # noqa: S101 - a list has a first page, or the client raises
                    content = github_pages.encode(kinds.LISTED, listed.fetched_at, listed.raw, next=listed.next)
                    page = staging.write_page(name, content)
                yield page
                read = github_pages.decode(page.read())
                rows = msgspec.json.decode(read.answer)
                seen |= _seen(state.rule, rows)
                after = read.next
                if not after:
                    break
                listing.turn(after, keys_of(rows))
    cursor = IncidentsCursor(rule=state.rule, seen=seen)
    yield staging.write_page(github_pages.CURSOR, msgspec.json.encode(cursor))


def _read_cursor(content: bytes | None) -> IncidentsCursor | None:
    return github_pages.read_cursor(content, IncidentsCursor)


def _state(
    client: Client, place: Place, rule: Rule, known: dict[str, str] | None, staging: UnitStaging
) -> IncidentsState:
    fetched_at = observed_at()
    if not rule:
        _LOG.warning(
            "%s: no issue is taken for an incident, since nothing says which are. Set incident_labels or "
            "incident_types in the options of its configuration.",
            place.name,
        )
        return IncidentsState(fetched_at=fetched_at, at=fetched_at, repository=place.name, rule=rule, known=known)
    answer = client.get(f"/repos/{place.name}")
    name = answer.data["full_name"]
    newest = client.get(f"/repos/{name}/issues", _NEWEST_FIRST)
    if any(moment(row["updated_at"]) > newest.at - SETTLED for row in newest.data):
        staging.write("unsettled", b"")  # more may happen to it within its second, and no mark would tell
    return IncidentsState(fetched_at=fetched_at, at=answer.at, repository=name, rule=rule, known=known)


def _seen(rule: Rule, rows: list[Mapping[str, Any]]) -> dict[str, str]:
    return {str(row["id"]): kinds.digest(row) for row in rows if rule.covers(row)}
