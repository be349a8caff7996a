"""A list that shows six runs at most, two a page, while runs come and go."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devhealth.connectors.github import run_list
from devhealth.connectors.github.run_list import ListPage, Run
from devhealth.errors import SourceError

CAP, PER_PAGE = 6, 2
START = datetime(2024, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SECONDS = st.integers(0, 80_000)
CHANGES = st.one_of(st.just("came"), st.integers(0, 30))
"""A new run, always the newest; or the number of one that is deleted."""


@pytest.fixture(autouse=True)
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_list, "MOST_RESULTS", CAP)


class _Runs:
    """What a provider holds, by id the second of each; `changes` happen one after each answer."""

    def __init__(self, seconds: list[int], changes: list[str | int]) -> None:
        self.there, self.waiting, self.asked = dict(enumerate(seconds)), list(changes), 0
        self.numbers = count(len(seconds))

    def ask(self, created: str, after: str) -> ListPage:
        self.asked += 1
        since, before = (datetime.fromisoformat(one) for one in created.split(".."))
        runs = [Run(number, START + timedelta(seconds=second)) for number, second in self.there.items()]
        inside = [run for run in runs if since <= run.created_at <= before]
        shown = sorted(inside, key=lambda run: (run.created_at, run.id), reverse=True)[:CAP]
        start = int(after or 0)
        if self.waiting:
            self._change(self.waiting.pop(0))
        following = str(start + PER_PAGE) if start + PER_PAGE < len(shown) else ""
        return ListPage(shown[start : start + PER_PAGE], len(inside), following)

    def _change(self, what: str | int) -> None:
        if isinstance(what, int):
            self.there.pop(what, None)
        else:
            number = next(self.numbers)
            self.there[number] = 81_000 + number

    def read(self) -> set[int]:
        return {run.id for page in run_list.pages(self.ask, START, START + DAY) for run in page.runs}


@given(seconds=st.lists(SECONDS, max_size=20, unique=True), changes=st.lists(CHANGES, max_size=30))
@example(seconds=[5, 4, 3, 2, 1], changes=["came", "came", "came"])
def test_every_run_that_stays_is_read_however_the_list_changes(seconds: list[int], changes: list[str | int]):
    runs = _Runs(seconds, changes)
    at_first = set(runs.there)
    read = runs.read()
    assert at_first & set(runs.there) <= read
    assert runs.asked < 200


def test_more_of_one_second_than_a_list_shows_is_an_error():
    with pytest.raises(SourceError, match="shows 6 of 7 runs created 2024-05-01T00:00:09Z"):
        _Runs([9] * 7, []).read()
