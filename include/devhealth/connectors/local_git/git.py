"""Target `git`: the refs, the new commits with their numstat, and what became reachable or unreachable.

Pages are those of `devhealth.models.git_pages`. What is new is found by graph: tips now, less the cursor's tips.
Source: git-scm.com/docs/git-log, git-scm.com/docs/git-rev-list
"""

from collections.abc import Iterator, Mapping

import msgspec

from devhealth.connectors.local_git import chunks, damage, people, refs, shared_history, walk
from devhealth.connectors.local_git.git_failure import place
from devhealth.connectors.local_git.source import open_source
from devhealth.connectors.local_git.state import cursor_of, read_cursor, read_state
from devhealth.models import git_pages as pages
from devhealth.models.git_pages import GitState
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging


def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether refs, default branch, mailmap or depth differ from what the cursor says; a few milliseconds."""
    earlier = read_cursor(cursor)
    if earlier is None:
        return True
    listing = refs.list_refs(open_source(source, settings))
    now = cursor_of(listing, options, earlier.tips, refs.default_branch(listing, options), earlier.default_tips)
    return now != msgspec.structs.replace(earlier, backdated=None)


def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The unit's pages, each as soon as it is whole; those an earlier attempt staged are not fetched again.

    Raises SourceCorrupt after the last readable page when commits are unreadable, and then leaves no cursor page.
    """
    staging = UnitStaging(unit.staging)
    folder = open_source(unit.source, settings, unit.planned_until)
    staged = {page.name: page for page in staging.pages()}
    if pages.STATE not in staged and unit.shared:
        shared_history.stage_slice(unit, folder, staging, lambda: read_state(folder, unit, staging))
        staged = {page.name: page for page in staging.pages()}
    elif pages.STATE not in staged:
        staged[pages.STATE] = staging.write_page(pages.STATE, msgspec.json.encode(read_state(folder, unit, staging)))
    state = msgspec.json.decode(staged[pages.STATE].read(), type=GitState)
    if state.tips and not state.default_tips and not unit.options.get("counts_any_branch"):
        told = (
            f"{unit.called} ({place(folder)}) has no default branch, so metrics count none of its commits: its HEAD "
            "names no branch that is there. Name one with `devhealth register PATH --default-branch NAME`, or count "
            "all of them with --any-branch"
        )
        staging.write("warning", told.encode())
    yield staged[pages.STATE]
    broken = damage.Report(folder, unit.called)
    broken.add_missing_refs(state)
    broken.load(staging)
    listed = []
    listings = walk.Listings(folder, state, unit)
    for name in listings.pages:
        if name not in staged:
            with staging.page_file(name) as path:
                listings.write(name, path, broken, staging)
        listed.append(staging.page(name))
        yield listed[-1]
    if people.are_asked_again(state, unit):
        if pages.PEOPLE not in staged:
            with staging.page_file(pages.PEOPLE) as path:
                people.list_people(folder, path, state)
        yield staging.page(pages.PEOPLE)
    yield from chunks.read_commits(folder, listed[:2], state.boundary, staging, settings.max_workers, broken)
    broken.raise_if_any()
    cursor = msgspec.structs.replace(state.cursor, backdated=walk.backdated_in(staging))
    yield staging.write_page(pages.CURSOR, msgspec.json.encode(cursor))
