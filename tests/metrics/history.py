"""Small histories, told in a few words, as the records the metrics read."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1
from itertools import groupby

from devhealth.metrics.definitions import all_definitions
from devhealth.models.git import (
    BlameRange,
    Commit,
    CommitFileStat,
    CommitIdentity,
    CommitReachability,
    Repository,
)
from devhealth.models.table import table_of
from devhealth.pipelines.people import accounts
from tests.metrics import pull_requests
from tests.metrics.pull_requests import Pull

FETCHED = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Change:
    """A commit: `files` maps a path to lines added and deleted."""

    name: str
    at: datetime
    author: str = "ann"
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    is_merge: bool = False
    is_revert: bool = False
    in_default_branch: bool = True
    is_reachable: bool = True
    offset_seconds: int = 0
    authored_at: datetime | None = None

    @property
    def sha(self) -> str:
        return sha1(self.name.encode()).hexdigest()

    @property
    def lines(self) -> int:
        return 0 if self.is_merge else sum(map(sum, self.files.values()))


@dataclass(frozen=True)
class History:
    """A repository. `people` maps a recorded name to (e-mail after the mailmap, is a bot); others have no identity."""

    repo_id: str
    changes: list[Change]
    people: dict[str, tuple[str, bool]] = field(default_factory=dict)
    blame: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    """Path to (name of a change, lines)."""
    counts_any_branch: bool = False
    pulls: list[Pull] = field(default_factory=list)
    accounts: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Login to (e-mail in its commits or "", is a bot)."""
    asked_for_pulls: bool = False

    def identity(self, author: str) -> str:
        return self.people[author][0] if author in self.people else f"{author}@example.com"

    def is_bot(self, author: str) -> bool:
        return author in self.people and self.people[author][1]

    def person(self, login: str | None) -> str:
        """Whom a login stands for; nobody for a deleted account."""
        if login is None:
            return ""
        email = self.accounts[login][0] if login in self.accounts else ""
        return self._recorded().get(email, (email or login, False))[0]

    def is_bot_account(self, login: str | None) -> bool:
        email, is_bot = self.accounts.get(login, ("", False))
        return is_bot or (login or "").endswith("[bot]") or self._recorded().get(email, ("", False))[1]

    def _recorded(self) -> dict[str, tuple[str, bool]]:
        return {f"{name}@example.com": who for name, who in self.people.items()}

    def counted(self, as_of: datetime) -> list[Change]:
        return [
            change
            for change in self.changes
            if change.at <= as_of and (change.in_default_branch or (self.counts_any_branch and change.is_reachable))
        ]


def records(org_id: str, history: History, fetched_at: datetime = FETCHED):
    where = {"org_id": org_id, "repo_id": history.repo_id, "fetched_at": fetched_at}
    yield Repository(
        **where,
        provider="local_git",
        name=history.repo_id,
        default_branch="main",
        is_shallow=False,
        counts_any_branch=history.counts_any_branch,
    )
    for name, (email, is_bot) in history.people.items():
        yield CommitIdentity(
            **where, name=name, email=f" {name}@Example.com", identity_email=email, identity_name=name, is_bot=is_bot
        )
    yield from pull_requests.records(where, history.pulls, history.accounts, asked_for=history.asked_for_pulls)
    for change in history.changes:
        yield from _of_change(where, change)
    names = {change.name: change for change in history.changes}
    for path, ranges in history.blame.items():
        first_line = 1
        for name, lines in ranges:
            sha = names[name].sha if name in names else "0" * 40
            yield BlameRange(**where, path=path, first_line=first_line, line_count=lines, sha=sha)
            first_line += lines


def _of_change(where, change: Change):
    key = where | {"committed_at": change.at, "sha": change.sha}
    files = {} if change.is_merge else change.files
    yield Commit(
        **key,
        parents=["1" * 40] * (2 if change.is_merge else 1),
        author_name=change.author,
        author_email=f" {change.author}@Example.com",
        authored_at=change.authored_at or change.at,
        author_offset_seconds=change.offset_seconds,
        committer_name=change.author,
        committer_email=change.author,
        committer_offset_seconds=0,
        subject=change.name,
        additions=sum(added for added, _ in files.values()),
        deletions=sum(deleted for _, deleted in files.values()),
        files_changed=len(files),
        size_bucket="small" if change.lines <= 50 else "medium" if change.lines <= 300 else "large",
        is_merge=change.is_merge,
        is_revert=change.is_revert,
        reverted_sha=None,
        co_authors=[],
    )
    yield CommitReachability(**key, is_reachable=change.is_reachable, in_default_branch=change.in_default_branch)
    for path, (added, deleted) in files.items():
        yield CommitFileStat(
            **key, path=path, old_path=None, additions=added, deletions=deleted, is_binary=False, is_gone=False
        )


def store(client, stored) -> None:
    """Insert records of any kinds and settle whom accounts stand for."""
    stored = list(stored)
    insert(client, stored)
    for org_id in sorted({record.org_id for record in stored}):
        insert(client, accounts.changed(client, org_id, FETCHED))


def insert(client, stored) -> None:
    """Insert records of any kinds, as they come."""
    for kind, rows in groupby(sorted(stored, key=lambda record: type(record).__name__), key=type):
        table = table_of(kind)
        columns = [column.name for column in table.columns]
        client.execute(
            f"insert into {table.name} ({', '.join(columns)}) values",
            [[getattr(row, column) for column in columns] for row in rows],
        )


def latest(client, org_id: str) -> dict[str, dict[tuple, dict]]:
    """All rows shown for an organisation: table, then key without the organisation, then the computed columns."""
    return {
        definition.name: _rows(client, f"{definition.name}_latest", definition, org_id)
        for definition in all_definitions()
    }


def _rows(client, source: str, definition, org_id: str) -> dict[tuple, dict]:
    key = definition.table.key[1:]
    columns = definition.computed_columns
    rows = client.execute(f"select {', '.join(columns)} from {source} where org_id = %(org_id)s", {"org_id": org_id})
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    keyed = {tuple(row[column] for column in key): row for row in found}
    assert len(keyed) == len(found), f"{source} shows a key twice"
    return keyed
