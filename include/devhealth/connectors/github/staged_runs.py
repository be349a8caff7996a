"""The staged pages of a unit of target `cicd`, and what they add up to for the cursor.

A page that an earlier attempt staged is taken instead of asking again. What is asked for follows from the pages
before, so each attempt asks for the same under the same names.
"""

import hashlib

import msgspec

from devhealth.connectors.github.run_list import Listed, ListPage, Run
from devhealth.connectors.github.workflow_runs import WorkflowRuns
from devhealth.models import github_cicd_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_cicd_pages import KEPT, LAG, LOOK_BACK, OVERLAP, RunsCursor, RunsState
from devhealth.models.observation import observed_at
from devhealth.staging import Page, UnitStaging

_NOTHING = b"null"


class StagedRuns:
    """Writes pages, or reads back those of an earlier attempt.

    `earlier` is the cursor of the last run, `is_news` whether what that knows is left out.
    """

    def __init__(
        self,
        staging: UnitStaging,
        asked: WorkflowRuns,
        state: RunsState,
        earlier: RunsCursor | None,
        *,
        is_news: bool,
    ) -> None:
        self._staging, self._asked, self._state, self._earlier = staging, asked, state, earlier
        self._stored = earlier if is_news else None
        self._pages = {page.name: page for page in staging.pages()}
        self._lists = 0
        carried = None if state.looks_back else earlier
        self._since = carried.since if carried else max(state.at - LOOK_BACK, state.since)
        self._looked_back_at = carried.looked_back_at if carried else state.at
        self._known = dict(carried.known) if carried else {}
        self._newest = earlier.newest if earlier else self._since
        self._count = self._stored.totals["pipeline_runs"][0] if self._stored else 0
        self._seen: set[int] = set()
        self._open: dict[int, str] = {}

    def ask(self, created: str, after: str) -> ListPage:
        """The next page of the list."""
        self._lists += 1
        name = github_pages.name(100, kinds.RUNS, self._lists)
        if name not in self._pages:
            fetched_at, answer = observed_at(), self._asked.page(created, after)
            self._write(name, github_pages.encode(kinds.LISTED, fetched_at, answer.raw, next=answer.next))
        staged = self._pages[name]
        page = github_pages.decode(staged.read())
        listed = msgspec.json.decode(page.answer, type=Listed)
        return ListPage(listed.workflow_runs, listed.total_count, page.next, staged)

    def wants(self, run: Run) -> bool:
        """Whether a run of the list is to be fetched: it is met for the first time, and new, changed or at work."""
        if run.id in self._seen:
            return False
        self._seen.add(run.id)
        self._newest = max(self._newest, run.created_at)
        if run.created_at >= self._since:
            self._known[run.id] = run.digest
        stored = self._stored
        return stored is None or run.id in stored.open or stored.known.get(run.id) != run.digest

    def whole(self, group: str, position: int, run: Run) -> Page:
        """The page with all of a run."""
        name = f"{group}-more-{position:05d}"
        if name not in self._pages:
            fetched_at, parts = observed_at(), self._asked.parts(run.id, run.attempt)
            if parts is None:
                kind = kinds.GONE if self._state.at - run.created_at <= KEPT else kinds.FORGOTTEN
                self._write(name, github_pages.encode(kind, fetched_at, _NOTHING, about=str(run.id)))
            else:
                raw = msgspec.json.encode(parts)
                is_stored = self._stored is not None and self._stored.open.get(run.id) == _digest(run, raw)
                about = f"={run.id}" if is_stored else str(run.id)
                self._write(name, github_pages.encode(kinds.WHOLE, fetched_at, raw, about=about))
        page = github_pages.decode(self._pages[name].read())
        self._note(run.id, page.kind)
        if page.kind != kinds.WHOLE:
            return self._pages[name]
        if run.status != "completed" or (run.updated_at or run.created_at) > self._state.at - LAG:
            self._open[run.id] = _digest(run, bytes(page.answer))
        return self._pages[name]

    def missing(self) -> list[int]:
        """Runs of the cursor that the list should hold and does not, and those at work that it does not reach."""
        if self._earlier is None:
            return []
        known = self._earlier.known if self._state.looks_back else {}
        return sorted((known.keys() | self._earlier.open.keys()) - self._seen)

    def one(self, number: int, run_id: int) -> tuple[Page, Run | None]:
        """The page of a run of those, and the run if it is to be fetched whole."""
        name = github_pages.name(200, kinds.RUNS, number)
        if name not in self._pages:
            fetched_at, answer = observed_at(), self._asked.one(run_id)
            kind, raw = (kinds.RUN, answer.raw) if answer else (self._absent(run_id), _NOTHING)
            self._write(name, github_pages.encode(kind, fetched_at, raw, about=str(run_id)))
        staged = self._pages[name]
        page = github_pages.decode(staged.read())
        if page.kind != kinds.RUN:
            self._note(run_id, page.kind)
            return staged, None
        run = msgspec.json.decode(page.answer, type=Run)
        return staged, run if self.wants(run) else None

    def cursor(self) -> RunsCursor:
        """What the next run goes on from."""
        return RunsCursor(
            since=self._since,
            newest=self._newest,
            looked_back_at=self._looked_back_at,
            known=self._known,
            open=self._open,
            totals={"pipeline_runs": (self._count, None)},
        )

    @property
    def is_unsettled(self) -> bool:
        """Whether runs may change, or follow a push, without the survey telling."""
        pushed_at = self._state.pushed_at
        return bool(self._open) or (pushed_at is not None and pushed_at > self._state.at - OVERLAP)

    def _note(self, run_id: int, kind: str) -> None:
        """A run is stored, or is not there."""
        is_stored = self._stored is not None and (run_id in self._stored.known or run_id in self._stored.open)
        if kind == kinds.WHOLE:
            self._count += not is_stored
            return
        self._known.pop(run_id, None)
        self._count -= is_stored and kind == kinds.GONE

    def _absent(self, run_id: int) -> str:
        """What is said of a run of the cursor that is not there: whether it is young, and so was deleted."""
        earlier = self._earlier
        is_young = earlier and run_id in earlier.known and self._state.at - earlier.since <= KEPT
        return kinds.GONE if is_young else kinds.FORGOTTEN

    def _write(self, name: str, content: bytes) -> None:
        self._pages[name] = self._staging.write_page(name, content)


def _digest(run: Run, parts: bytes) -> str:
    return hashlib.blake2b(run.digest.encode() + parts, digest_size=8).hexdigest()
