"""The chunks of a backfill share one listing of the history, and store what chunks on their own would."""

import itertools
import multiprocessing
import subprocess
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.connectors.local_git import git as connector
from devhealth.connectors.local_git import shared_history
from devhealth.errors import SourceCorrupt
from devhealth.models.git_pages import STATE, GitState
from devhealth.models.table import Snapshot
from devhealth.models.unit import Window
from devhealth.processors.local_git import git as processor
from devhealth.staging import UnitStaging
from tests.examples import examples
from tests.git_histories import FILE, Commit, histories, make_repository, set_refs
from tests.git_sync import Tables, settings_below, unit_for

DAY = 86_400
START = datetime(2024, 1, 1, tzinfo=UTC)
QUICK = examples(20)


def line(days):
    """A straight history with those committer days."""
    stamp = int(START.timestamp())
    return [
        Commit(
            parents=[at - 1] if at else [],
            files={b"file": (FILE, b"%d\n" % at)},
            committer=b"Ann <ann@example.com> %d +0000" % (stamp + day * DAY),
        )
        for at, day in enumerate(days)
    ]


def windows(days, length=7):
    starts = [START + timedelta(days=at) for at in range(0, days, length)]
    return [Window(start, start + timedelta(days=length)) for start in starts]


def chunk(source, folder, number, window, shared):
    return unit_for(
        source, folder / str(number), mode="backfill", window=window, job_id="job", chunk=number, shared=shared
    )


def records_of(unit, folder):
    return [one for batch in processor.to_records(connector.fetch(unit, settings_below(folder)), unit) for one in batch]


def backfill(source, folder, cut, *, shared):
    """The rows of all chunks, each fetched on its own; `shared` empty for chunks that share nothing."""
    tables = Tables()
    for number, window in enumerate(cut):
        for record in records_of(chunk(source, folder, number, window, shared), folder):
            tables.store(record)
    return {name: tables.facts(name) for name in tables.rows}


@QUICK
@given(commits=histories(), data=st.data())
def test_chunks_that_share_store_what_chunks_on_their_own_do(commits, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    heads = data.draw(st.dictionaries(st.sampled_from(["main", "next", "x"]), st.integers(0, len(commits) - 1)))
    make_repository(folder / "source", commits, {f"refs/heads/{name}": at for name, at in heads.items()}, {"v1": 0})
    edges = sorted(data.draw(st.sets(st.integers(0, 1 << 33), min_size=2, max_size=6)))
    moments = [datetime.fromtimestamp(edge, UTC) for edge in edges]
    cut = [Window(*pair) for pair in itertools.pairwise(moments)]
    alone = backfill(folder / "source", folder / "alone", cut, shared="")
    assert backfill(folder / "source", folder / "together", cut, shared=str(folder / "shared")) == alone


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_the_history_is_walked_once_for_all_chunks(kind, tmp_path, monkeypatch):
    make_repository(tmp_path / "source", line(range(28)))
    shared = str(tmp_path / "shared") if kind == "local" else f"memory://{uuid.uuid4().hex}/shared"
    walked, real = [], shared_history.walk.reach
    monkeypatch.setattr(shared_history.walk, "reach", lambda *args: walked.append(args) or real(*args))
    found = backfill(tmp_path / "source", tmp_path, windows(28), shared=shared)
    assert len(found["commits"]) == len(found["commit_reachability"]) == 28
    assert len(walked) == 1


def test_one_chunk_stores_the_refs_also_when_it_is_run_again(tmp_path):
    make_repository(tmp_path / "source", line(range(28)), {"refs/heads/main": 27}, {"v1": 3})
    told = []
    for number, window in [*enumerate(windows(28)), (0, windows(28)[0])]:
        unit = chunk(tmp_path / "source", tmp_path / f"run-{len(told)}", number, window, str(tmp_path / "shared"))
        records = records_of(unit, tmp_path)
        told.append(
            (sum(type(one).__name__ == "Ref" for one in records), sum(type(one) is Snapshot for one in records))
        )
    assert told == [(2, 1), (0, 0), (0, 0), (0, 0), (2, 1)]


def test_chunks_after_a_push_are_of_the_instant_the_history_was_listed(tmp_path):
    source, shared = tmp_path / "source", str(tmp_path / "shared")
    shas = make_repository(source, line(range(28)))
    set_refs(source, shas, {"refs/heads/main": 20})
    first, *_, last = (chunk(source, tmp_path, number, window, shared) for number, window in enumerate(windows(28)))
    records_of(first, tmp_path)
    set_refs(source, shas, {"refs/heads/main": 27})
    assert not any(type(one).__name__ == "Commit" for one in records_of(last, tmp_path))
    states = [
        msgspec.json.decode(UnitStaging(unit.staging).page(STATE).read(), type=GitState) for unit in (first, last)
    ]
    assert states[0].fetched_at == states[1].fetched_at
    UnitStaging(shared).reset()
    UnitStaging(last.staging).reset()
    assert any(type(one).__name__ == "Commit" for one in records_of(last, tmp_path))


def test_a_chunk_killed_before_its_state_was_staged_takes_its_slice_again(tmp_path):
    source, shared = tmp_path / "source", str(tmp_path / "shared")
    make_repository(source, line(range(28)))
    unit = chunk(source, tmp_path, 1, windows(28)[1], shared)
    whole = records_of(unit, tmp_path)
    staging = UnitStaging(unit.staging)
    staging.page(STATE).path.unlink()
    staging.write_page("100-new-default", b"1 torn\n")
    assert without_times(records_of(unit, tmp_path)) == without_times(whole)


def without_times(records):
    return [msgspec.structs.replace(one, fetched_at=START) for one in records if type(one) is not Snapshot]


def fetch_in_another_process(unit, folder):
    for _ in connector.fetch(unit, settings_below(folder)):
        pass


def test_chunks_that_begin_at_once_do_not_disturb_each_other(tmp_path):
    source, shared = tmp_path / "source", str(tmp_path / "shared")
    make_repository(source, line(range(28)))
    units = [chunk(source, tmp_path, number, window, shared) for number, window in enumerate(windows(28))]
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=fetch_in_another_process, args=(unit, tmp_path)) for unit in units]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    tables = Tables()
    for unit in units:
        for record in records_of(unit, tmp_path):
            tables.store(record)
    assert len(tables.facts("commits")) == 28
    assert [row["is_deleted"] for row in tables.facts("refs")] == [False]


def test_every_chunk_of_a_damaged_history_tells_of_the_damage(tmp_path):
    source = tmp_path / "source"
    shas = make_repository(source, line(range(28)))
    unpack(source)
    (source / "objects" / shas[10][:2] / shas[10][2:]).unlink()
    for number, window in enumerate(windows(28)):
        for shared in ("", str(tmp_path / "shared")):
            unit = chunk(source, tmp_path / ("together" if shared else "alone"), number, window, shared)
            with pytest.raises(SourceCorrupt, match=shas[10]):
                records_of(unit, tmp_path)


def unpack(source):
    """Every object as a file of its own."""
    for pack in list((source / "objects" / "pack").glob("*.pack")):
        moved = pack.rename(source / pack.name)
        with moved.open("rb") as content:
            subprocess.run(["git", "-C", source, "unpack-objects", "-q"], stdin=content, check=True)
        moved.unlink()
