"""Target `cicd`: runs of workflows, each whole with its jobs and earlier attempts, one request each.

GitHub lists runs by the time they were created, and has no list by what changed. A run at work changes, and one that
has ended may be repeated for thirty days. So the list of the last 31 days is read, a hundred runs in a request, and a
run is fetched where the list says something else of it than the cursor. That is done by each sync for up to a thousand
such runs, ten requests; of more of them a sync lists those created since the last one, and all of them once a day.
Runs that were at work are looked at in any case.

A run that the cursor knows and the list does not hold any more was deleted: so is the row. What is older is not looked
for. It keeps its rows when GitHub forgets it by age, and also when somebody deletes it then.

Pages are those of `devhealth.models.github_cicd_pages`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from devhealth.connectors.github import run_list, switched_off
from devhealth.connectors.github.client import Client, open_client
from devhealth.connectors.github.host import Place, place_of
from devhealth.connectors.github.permissions import needing
from devhealth.connectors.github.run_list import Listed, ListPage
from devhealth.connectors.github.staged_runs import StagedRuns
from devhealth.connectors.github.workflow_runs import PERMISSION, WorkflowRuns
from devhealth.models import github_pages
from devhealth.models.github_cicd_pages import FEW, OVERLAP, RunsCursor, RunsState
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit, Window
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging
from devhealth.transport.decoding import moment

_FIRST = datetime(2008, 1, 1, tzinfo=UTC)
"""Before everything at GitHub."""
_AHEAD = timedelta(days=1)
"""Clocks may differ: what GitHub calls the future is listed too."""


@switched_off.probing("/repos/{name}/actions/runs")
def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether a run is new, changed, gone or still at work."""
    del options
    earlier = _cursor(cursor)
    if earlier is None or earlier.open:
        return True
    place = place_of(source, settings)
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner, remembers=True) as client:
        state = _state(client, place, earlier, is_news=True)
        runs = WorkflowRuns(client, state.repository)
        seen: set[int] = set()

        def ask(created: str, after: str) -> ListPage:
            answer = runs.page(created, after)
            listed = msgspec.json.decode(answer.raw, type=Listed)
            return ListPage(listed.workflow_runs, listed.total_count, answer.next)

        for page in run_list.pages(ask, state.since, state.before):
            if any(earlier.known.get(run.id) != run.digest for run in page.runs):
                return True
            seen |= {run.id for run in page.runs}
    return state.looks_back and not earlier.known.keys() <= seen


@switched_off.fetching("workflow runs")
def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The unit's pages, each as soon as it is whole; those an earlier attempt staged are not fetched again."""
    staging = UnitStaging(unit.staging)
    place = place_of(unit.source, settings)
    earlier = _cursor(_stored(staging, unit))
    is_news = unit.mode == "incremental" and earlier is not None
    with needing(PERMISSION), open_client(settings, place.api, owner=place.owner) as client:
        page = next((one for one in staging.pages() if one.name == github_pages.STATE), None)
        if page is None:
            depth = unit.options.get("depth_days")
            window = unit.window if unit.mode == "backfill" else None
            state = _state(client, place, earlier, is_news=is_news, window=window, depth=depth)
            page = staging.write_page(github_pages.STATE, msgspec.json.encode(state))
        yield page
        state = msgspec.json.decode(page.read(), type=RunsState)
        staged = StagedRuns(staging, WorkflowRuns(client, state.repository), state, earlier, is_news=is_news)
        for listed in run_list.pages(staged.ask, state.since, state.before):
            assert listed.staged is not None  # noqa: S101 - for the type checker: only a probe's are not
            yield listed.staged
            for position, run in enumerate(listed.runs, 1):
                if staged.wants(run):
                    yield staged.whole(listed.staged.name, position, run)
        for number, run_id in enumerate(staged.missing(), 1):
            page, missed = staged.one(number, run_id)
            yield page
            if missed:
                yield staged.whole(page.name, 1, missed)
    if staged.is_unsettled:
        staging.write("unsettled", b"")
    yield staging.write_page(github_pages.CURSOR, msgspec.json.encode(staged.cursor()))


def _cursor(content: bytes | None) -> RunsCursor | None:
    """The cursor of the last run; None when there is none, or one that cannot be read."""
    return github_pages.read_cursor(content, RunsCursor)


def _stored(staging: UnitStaging, unit: Unit) -> bytes | None:
    """The cursor that stands, which tells a run that reads everything what may have been deleted since."""
    if unit.mode == "backfill":
        return None
    return staging.read("cursor") or staging.read("cursor-at-plan")


def _state(
    client: Client,
    place: Place,
    earlier: RunsCursor | None,
    *,
    is_news: bool,
    window: Window | None = None,
    depth: object = None,
) -> RunsState:
    fetched_at = observed_at()
    answer = client.get(f"/repos/{place.name}")
    at, looks_back = answer.at, True
    if window:
        since, before = window.since, window.before
    else:
        since = at - timedelta(days=depth) if isinstance(depth, int) else _FIRST
        # The end of a day: what is asked with the same words again may be answered with "not modified".
        before = (at + _AHEAD).replace(hour=0, minute=0, second=0, microsecond=0) + _AHEAD
        if earlier:
            since = min(since, earlier.since)
    if is_news and earlier:
        looks_back = len(earlier.known) <= FEW or earlier.looked_back_at.date() < at.date()
        since = earlier.since if looks_back else earlier.newest - OVERLAP
    pushed_at = answer.data.get("pushed_at")
    return RunsState(
        fetched_at=fetched_at,
        at=at,
        host=place.api.host,
        repository=answer.data["full_name"],
        pushed_at=moment(pushed_at) if pushed_at else None,
        since=since,
        before=before,
        looks_back=looks_back,
    )
