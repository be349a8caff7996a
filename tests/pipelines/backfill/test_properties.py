"""However a history is cut into backfills and syncs, the stores end with what one full sync leaves of it."""

import dataclasses
import itertools
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.local_git import walk
from devhealth.models.table import all_tables
from devhealth.pipelines import setup
from devhealth.pipelines.backfill import BackfillRequest, close_job, list_jobs, open_job, plan_job, run_backfill
from devhealth.pipelines.metrics import compute_dirty
from devhealth.pipelines.plan import plan_sync
from devhealth.pipelines.request import SyncRequest, new_run_id, window_between
from devhealth.pipelines.run import run_sync
from devhealth.pipelines.stages import fetch_unit, process_unit, store_unit
from devhealth.semantic import backfill_chunks, backfill_jobs, dirty_ranges
from devhealth.sinks import clickhouse
from devhealth.staging import UnitStaging
from devhealth.warehouse.connection import connected
from devhealth.warehouse.schema import ensure_schema
from tests.examples import examples
from tests.git_histories import FILE, PEOPLE, Commit, histories, make_repository, set_refs
from tests.integration.stored_tables import NEWEST_BLAMES
from tests.pipelines.backfill.conftest import unlimited
from tests.postgres import ENGINES, fresh_uri
from tests.processes import killed_at

FIRST_DAY = date(2024, 1, 1)
DAYS = 40
AS_OF = datetime(2024, 3, 1, tzinfo=UTC)
TARGETS = ("git", "blame")
REFS = ("refs/heads/main", "refs/heads/next", "refs/tags/v1")
MAILMAPS = (b"Ann <ann@proper.example> <ann@example.com>\n", b"Joe <joe@proper.example> <joerg@example.com>\n")
SLOW = examples(5, shrinks=False)


MOMENTS = (
    (backfill_jobs, "add"),
    (backfill_jobs, "close"),
    (backfill_chunks, "begin"),
    (backfill_chunks, "complete"),
    (dirty_ranges, "add"),
    (walk, "reach"),
    (clickhouse, "insert"),
    (UnitStaging, "write_page"),
    (UnitStaging, "write_records"),
    (UnitStaging, "reset"),
)
"""Before and after them a backfill may be killed: in its plan, in every stage, in the middle of a transaction."""
MOST_MOMENTS = 120


@dataclass(frozen=True)
class Backfill:
    """`in_stages`: each stage by itself and twice, as tasks that are retried; `dies_at`: the moment it is killed."""

    since: int
    before: int
    order: str = "oldest_first"
    in_stages: bool = False
    dies_at: int | None = None
    is_resumed: bool = True


@dataclass(frozen=True)
class WindowSync:
    """A sync of a window, as Airflow's own backfills run."""

    since: int
    before: int


@dataclass(frozen=True)
class Sync:
    pass


@dataclass(frozen=True)
class Push:
    """Lets the refs be these, whatever they were."""

    refs: dict


@st.composite
def dated(draw):
    """A history whose commits lie within DAYS days, in any order; some change the mailmap."""
    commits = []
    for commit in draw(histories(largest=8)):
        at = int(datetime.combine(FIRST_DAY, datetime.min.time(), UTC).timestamp()) + draw(
            st.integers(0, DAYS * 86_400 - 1)
        )
        mailmap = {b".mailmap": (FILE, draw(st.sampled_from(MAILMAPS)))} if draw(st.integers(0, 4)) == 0 else {}
        person = draw(st.sampled_from(PEOPLE))
        commits.append(
            dataclasses.replace(commit, committer=b"%s %d +0000" % (person, at), files={**commit.files, **mailmap})
        )
    return commits


@st.composite
def backfills(draw, *, are_resumed=True):
    since = draw(st.integers(0, DAYS - 1))
    before = draw(st.integers(since + 1, DAYS))
    if draw(st.sampled_from([Backfill, Backfill, Backfill, WindowSync])) is WindowSync:
        return WindowSync(since, before)
    order = draw(st.sampled_from(["oldest_first", "newest_first"]))
    dies_at = draw(st.none() | st.integers(0, MOST_MOMENTS))
    return Backfill(since, before, order, draw(st.booleans()), dies_at, are_resumed or draw(st.booleans()))


def pushes(commits):
    return st.dictionaries(st.sampled_from(REFS), st.integers(0, len(commits) - 1)).map(Push)


class Filled:
    """An organisation of its own with one repository; what is done to it, and what is stored of it."""

    def __init__(self, stores, path, targets=("git",)):
        self.stores, self.slug = stores, f"org-{uuid.uuid4().hex[:12]}"
        self.configuration = setup.register_source(stores, self.slug, str(path), targets=targets).name
        self.org_id = unlimited(stores, self.slug)

    def do(self, step):
        if isinstance(step, Sync):
            self.sync()
        elif isinstance(step, WindowSync):
            self.sync(window_between(*days_of(step), AS_OF))
        else:
            self.backfill(step)

    def backfill(self, step):
        since, before = days_of(step)
        asked = {"organisation": self.slug, "configuration": self.configuration, "order": step.order}
        request = BackfillRequest(**asked, since=since, before=before)
        work = self._in_one_process
        if step.in_stages:
            work = self._in_stages
            request = msgspec.structs.replace(request, origin="dag", dag_id="backfill", run_id=uuid.uuid4().hex)
        if step.dies_at is not None:
            before = self._jobs()
            if not killed_at(step.dies_at, MOMENTS, lambda: work(request)) or not step.is_resumed:
                return
            begun = self._jobs().items() - before.items()
            if begun and not step.in_stages:
                ((job_id, status),) = begun
                assert status in {"pending", "failed", "completed"}, "it must not stay running"
                if status == "completed":
                    return
                request = BackfillRequest(organisation=self.slug, job_id=job_id)
        work(request)

    def _jobs(self):
        return {job.job_id: job.status for job in list_jobs(self.stores, self.slug)}

    def _in_one_process(self, request):
        report = run_backfill(self.stores, request, has_metrics=False)
        assert report.status == "completed", report.failure_text()

    def _in_stages(self, request):
        job = open_job(self.stores, request, AS_OF)
        for unit in plan_job(self.stores, job.org_id, job.job_id):
            for stage in (fetch_unit, process_unit, store_unit):
                stage(self.stores, unit)
                stage(self.stores, unit)
        report = close_job(self.stores, job.org_id, job.job_id)
        assert report.status == "completed", report.failure_text()

    def sync(self, window=None):
        now = datetime.now(UTC)
        request = SyncRequest(provider="local_git", organisation=self.slug, run_id=new_run_id(now), as_of=now)
        report = run_sync(self.stores, msgspec.structs.replace(request, window=window))
        assert not report.failed, report.failure_text()
        return self

    def tables(self, *, metrics=False):
        """Rows by table, without what tells the organisation or the time of the fetch apart."""
        if metrics:
            compute_dirty(self.stores, AS_OF, self.slug)
        with connected(self.stores) as client:
            ensure_schema(client)
            return {
                table.name: rows_of(client, table, self.org_id) for table in all_tables() if table.is_metric == metrics
            }


def rows_of(client, table, org_id):
    hidden = {"org_id", "repo_id", "fetched_at", "computed_at", "is_withdrawn"}
    names = [column.name for column in table.columns if column.name not in hidden]
    source = f"{table.name}_latest" if table.is_metric else f"{table.name} final"
    if table.name == "blame_ranges":  # the store keeps older blames of a file too
        source = NEWEST_BLAMES
    rows = client.execute(f"select {', '.join(names)} from {source} where org_id = %(org_id)s", {"org_id": org_id})
    return sorted((dict(zip(names, row, strict=True)) for row in rows), key=repr)


def restricted(tables, is_kept):
    """What the tables hold of some commits: of their files, flags and people too."""
    commits = [row for row in tables["commits"] if is_kept(row)]
    shas = {row["sha"] for row in commits}
    of_commits = {name: [row for row in rows if row.get("sha") in shas] for name, rows in tables.items()}
    people = {person for row in commits for person in people_of(row)}
    named = [row for row in tables["commit_identities"] if (row["name"], row["email"]) in people]
    whole = {name: tables[name] for name in ("repositories", "refs")}
    return {**of_commits, "commits": commits, "commit_identities": named, **whole}


def people_of(commit):
    yield commit["author_name"], commit["author_email"]
    yield commit["committer_name"], commit["committer_email"]
    for helper in commit["co_authors"]:
        name, _, email = helper.rpartition(" <")
        yield name, email.removesuffix(">")


def there(tables, files):
    """What is not gone at the source, whose default branch has these files."""
    reached = {row["sha"] for row in tables["commit_reachability"] if row["is_reachable"]}
    kept = restricted(tables, lambda row: row["sha"] in reached)
    refs = [row for row in tables["refs"] if not row["is_deleted"]]
    # A file without lines is empty or gone, as is a range; without a default branch nothing tells what is gone.
    blames = [row for row in tables["blame_ranges"] if row["line_count"]]
    empty = files - {row["path"] for row in blames}
    blames += [row for row in tables["blame_ranges"] if not row["first_line"] and row["path"] in empty]
    return {**kept, "refs": refs, "blame_ranges": blames if any(ref["is_default"] for ref in refs) else []}


def days_of(step):
    return FIRST_DAY + timedelta(step.since), FIRST_DAY + timedelta(step.before)


def in_windows(steps):
    if any(isinstance(step, Sync) for step in steps):
        return lambda row: True
    windows = [days_of(step) for step in steps]
    return lambda row: any(since <= row["committed_at"].date() < before for since, before in windows)


@pytest.fixture(params=ENGINES)
def stores(request, warehouse_settings, tmp_path):
    found = dataclasses.replace(warehouse_settings, semantic_uri=fresh_uri(request.param, tmp_path))
    setup.prepare(found)
    return found


@SLOW
@given(commits=dated(), data=st.data())
def test_any_split_equals_one_full_sync_restricted_to_its_windows(stores, tmp_path_factory, commits, data):
    """Overlapping, repeated, killed and resumed, in any order, with syncs before, between and after."""
    path = tmp_path_factory.mktemp("split") / "source"
    shas = make_repository(path, commits)
    set_refs(path, shas, data.draw(pushes(commits)).refs)
    steps = data.draw(st.lists(st.one_of(backfills(), backfills(), st.just(Sync())), min_size=1, max_size=4))
    steps += data.draw(st.sampled_from([[], steps[:1]]))
    filled = Filled(stores, path)
    for step in steps:
        filled.do(step)
    whole = Filled(stores, path).sync()
    assert filled.tables() == restricted(whole.tables(), in_windows(steps))


@examples(4, shrinks=False)
@given(commits=dated(), data=st.data())
def test_pushes_in_between_leave_no_trace_after_a_sync(stores, tmp_path_factory, commits, data):
    """Growing and forced ones, tags that move, another mailmap, also what only a backfill saw that nobody resumed."""
    path = tmp_path_factory.mktemp("pushed") / "source"
    shas = make_repository(path, commits)
    filled = Filled(stores, path, TARGETS)
    changes = st.one_of(pushes(commits), backfills(are_resumed=False), st.just(Sync()))
    steps = data.draw(st.lists(changes, min_size=2, max_size=6))
    for step in steps:
        if isinstance(step, Push):
            set_refs(path, shas, step.refs)
        else:
            filled.do(step)
    whole = Filled(stores, path, TARGETS).sync()
    filled.sync()
    everything = whole.tables()
    files = {row["path"] for row in everything["blame_ranges"]}  # the first sync of it has seen none that is gone
    assert there(filled.tables(), files) == there(everything, files)
    assert filled.tables(metrics=True) == whole.tables(metrics=True)


@examples(3, shrinks=False)
@given(commits=dated(), data=st.data())
def test_metrics_after_backfills_of_everything_equal_those_of_a_full_sync(settings, tmp_path_factory, commits, data):
    path = tmp_path_factory.mktemp("metrics") / "source"
    make_repository(path, commits)
    cuts = sorted({0, DAYS, *data.draw(st.sets(st.integers(1, DAYS - 1), max_size=3))})
    parts = [Backfill(since, before) for since, before in itertools.pairwise(cuts)]
    filled = Filled(settings, path)
    for step in data.draw(st.permutations(parts)):
        filled.do(step)
        if data.draw(st.booleans()):
            filled.tables(metrics=True)
    assert filled.tables(metrics=True) == Filled(settings, path).sync().tables(metrics=True)


BRANCHED = [
    Commit(committer=b"Ann <ann@example.com> 1704110400 +0000"),
    Commit(parents=[0], committer=b"Ann <ann@example.com> 1704196800 +0000"),
]
"""On the first two of the days: one on main, one on a branch."""


AFTER_THE_ROWS = (backfill_chunks, "complete")
IN_FULL = Backfill(0, DAYS)


@pytest.mark.parametrize("killed", [False, True])
def test_a_branch_that_only_a_backfill_saw_is_gone_after_the_next_sync(settings, tmp_path, monkeypatch, killed):
    """The refs are then what they were at the sync before, so nothing but the backfill tells that there is news."""
    monkeypatch.setattr(sys.modules[__name__], "MOMENTS", [AFTER_THE_ROWS])
    shas = make_repository(tmp_path / "source", BRANCHED, {"refs/heads/main": 0})
    filled = Filled(settings, tmp_path / "source").sync()
    set_refs(tmp_path / "source", shas, {"refs/heads/main": 0, "refs/heads/next": 1})
    filled.do(dataclasses.replace(IN_FULL, dies_at=0, is_resumed=False) if killed else IN_FULL)
    assert reachable(filled) == set(shas)
    set_refs(tmp_path / "source", shas, {"refs/heads/main": 0})
    assert reachable(filled.sync()) == {shas[0]}
    assert planned(filled) == 0
    assert filled.tables(metrics=True) == Filled(settings, tmp_path / "source").sync().tables(metrics=True)


def test_the_first_and_the_last_second_of_each_day_are_of_the_window_that_has_the_day(settings, tmp_path):
    midnight = int(datetime.combine(FIRST_DAY, datetime.min.time(), UTC).timestamp())
    seconds = [midnight + day * 86_400 + second for day in range(DAYS) for second in (0, 86_399)]
    commits = [
        Commit(parents=[at - 1] if at else [], committer=b"Ann <ann@example.com> %d +0530" % second)
        for at, second in enumerate(seconds)
    ]
    make_repository(tmp_path / "source", commits)
    steps = [Backfill(3, 19, "newest_first"), Backfill(20, 28, in_stages=True), Backfill(27, 30)]
    filled, whole = Filled(settings, tmp_path / "source"), Filled(settings, tmp_path / "source").sync()
    for step in steps:
        filled.do(step)
    stored = filled.tables()
    assert len(stored["commits"]) == 2 * (16 + 10)
    assert stored == restricted(whole.tables(), in_windows(steps))


def test_a_backfill_takes_no_commit_off_a_branch(settings, tmp_path):
    """It speaks for the commits it finds in its windows; that others are gone is for the next sync to say."""
    shas = make_repository(tmp_path / "source", BRANCHED)
    filled = Filled(settings, tmp_path / "source")
    for refs in ({"refs/heads/main": 1}, {"refs/heads/main": 0}):
        set_refs(tmp_path / "source", shas, refs)
        filled.do(IN_FULL)
    assert reachable(filled) == set(shas)
    assert reachable(filled.sync()) == {shas[0]}


def test_after_a_backfill_one_sync_takes_stock_and_the_next_finds_nothing(settings, tmp_path):
    make_repository(tmp_path / "source", BRANCHED)
    filled = Filled(settings, tmp_path / "source").sync()
    assert planned(filled) == 0
    filled.do(IN_FULL)
    assert planned(filled) == 1
    filled.sync()
    assert planned(filled) == 0


def reachable(filled):
    return {row["sha"] for row in filled.tables()["commit_reachability"] if row["is_reachable"]}


def planned(filled):
    now = datetime.now(UTC)
    request = SyncRequest(provider="local_git", organisation=filled.slug, run_id=new_run_id(now), as_of=now)
    return len(plan_sync(filled.stores, request))
