"""Blame of histories of any graph, synced step by step."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.local_git.blame_runs import Stored, plain_blame
from tests.connectors.local_git.small_git import settings_in
from tests.examples import examples
from tests.git_histories import Commit, histories, make_repository, set_refs


@st.composite
def moved_tips(draw: st.DrawFn) -> tuple[list[Commit], list[int]]:
    """A history, and the commits its default branch points at, one after the other: forward, sideways, back."""
    commits = draw(histories())
    return commits, draw(st.lists(st.integers(0, len(commits) - 1), min_size=2, max_size=4))


@examples(25)
@given(moved_tips())
def test_steps_end_where_plain_blame_of_the_last_tip_does(moved: tuple[list[Commit], list[int]]) -> None:
    commits, tips = moved
    with tempfile.TemporaryDirectory() as scratch:
        folder, ours = Path(scratch) / "shop", settings_in(Path(scratch) / "home")
        shas = make_repository(folder, commits, {"refs/heads/main": tips[0]})
        stored = Stored()
        for tip in tips:
            set_refs(folder, shas, {"refs/heads/main": tip})
            stored.sync(folder, ours)
        assert stored.lines() == plain_blame(folder)
