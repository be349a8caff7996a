"""Records as length-prefixed frames."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhealth.errors import StagingError
from devhealth.models.git import CommitFileStat, CommitIdentity, Ref
from devhealth.models.table import Snapshot
from devhealth.staging import frames

_TEXT = st.text(st.characters(codec="utf-8"))
_COUNT = st.integers(0, 2**32 - 1)
_AT = st.datetimes(datetime(1970, 1, 1), datetime(2106, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds are naive
_OF = {"org_id": _TEXT, "repo_id": _TEXT, "fetched_at": _AT}
_RECORD = st.one_of(
    st.builds(
        CommitFileStat,
        **_OF,
        committed_at=_AT,
        sha=_TEXT,
        path=_TEXT,
        old_path=st.none() | _TEXT,
        additions=_COUNT,
        deletions=_COUNT,
        is_binary=st.booleans(),
    ),
    st.builds(
        CommitIdentity,
        **_OF,
        name=_TEXT,
        email=_TEXT,
        identity_email=_TEXT,
        identity_name=_TEXT,
        is_bot=st.booleans(),
    ),
    st.builds(
        Ref,
        **_OF,
        name=_TEXT,
        kind=_TEXT,
        sha=_TEXT,
        is_default=st.booleans(),
        is_deleted=st.booleans(),
        created_at=st.none() | _AT,
    ),
    st.builds(Snapshot, table=_TEXT, org_id=_TEXT, repo_id=_TEXT, version=_AT),
)
_BATCHES = st.lists(st.lists(_RECORD, max_size=5), max_size=4)


def _written(batches) -> bytes:
    file = BytesIO()
    assert frames.write(file, batches) == sum(map(len, batches))
    return file.getvalue()


@given(_BATCHES)
def test_records_come_back_in_their_order(batches):
    read = [record for frame in frames.read(BytesIO(_written(batches))) for record in frame]
    assert read == [record for batch in batches for record in batch]


@given(_BATCHES)
def test_a_frame_holds_records_of_one_type(batches):
    assert all(len(set(map(type, frame))) == 1 for frame in frames.read(BytesIO(_written(batches))))


@given(_BATCHES.filter(any), st.data())
def test_a_file_cut_inside_a_frame_is_an_error_never_fewer_records(batches, data):
    content = _written(batches)
    whole = {0}
    while max(whole) < len(content):
        start = max(whole)
        whole.add(start + 8 + int.from_bytes(content[start : start + 8], "big"))
    cut = data.draw(st.integers(1, len(content) - 1).filter(lambda end: end not in whole))
    with pytest.raises(StagingError, match="end inside a frame"):
        list(frames.read(BytesIO(content[:cut])))
