"""Everybody the commits ever recorded: asked for again when the mailmap may have changed, without any diff."""

from pathlib import Path

from devhealth.connectors.local_git.git_failure import failure
from devhealth.connectors.local_git.git_process import GitProcess
from devhealth.models.git_pages import PEOPLE_FORMAT, GitState
from devhealth.models.unit import Unit


def are_asked_again(state: GitState, unit: Unit) -> bool:
    """Whether people of commits that were stored earlier may stand for somebody else now."""
    earlier = state.walks_from
    if unit.mode != "incremental" or earlier is None:
        return False
    return state.is_reachability_whole or earlier.mailmap_digest != state.cursor.mailmap_digest


def list_people(folder: Path, path: Path, state: GitState) -> None:
    """Write the people of every reachable commit to the file, in `PEOPLE_FORMAT`, each commit ended by NUL."""
    asked = "".join(f"{tip}\n" for tip in state.tips).encode()
    if not asked:
        path.touch()
        return
    arguments = ["log", "--stdin", "-z", "--encoding=UTF-8", f"--format={PEOPLE_FORMAT}"]
    with GitProcess(folder, arguments, stdin=asked, stdout=path) as process:
        outcome = process.wait()
    if not outcome.is_success:
        raise failure(folder, outcome)
