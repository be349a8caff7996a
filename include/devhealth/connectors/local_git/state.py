"""What holds for a whole unit of target `git`, as of the moment its refs are read."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from devhealth.connectors.local_git import refs, walk
from devhealth.models import git_pages as pages
from devhealth.models.git_pages import GitCursor, GitState
from devhealth.models.observation import observed_at
from devhealth.models.unit import Unit
from devhealth.staging import UnitStaging


def read_state(folder: Path, unit: Unit, staging: UnitStaging) -> GitState:
    """The refs as they are now, and what the unit goes on from."""
    fetched_at = observed_at()
    listing = refs.list_refs(folder)
    default = refs.default_branch(listing, unit.options)
    commits, missing = refs.peel(folder, listing)
    default_tips = sorted({commits[name] for name in refs.tips_of(listing, default) if name in commits})
    cursor = cursor_of(listing, unit.options, sorted(set(commits.values())), default, default_tips)
    earlier = read_cursor(staging.read("cursor")) if unit.mode == "incremental" else None
    is_whole = unit.mode == "full" or (
        earlier is None and unit.mode != "backfill" and not unit.options.get("depth_days")
    )
    if earlier and (earlier.shallow_digest, earlier.depth_days) != (cursor.shallow_digest, cursor.depth_days):
        earlier, is_whole = None, not unit.options.get("depth_days")
    if earlier:
        there = walk.walkable(folder, earlier.tips, cursor.tips)
        is_lacking = len(there) < len(earlier.tips) or earlier.backdated is None
        is_whole = is_lacking or any(staging.read(name) is not None for name in ("take-stock", "overlaps"))
        earlier = msgspec.structs.replace(earlier, tips=there)
    return GitState(
        fetched_at=fetched_at,
        refs=refs.as_records(commits, refs.tag_times(folder)),
        missing_refs=missing,
        tips=cursor.tips,
        default_branch=default,
        default_tips=default_tips,
        is_shallow=listing.is_shallow,
        boundary=refs.boundary(folder, listing) if listing.shallow else [],
        reads_again=unit.mode != "backfill" and earlier is None,
        mailmap=listing.mailmap,
        is_reachability_whole=is_whole,
        walks_from=earlier,
        cursor=cursor,
    )


def cursor_of(
    listing: refs.Listing, options: Mapping[str, object], tips: list[str], default: str | None, default_tips: list[str]
) -> GitCursor:
    """What a later walk compares itself with."""
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


def read_cursor(content: bytes | None) -> GitCursor | None:
    """The cursor of the last run; None when there is none, or one of another format."""
    if not content:
        return None
    try:
        cursor = msgspec.json.decode(content, type=GitCursor)
    except msgspec.DecodeError:
        return None
    return cursor if cursor.format_version == pages.FORMAT_VERSION else None
