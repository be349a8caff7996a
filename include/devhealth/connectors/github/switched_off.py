"""Lists that a repository has switched off: its issues, its pull requests, its workflows.

GitHub answers 410 or 404 for such a list alone, and 404 too where the credential lacks the permission. The repository
itself answers, so nothing is lost: the target is done with nothing in it, what is stored of it stays, and the cursor of
the last run waits until the list is there again.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import wraps

from devhealth.connectors.github.client import open_client
from devhealth.connectors.github.host import place_of
from devhealth.errors import SourceNotFound
from devhealth.models import github_pages
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging

Fetch = Callable[[Unit, Settings], Iterator[Page]]
Probe = Callable[[str, Mapping[str, object], bytes | None, Settings], bool]

_LOG = logging.getLogger(__name__)


def say(name: str, what: str, error: Exception) -> None:
    """Tell whoever runs it, once, why nothing is read."""
    _LOG.warning(
        "%s: its %s are switched off there, or the credential may not see that there are any. They are done with "
        "nothing in them, and read again once they are there: %s",
        name,
        what,
        error,
    )


def fetching(what: str) -> Callable[[Fetch], Fetch]:
    """Have a target's `fetch` end well, with a cursor that says so, where its list is switched off."""

    def decorated(fetch: Fetch) -> Fetch:
        @wraps(fetch)
        def fetched(unit: Unit, settings: Settings) -> Iterator[Page]:
            reason: SourceNotFound | None = None
            try:
                yield from fetch(unit, settings)
            except SourceNotFound as error:
                reason = error
            if reason is None:
                return
            staging, place = UnitStaging(unit.staging), place_of(unit.source, settings)
            if any(page.name != github_pages.STATE for page in staging.pages()):
                raise reason  # it went while it was read
            with open_client(settings, place.api, owner=place.owner) as client:
                client.get(f"/repos/{place.name}")  # raises where all of the repository cannot be seen
            before = staging.read("cursor") if unit.mode == "incremental" else None
            if not github_pages.is_off(before):
                say(place.name, what, reason)
            staging.write("unsettled", b"")  # no mark may tell when it is switched on
            yield staging.write_page(github_pages.CURSOR, github_pages.off_cursor(before, observed_at()))

        return fetched

    return decorated


def probing(list_path: str) -> Callable[[Probe], Probe]:
    """Have a target's `probe` look whether a list that was switched off, `/repos/{name}/...`, is there again."""

    def decorated(probe: Probe) -> Probe:
        @wraps(probe)
        def probed(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
            if not github_pages.is_off(cursor):
                return probe(source, options, cursor, settings)
            place = place_of(source, settings)
            with open_client(settings, place.api, owner=place.owner, remembers=True) as client:
                try:
                    client.get(list_path.format(name=place.name), {"per_page": 1})
                except SourceNotFound:
                    return False
            return True

        return probed

    return decorated
