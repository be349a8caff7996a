"""Random small histories for hypothesis."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.metrics.history import Change, History

START = datetime(2026, 1, 3, tzinfo=UTC)
DAYS = 75

AUTHORS = ("ann", "ann-at-home", "bob", "cleo", "robot")
PEOPLE = {
    "ann": ("ann@example.com", False),
    "ann-at-home": ("ann@example.com", False),
    "robot": ("robot@example.com", True),
}
PATHS = ("a.py", "b/ü.md", "c d.txt")

as_ofs = st.integers(20 * 86400, (DAYS + 10) * 86400).map(lambda seconds: START + timedelta(seconds=seconds))

_lines = st.sampled_from((0, 1, 7, 60, 301))
_seconds = st.sampled_from((0, 1, 8 * 3600 + 3599, 9 * 3600, 17 * 3600, 86399))


@st.composite
def changes(draw: st.DrawFn, name: str) -> Change:
    """A commit on one of few days, by one of few people, on a few of few files."""
    at = START + timedelta(days=draw(st.integers(0, DAYS)), seconds=draw(_seconds))
    return Change(
        name=name,
        at=at,
        author=draw(st.sampled_from(AUTHORS)),
        files=draw(st.dictionaries(st.sampled_from(PATHS), st.tuples(_lines, _lines), max_size=3)),
        is_merge=draw(st.integers(0, 5)) == 0,
        is_revert=draw(st.integers(0, 5)) == 0,
        in_default_branch=draw(st.integers(0, 4)) > 0,
        is_reachable=draw(st.integers(0, 6)) > 0,
        offset_seconds=draw(st.sampled_from((0, 0, 3600 * 9, -3600 * 8, 5 * 3600 + 18 * 60))),
        authored_at=at - timedelta(seconds=draw(st.sampled_from((0, 0, 3 * 86400)))),
    )


@st.composite
def histories(draw: st.DrawFn, repo_id: str) -> History:
    """A repository of up to fourteen commits."""
    count = draw(st.integers(0, 14))
    made = [draw(changes(f"{repo_id}-{number}")) for number in range(count)]
    ranges = st.tuples(st.sampled_from([change.name for change in made] + ["unknown"]), st.integers(1, 9))
    return History(
        repo_id=repo_id,
        changes=made,
        people=PEOPLE,
        blame=draw(st.dictionaries(st.sampled_from(PATHS), st.lists(ranges, min_size=1, max_size=3), max_size=3)),
        counts_any_branch=draw(st.booleans()),
    )


organisations = st.tuples(*(histories(f"repo-{number}") for number in range(3))).map(list)
"""The repositories of one organisation."""
