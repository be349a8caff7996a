"""Random small histories for hypothesis."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.metrics.history import Change, History
from tests.metrics.pull_requests import Answer, Pull

START = datetime(2026, 1, 3, tzinfo=UTC)
DAYS = 75

AUTHORS = ("ann", "ann-at-home", "bob", "cleo", "robot")
PEOPLE = {
    "ann": ("ann@example.com", False),
    "ann-at-home": ("ann@example.com", False),
    "robot": ("robot@example.com", True),
}
ACCOUNTS = {
    "ada": ("ann@example.com", False),
    "ada-at-home": ("ann-at-home@example.com", False),
    "bobby": ("bob@example.com", False),
    "cleo": ("", False),
    "machine": ("robot@example.com", False),
    "helper[bot]": ("", True),
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


_logins = st.sampled_from((*ACCOUNTS, "stranger", None))
_spans = st.sampled_from((0, 1, 60, 3599, 7 * 3600 + 1, 86400, 3 * 86400, 40 * 86400)).map(
    lambda seconds: timedelta(seconds=seconds)
)
_states = st.sampled_from(("comment", "commented", "approved", "changes_requested", "dismissed"))


@st.composite
def answers(draw: st.DrawFn, opened: datetime) -> Answer:
    """A review or comment, often by the author or a bot, sometimes before the opening or after the merge."""
    state = draw(_states)
    is_pending = state != "comment" and draw(st.integers(0, 7)) == 0
    return Answer(
        by=draw(_logins),
        at=None if is_pending else opened + draw(_spans) - timedelta(seconds=draw(st.sampled_from((0, 0, 0, 30)))),
        state="pending" if is_pending else state,
        is_deleted=draw(st.integers(0, 7)) == 0,
        is_overtaken=draw(st.integers(0, 7)) == 0,
    )


@st.composite
def pulls(draw: st.DrawFn) -> Pull:
    """A pull request that is merged, closed or open."""
    opened = START + timedelta(days=draw(st.integers(0, DAYS)), seconds=draw(_seconds))
    end, is_merged = opened + draw(_spans), draw(st.integers(0, 3)) > 0
    is_closed = not is_merged and draw(st.booleans())
    return Pull(
        opened=opened,
        author=draw(_logins),
        merged=end if is_merged else None,
        closed=end if is_closed else None,
        loc=draw(st.sampled_from(((0, 0), (3, 4), (700, 300), (4000, 1)))),
        answers=draw(st.lists(answers(opened), max_size=4)),
        is_deleted=draw(st.integers(0, 7)) == 0,
    )


@st.composite
def histories(draw: st.DrawFn, repo_id: str) -> History:
    """A repository of up to fourteen commits and six pull requests."""
    count = draw(st.integers(0, 14))
    made = [draw(changes(f"{repo_id}-{number}")) for number in range(count)]
    ranges = st.tuples(st.sampled_from([change.name for change in made] + ["unknown"]), st.integers(1, 9))
    return History(
        repo_id=repo_id,
        changes=made,
        people=PEOPLE,
        blame=draw(st.dictionaries(st.sampled_from(PATHS), st.lists(ranges, min_size=1, max_size=3), max_size=3)),
        counts_any_branch=draw(st.booleans()),
        pulls=draw(st.lists(pulls(), max_size=6)),
        accounts=ACCOUNTS,
        asked_for_pulls=draw(st.booleans()),
    )


organisations = st.tuples(*(histories(f"repo-{number}") for number in range(3))).map(list)
"""The repositories of one organisation."""
