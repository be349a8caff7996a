"""The hand-over between stages: a file is there whole, or not at all."""

import os
import signal
import subprocess
import sys
import uuid
from datetime import UTC, datetime

import pytest

from devhealth.errors import StagingError
from devhealth.models.git import CommitReachability
from devhealth.models.table import Snapshot
from devhealth.staging import UnitStaging

_AT = datetime(2026, 3, 1, tzinfo=UTC)
_WRITE_FOR_EVER = """
import sys
from devhealth.staging import UnitStaging
with UnitStaging(sys.argv[1]).page_file("001-log") as path, path.open("wb") as file:
    while True:
        file.write(b"x" * 4096)
        file.flush()
        print("written", flush=True)
"""


@pytest.fixture(params=["local", "memory"])
def staging(request, tmp_path):
    """Both ways of writing: a local folder, and a store without renames."""
    return UnitStaging(str(tmp_path / "unit") if request.param == "local" else f"memory://{uuid.uuid4().hex}/unit")


def _fail_while_writing(staging: UnitStaging, name: str) -> None:
    with staging.page_file(name) as path:
        path.write_bytes(b"half")
        raise RuntimeError


def _reach(sha: str) -> CommitReachability:
    return CommitReachability(
        org_id="acme",
        repo_id="shop",
        committed_at=_AT,
        sha=sha,
        is_reachable=True,
        in_default_branch=True,
        fetched_at=_AT,
    )


def test_pages_come_in_the_order_of_their_names(staging):
    for name in ("999-cursor", "000-state", "010-log"):
        assert staging.write_page(name, name.encode()).read() == name.encode()
    assert [(page.name, page.read()) for page in staging.pages()] == [
        ("000-state", b"000-state"),
        ("010-log", b"010-log"),
        ("999-cursor", b"999-cursor"),
    ]
    with staging.pages()[1].open() as file:
        assert file.read() == b"010-log"


def test_a_page_whose_writing_failed_is_not_there(staging):
    with pytest.raises(RuntimeError):
        _fail_while_writing(staging, "000-state")
    assert staging.pages() == []


def test_a_page_that_is_being_written_is_not_seen(staging):
    with staging.page_file("000-state") as path:
        path.write_bytes(b"half")
        assert staging.pages() == []
        path.write_bytes(b"whole")
    assert [page.read() for page in staging.pages()] == [b"whole"]


def test_a_failed_rewrite_leaves_the_page_as_it_was(staging):
    staging.write_page("000-state", b"first")
    with pytest.raises(RuntimeError):
        _fail_while_writing(staging, "000-state")
    assert [page.read() for page in staging.pages()] == [b"first"]


def test_a_page_whose_writer_was_killed_is_not_seen(tmp_path):
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITE_FOR_EVER, str(tmp_path / "unit")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert writer.stdout.readline() == b"written\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert UnitStaging(str(tmp_path / "unit")).pages() == []


def test_small_files_stand_beside_the_pages(staging):
    assert staging.read("cursor") is None
    staging.write("cursor", b"{}")
    assert staging.read("cursor") == b"{}"
    assert staging.pages() == []


def test_records_come_back_in_their_order_and_batches_of_one_type(staging):
    snapshot = Snapshot(table="commit_reachability", org_id="acme", repo_id="shop", version=_AT)
    batches = [[_reach("a"), _reach("b"), snapshot], [_reach("c")]]
    assert staging.write_records("000", iter(batches)) == 4
    assert list(staging.records()) == [[_reach("a"), _reach("b")], [snapshot], [_reach("c")]]


def test_records_whose_making_failed_are_not_there(staging):
    def batches():
        yield [_reach("a")]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        staging.write_records("000", batches())
    assert list(staging.records()) == []


def test_what_is_not_there_is_empty(staging):
    assert staging.pages() == []
    assert list(staging.records()) == []
    staging.reset()


def test_a_reset_unit_is_empty(staging):
    staging.write_page("000-state", b"x")
    staging.write("cursor", b"{}")
    staging.reset()
    assert staging.pages() == []
    assert staging.read("cursor") is None


def test_an_unwritable_folder_is_an_error_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    staging = UnitStaging(str(tmp_path / "file" / "unit"))
    with pytest.raises(StagingError, match=r"cannot stage cursor in .+: Not a directory\. .+DEVHEALTH_STAGING_URI"):
        staging.write("cursor", b"{}")
    assert staging.pages() == []


def test_a_full_disk_is_an_error_with_the_remedy(tmp_path):
    with (
        pytest.raises(StagingError, match=r"No space left on device\. Free space"),
        UnitStaging(str(tmp_path)).page_file("000-state"),
        open("/dev/full", "wb", buffering=0) as file,  # noqa: PTH123 -- a device
    ):
        file.write(b"x")
    assert UnitStaging(str(tmp_path)).pages() == []
