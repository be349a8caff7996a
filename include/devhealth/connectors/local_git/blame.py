"""Target `blame`: which commit last touched which lines, for every text file at the tip of the default branch.

Pages are those of `devhealth.models.blame_pages`. A run with a cursor blames only what changed since then.
"""

import os
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import msgspec

from devhealth.connectors.local_git import blame_process, blamed_files
from devhealth.connectors.local_git.git_failure import lack
from devhealth.connectors.local_git.source import is_mirrored, open_source
from devhealth.errors import InputError, SourceCorrupt
from devhealth.models import blame_pages as pages
from devhealth.models.blame_pages import BlameCursor, BlameState
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging

FILES_PER_PAGE = 128


def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether the tip of the default branch is another one than the cursor's."""
    tip = blamed_files.tip(open_source(source, settings), options)
    return tip.commit is not None and tip != _seen(cursor)


def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The pages of the unit; those staged by an earlier attempt are handed on as they are.

    Raises InputError for a backfill, and SourceCorrupt after the last page when a file could not be blamed.
    """
    if unit.mode == "backfill":
        raise InputError(
            f"{unit.name}: blame tells of the files as they are now, so it cannot be backfilled. Leave the target out."
        )
    staging = UnitStaging(unit.staging)
    staged = {page.name: page for page in staging.pages()}
    if pages.CURSOR in staged:
        yield from staged.values()
        return
    folder = open_source(unit.source, settings, unit.planned_until)
    yield staged.get(pages.STATE) or _write_state(staging, folder, unit)
    state = msgspec.json.decode(staging.page(pages.STATE).read(), type=BlameState)
    if state.cursor.commit:
        yield from _blame_pages(staging, folder, unit, settings, state.cursor.commit, state.since)
    yield staging.write_page(pages.CURSOR, msgspec.json.encode(state.cursor))


def _seen(cursor: bytes | None) -> BlameCursor | None:
    try:
        return msgspec.json.decode(cursor, type=BlameCursor) if cursor else None
    except msgspec.DecodeError:
        return None


def _write_state(staging: UnitStaging, folder: Path, unit: Unit) -> Page:
    fetched_at, tip = observed_at(), blamed_files.tip(folder, unit.options)
    is_alone = unit.mode == "incremental" and staging.read("overlaps") is None
    seen = _seen(staging.read("cursor")) if is_alone else None
    since = None
    if tip.commit and seen and seen.commit and seen.shallow_digest == tip.shallow_digest:
        is_on_the_way = blamed_files.first_parents(folder, seen.commit, tip.commit) is not None
        since = seen.commit if is_on_the_way else None
    state = BlameState(fetched_at, tip, since)
    return staging.write_page(pages.STATE, msgspec.json.encode(state))


def _blame_pages(
    staging: UnitStaging, folder: Path, unit: Unit, settings: Settings, commit: str, since: str | None
) -> Iterator[Page]:
    """The pages of files, in the order of their paths: the same files in the same page on every attempt."""
    files = blamed_files.changed(folder, commit, since)
    parts = [files[first : first + FILES_PER_PAGE] for first in range(0, len(files), FILES_PER_PAGE)]
    named = {f"100-{number:07d}": part for number, part in enumerate(parts)}
    staged = {page.name: page for page in staging.pages()}
    wanted = [part for name, part in named.items() if name not in staged]
    unreadable: list[bytes] = []
    needs_graph = not is_mirrored(unit.source) and blame_process.is_worth_a_graph(chain.from_iterable(wanted))
    with blame_process.changed_paths_known(folder, commit, needs_graph=needs_graph) as environment:
        todo = blame_process.Todo(folder, commit, environment, settings.max_workers)
        blamed = blame_process.blame_all(todo, wanted)
        for name in named:
            page = staged.get(name) or staging.write_page(name, pages.join(next(blamed)))
            unreadable += [path for path, ranges in pages.split(page.read()) if ranges == pages.UNREADABLE]
            yield page
    if unreadable:
        condition, remedy = lack(folder)
        raise SourceCorrupt(
            f"{len(unreadable)} of {len(files)} files of {unit.name} cannot be blamed, the first is "
            f"{os.fsdecode(unreadable[0])!r}: the repository is {condition}. {remedy}"
        )
