"""Target `git`: the refs, the new commits with their numstat, and what became reachable or unreachable.

Pages are those of `devhealth.models.git_pages`. What is new is found by graph: tips now, less the cursor's tips.
Source: git-scm.com/docs/git-log, git-scm.com/docs/git-rev-list
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from devhealth.connectors.local_git import chunks, damage, people, refs, walk
from devhealth.connectors.local_git.source import open_source
from devhealth.models import git_pages as pages
from devhealth.models.git_pages import GitCursor, GitState
from devhealth.models.unit import Unit
from devhealth.settings import Settings
from devhealth.staging import Page, UnitStaging


def probe(source: str, options: Mapping[str, object], cursor: bytes | None, settings: Settings) -> bool:
    """Whether refs, default branch, mailmap or depth differ from what the cursor says; a few milliseconds."""
    earlier = _read_cursor(cursor)
    if earlier is None:
        return True
    listing = refs.list_refs(open_source(source, settings))
    now = _cursor(listing, options, earlier.tips, refs.default_branch(listing, options), earlier.default_tips)
    return now != earlier


def fetch(unit: Unit, settings: Settings) -> Iterator[Page]:
    """The unit's pages, each as soon as it is whole; those an earlier attempt staged are not fetched again.

    Raises SourceCorrupt after the last readable page when commits are unreadable, and then leaves no cursor page.
    """
    staging = UnitStaging(unit.staging)
    folder = open_source(unit.source, settings, unit.planned_until)
    staged = {page.name: page for page in staging.pages()}
    if pages.STATE not in staged:
        staged[pages.STATE] = staging.write_page(pages.STATE, msgspec.json.encode(read_state(folder, unit, staging)))
    state = msgspec.json.decode(staged[pages.STATE].read(), type=GitState)
    yield staged[pages.STATE]
    broken = damage.Report(folder, unit.name)
    broken.add_missing_refs(state)
    broken.load(staging)
    listed = []
    for name, write in walk.listings(folder, state, unit).items():
        if name not in staged:
            with staging.page_file(name) as path:
                write(path, broken)
                broken.save(staging)
        listed.append(staging.page(name))
        yield listed[-1]
    if people.are_asked_again(state, unit):
        if pages.PEOPLE not in staged:
            with staging.page_file(pages.PEOPLE) as path:
                people.list_people(folder, path, state)
        yield staging.page(pages.PEOPLE)
    yield from chunks.read_commits(folder, listed[:2], staging, settings.max_workers, broken)
    broken.raise_if_any()
    yield staging.write_page(pages.CURSOR, msgspec.json.encode(state.cursor))


def read_state(folder: Path, unit: Unit, staging: UnitStaging) -> GitState:
    """What holds for the whole unit, as of now."""
    fetched_at = datetime.now(UTC)
    listing = refs.list_refs(folder)
    default = refs.default_branch(listing, unit.options)
    commits, missing = refs.peel(folder, listing)
    default_tips = sorted({commits[name] for name in refs.tips_of(listing, default) if name in commits})
    cursor = _cursor(listing, unit.options, sorted(set(commits.values())), default, default_tips)
    earlier = _read_cursor(staging.read("cursor")) if unit.mode == "incremental" else None
    is_whole = unit.mode == "full" or (
        earlier is None and unit.mode != "backfill" and not unit.options.get("depth_days")
    )
    if earlier and (earlier.shallow_digest, earlier.depth_days) != (cursor.shallow_digest, cursor.depth_days):
        earlier, is_whole = None, not unit.options.get("depth_days")
    if earlier:
        there = walk.walkable(folder, earlier.tips, cursor.tips)
        is_whole = len(there) < len(earlier.tips)
        earlier = msgspec.structs.replace(earlier, tips=there)
    return GitState(
        fetched_at=fetched_at,
        refs=refs.as_records(commits, refs.tag_times(folder)),
        missing_refs=missing,
        tips=cursor.tips,
        default_branch=default,
        default_tips=default_tips,
        is_shallow=listing.is_shallow,
        mailmap=listing.mailmap,
        is_reachability_whole=is_whole,
        walks_from=earlier,
        cursor=cursor,
    )


def _cursor(
    listing: refs.Listing, options: Mapping[str, object], tips: list[str], default: str | None, default_tips: list[str]
) -> GitCursor:
    depth = options.get("depth_days")
    return GitCursor(
        format_version=pages.FORMAT_VERSION,
        objects=listing.objects,
        tips=tips,
        default_branch=default,
        default_tips=default_tips,
        mailmap_digest=listing.mailmap_digest,
        shallow_digest=listing.shallow_digest,
        depth_days=int(str(depth)) if depth else None,
    )


def _read_cursor(content: bytes | None) -> GitCursor | None:
    """The cursor of the last run; None when there is none, or one of another format."""
    if not content:
        return None
    try:
        cursor = msgspec.json.decode(content, type=GitCursor)
    except msgspec.DecodeError:
        return None
    return cursor if cursor.format_version == pages.FORMAT_VERSION else None
