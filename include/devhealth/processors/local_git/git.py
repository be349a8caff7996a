"""Target `git`: pages of `devhealth.models.git_pages` as records."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from devhealth.errors import RecordError
from devhealth.models import git_pages
from devhealth.models.git import CommitReachability, Ref, Repository
from devhealth.models.git_pages import GitState
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.processors.local_git.identities import Identities
from devhealth.processors.local_git.numstat import BATCH, CommitReader, token_blocks
from devhealth.processors.local_git.times import instant
from devhealth.processors.local_git.trailers import co_authors
from devhealth.staging import Page

EVIDENCE = "repositories"

_REACHED_FROM = {
    git_pages.NEW_IN_DEFAULT: (True, True),
    git_pages.NEW_ELSEWHERE: (True, False),
    git_pages.JOINED_DEFAULT: (True, True),
    git_pages.LEFT_DEFAULT: (True, False),
    git_pages.UNREACHABLE: (False, False),
}
"""Page to (is_reachable, in_default_branch)."""

Batch = list[Record | Snapshot]


def to_records(pages: Iterable[Page], unit: Unit) -> Iterator[Batch]:
    """Records of the pages in the order of their names, in batches of one type each, as the pages arrive.

    The whole list of refs, unless another unit tells of them, is followed by its Snapshot, and so is that of
    reachability when the pages list all of it and end with the cursor: pages of a damaged repository say nothing about
    what they lack. The files of commits that are read again are replaced as a set.
    """
    remaining = iter(pages)
    first = next(remaining, None)
    if first is None or first.name != git_pages.STATE:
        raise RecordError(
            f"{unit.name}: expected page {git_pages.STATE} first, got {first.name if first else 'no page'}. Sync again."
        )
    state = msgspec.json.decode(first.read(), type=GitState)
    identities = Identities(unit, state.fetched_at, state.mailmap)
    reader = CommitReader(unit, state.fetched_at, identities)
    if state.lists_refs:
        yield from _refs(unit, state)
    is_complete = False
    for page in remaining:
        if page.name.startswith(git_pages.COMMITS):
            with page.open() as file:
                yield from reader.read(file)
        elif page.name in _REACHED_FROM:
            yield from _reachability(page, unit, state.fetched_at)
        elif page.name == git_pages.PEOPLE:
            yield from _people(page, identities)
        is_complete = page.name == git_pages.CURSOR
    if state.reads_again:
        snapshot = _snapshot("commit_file_stats", unit, state)
        yield [msgspec.structs.replace(snapshot, column="sha", beside="commits")]
    if is_complete and state.is_reachability_whole:
        yield [_snapshot("commit_reachability", unit, state)]


def _refs(unit: Unit, state: GitState) -> Iterator[Batch]:
    repository = Repository(
        org_id=unit.org_id,
        repo_id=unit.repo_id,
        provider=unit.provider,
        name=unit.name,
        default_branch=state.default_branch if state.tips else None,
        is_shallow=state.is_shallow,
        counts_any_branch=bool(unit.options.get("counts_any_branch", False)),
        fetched_at=state.fetched_at,
    )
    yield [repository]
    default = {f"refs/heads/{state.default_branch}", f"refs/remotes/origin/{state.default_branch}"}
    yield [
        Ref(
            org_id=unit.org_id,
            repo_id=unit.repo_id,
            name=ref.name,
            kind="branch" if ref.is_branch else "tag",
            sha=ref.sha,
            is_default=ref.name in default,
            is_deleted=False,
            created_at=None if ref.created_at is None else instant(ref.created_at),
            fetched_at=state.fetched_at,
        )
        for ref in state.refs
    ]
    if not state.missing_refs:
        yield [_snapshot("refs", unit, state)]


def _snapshot(table: str, unit: Unit, state: GitState) -> Snapshot:
    return Snapshot(table=table, org_id=unit.org_id, repo_id=unit.repo_id, version=state.fetched_at)


def _reachability(page: Page, unit: Unit, fetched_at: datetime) -> Iterator[Batch]:
    is_reachable, in_default_branch = _REACHED_FROM[page.name]
    org_id, repo_id = unit.org_id, unit.repo_id
    batch: Batch = []
    with page.open() as lines:
        for line in lines:
            seconds, sha = line.split()
            batch.append(
                CommitReachability(
                    org_id=org_id,
                    repo_id=repo_id,
                    committed_at=instant(git_pages.seconds_of(seconds)),
                    sha=sha.decode(),
                    is_reachable=is_reachable,
                    in_default_branch=in_default_branch,
                    fetched_at=fetched_at,
                )
            )
            if len(batch) >= BATCH:
                yield batch
                batch = []
    yield batch


def _people(page: Page, identities: Identities) -> Iterator[Batch]:
    size = git_pages.PEOPLE_FIELDS
    rest: list[str] = []
    with page.open() as file:
        for block in token_blocks(file):
            tokens = rest + block
            whole = len(tokens) // size * size
            met = set()
            for at in range(0, whole, size):
                author, author_email, committer, committer_email, body = tokens[at : at + size]
                met |= {(author, author_email), (committer, committer_email), *co_authors(body, author_email)}
            rest = tokens[whole:]
            yield list(identities.of(met))
