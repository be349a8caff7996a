"""Commits and file stats out of the pages `git log --numstat -z` wrote, a block at a time.

Every field is taken by position, so nothing in a name, message or path can be mistaken for something else. A commit of
any number of files passes through in bounded memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

from msgspec import structs

from devhealth.errors import RecordError
from devhealth.models.git import Commit, CommitFileStat
from devhealth.models.git_pages import COMMIT_FIELDS, COMMIT_MARK
from devhealth.models.table import Record, Snapshot
from devhealth.models.unit import Unit
from devhealth.processors.local_git.identities import Identities, Recorded
from devhealth.processors.local_git.texts import decode, plain
from devhealth.processors.local_git.times import raw_date
from devhealth.processors.local_git.trailers import co_authors, is_revert, reverted

BATCH = 10_000
_BLOCK = 1 << 20
_MARK = COMMIT_MARK.decode()
_SMALL, _MEDIUM = 50, 300


def token_blocks(file: BinaryIO) -> Iterator[list[str]]:
    """The NUL-terminated tokens of a file, many at a time."""
    rest = b""
    while block := file.read(_BLOCK):
        whole, separator, tail = block.rpartition(b"\0")
        if separator:
            yield decode(rest + whole).split("\0")
            rest = tail
        else:
            rest += block


@dataclass(slots=True)
class _Open:
    """A commit whose files are being read."""

    fields: list[str]
    committed_at: datetime
    additions: int = 0
    deletions: int = 0
    files: int = 0
    last_path: str | None = None
    last: CommitFileStat | None = None


class CommitReader:
    """Reads the pages of commits of one unit."""

    def __init__(self, unit: Unit, fetched_at: datetime, identities: Identities) -> None:
        self._org_id, self._repo_id, self._fetched_at = unit.org_id, unit.repo_id, fetched_at
        self._name, self._identities = unit.name, identities
        self._people: set[Recorded] = set()

    def read(self, file: BinaryIO) -> Iterator[list[Record | Snapshot]]:
        """Batches of file stats, of identities met for the first time, and of commits, each commit after its files."""
        stats: list[Record | Snapshot] = []
        commits: list[Record | Snapshot] = []
        current: _Open | None = None
        rest: list[str] = []
        for block in token_blocks(file):
            tokens = rest + block if rest else block
            at, end = 0, len(tokens)
            while at < end:
                if tokens[at].startswith(_MARK):
                    if at + COMMIT_FIELDS > end:
                        break
                    if current:
                        commits.append(self._commit(current))
                    current = _opened(tokens[at : at + COMMIT_FIELDS])
                    at += COMMIT_FIELDS
                    continue
                if current is None:
                    raise RecordError(
                        f"{self._name}: a page of commits begins with a file: expected a commit. Sync again."
                    )
                reached = self._files(tokens, at, current, stats)
                if reached == at:
                    break
                at = reached
                if len(stats) >= BATCH:
                    yield stats
                    stats = []
            rest = tokens[at:]
        if current:
            commits.append(self._commit(current))
        yield stats
        people, self._people = self._people, set()
        yield list(self._identities.of(people))
        yield commits

    def _files(self, tokens: list[str], at: int, commit: _Open, stats: list[Record | Snapshot]) -> int:
        """Read files up to the next commit, the end of the tokens or a full batch; the position reached."""
        org_id, repo_id, fetched_at = self._org_id, self._repo_id, self._fetched_at
        sha, committed_at = commit.fields[0], commit.committed_at
        end = len(tokens)
        before = len(stats)
        total_added = total_deleted = 0
        while at < end and len(stats) < BATCH:
            token = tokens[at]
            if token.startswith(_MARK):
                break
            added, deleted, path = token.split("\t", 2)
            old_path = None
            if path:
                at += 1
            elif at + 2 < end:
                old_path, path = plain(tokens[at + 1]), tokens[at + 2]
                at += 3
            else:
                break
            is_binary = deleted == "-"
            additions, deletions = (0, 0) if is_binary else (int(added), int(deleted))
            total_added += additions
            total_deleted += deletions
            stat = CommitFileStat(
                org_id=org_id,
                repo_id=repo_id,
                committed_at=committed_at,
                sha=sha,
                path=path if path.isascii() and path[0] != '"' else plain(path),
                old_path=old_path,
                additions=additions,
                deletions=deletions,
                is_binary=is_binary,
                is_gone=False,
                fetched_at=fetched_at,
            )
            if path == commit.last_path:  # a broken tree has one name twice: one row for both
                stat = _joined(commit, stat)
                commit.files -= 1
                if stats and stats[-1] is commit.last:
                    stats.pop()
                    before -= 1
            commit.last_path, commit.last = path, stat
            stats.append(stat)
        commit.additions += total_added
        commit.deletions += total_deleted
        commit.files += len(stats) - before
        return at

    def _commit(self, read: _Open) -> Commit:
        sha, parents, author, author_email, authored, committer, committer_email, committed, subject, body = read.fields
        helpers = co_authors(body, author_email)
        self._people.update(((author, author_email), (committer, committer_email), *helpers))
        authored_at, author_offset = raw_date(authored)
        reverted_sha = reverted(body)
        lines = read.additions + read.deletions
        return Commit(
            org_id=self._org_id,
            repo_id=self._repo_id,
            committed_at=read.committed_at,
            sha=sha,
            parents=parents.split(),
            author_name=plain(author),
            author_email=plain(author_email),
            authored_at=authored_at,
            author_offset_seconds=author_offset,
            committer_name=plain(committer),
            committer_email=plain(committer_email),
            committer_offset_seconds=raw_date(committed)[1],
            subject=plain(subject),
            additions=read.additions,
            deletions=read.deletions,
            files_changed=read.files,
            size_bucket="small" if lines <= _SMALL else "medium" if lines <= _MEDIUM else "large",
            is_merge=" " in parents,
            is_revert=is_revert(subject, reverted_sha),
            reverted_sha=reverted_sha,
            co_authors=[plain(f"{name} <{email}>") for name, email in helpers],
            fetched_at=self._fetched_at,
        )


def _opened(fields: list[str]) -> _Open:
    fields[0] = fields[0].removeprefix(_MARK)
    return _Open(fields, raw_date(fields[7])[0])


def _joined(commit: _Open, stat: CommitFileStat) -> CommitFileStat:
    """The row of a path that git names once more."""
    before = cast("CommitFileStat", commit.last)
    return structs.replace(
        stat,
        old_path=before.old_path or stat.old_path,
        additions=before.additions + stat.additions,
        deletions=before.deletions + stat.deletions,
        is_binary=before.is_binary and stat.is_binary,
    )
