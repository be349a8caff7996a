"""What devhealth keeps of a git repository.

Facts of a commit never change, so `commits` and `commit_file_stats` are written once; when a commit is read again, its
files are replaced as a set. What does change stands beside
them: where a commit is reachable from (`commit_reachability`) and whom a recorded name stands for
(`commit_identities`).
`fetched_at` is the version the unit took before it read the refs: about the time, and greater than all given before.
The greatest one wins.
"""

from devhealth.models.table import At, Code, Count, Flag, Instant, Record, Seconds, Text, Texts, table


@table("repositories", key=("org_id", "repo_id"), every_day=("counts_any_branch",))
class Repository(Record, frozen=True):
    """A repository as last seen."""

    org_id: Text
    repo_id: Text
    provider: Code
    name: Text
    default_branch: Text | None
    """Short name; None for an empty repository."""
    is_shallow: Flag
    """The history is cut off: totals are incomplete, its oldest commits (whose changes nobody can tell) left out."""
    counts_any_branch: Flag
    """Metrics count commits of any branch or tag, not only of the default branch."""
    fetched_at: Instant


@table("commits", key=("org_id", "repo_id", "committed_at", "sha"), days=("committed_at",))
class Commit(Record, frozen=True):
    """A commit, its people as recorded (no mailmap applied), its lines against the first parent; merges add none."""

    org_id: Text
    repo_id: Text
    committed_at: At
    sha: Text
    parents: Texts
    author_name: Text
    author_email: Text
    authored_at: At
    author_offset_seconds: Seconds
    """East of UTC, as the commit records it."""
    committer_name: Text
    committer_email: Text
    committer_offset_seconds: Seconds
    subject: Text
    additions: Count
    deletions: Count
    files_changed: Count
    size_bucket: Code
    """small <= 50 lines, medium 51-300, large > 300; additions plus deletions."""
    is_merge: Flag
    is_revert: Flag
    reverted_sha: Text | None
    co_authors: Texts
    """`Name <e-mail>` of each Co-authored-by line."""
    fetched_at: Instant


@table(
    "commit_file_stats",
    key=("org_id", "repo_id", "committed_at", "sha", "path"),
    gone={"additions": 0, "deletions": 0, "is_gone": True},
    days=("committed_at",),
)
class CommitFileStat(Record, frozen=True):
    """Lines one commit added to and deleted from one file; 0 for binary files, submodules count as one line each."""

    org_id: Text
    repo_id: Text
    committed_at: At
    sha: Text
    path: Text
    old_path: Text | None
    """Where a renamed file came from."""
    additions: Count
    deletions: Count
    is_binary: Flag
    is_gone: Flag
    """The commit was read again, and the file is none of its changes now."""
    fetched_at: Instant


@table(
    "commit_reachability",
    key=("org_id", "repo_id", "committed_at", "sha"),
    gone={"is_reachable": False, "in_default_branch": False},
    days=("committed_at",),
)
class CommitReachability(Record, frozen=True):
    """From where a commit can be reached today."""

    org_id: Text
    repo_id: Text
    committed_at: At
    sha: Text
    is_reachable: Flag
    """From any branch or tag."""
    in_default_branch: Flag
    fetched_at: Instant


@table(
    "commit_identities",
    key=("org_id", "repo_id", "name", "email"),
    every_day=("identity_email", "identity_name", "is_bot"),
)
class CommitIdentity(Record, frozen=True):
    """Whom a name and e-mail stand for, as recorded in this repository's commits."""

    org_id: Text
    repo_id: Text
    name: Text
    """As recorded."""
    email: Text
    """As recorded."""
    identity_email: Text
    """Through the mailmap, trimmed and lower-cased; the lower-cased name where there is no e-mail."""
    identity_name: Text
    is_bot: Flag
    fetched_at: Instant


@table("refs", key=("org_id", "repo_id", "name"), gone={"is_deleted": True})
class Ref(Record, frozen=True):
    """A branch or tag as last seen."""

    org_id: Text
    repo_id: Text
    name: Text
    """In full: refs/heads/main."""
    kind: Code
    """branch or tag."""
    sha: Text
    """The commit it points at, annotated tags peeled."""
    is_default: Flag
    is_deleted: Flag
    created_at: At | None
    """Tagger date of an annotated tag."""
    fetched_at: Instant


@table("blame_ranges", key=("org_id", "repo_id", "path", "first_line"), gone={"line_count": 0})
class BlameRange(Record, frozen=True):
    """Consecutive lines of one file that one commit last touched. Never any text.

    All ranges of a file are written together with one `fetched_at`: only rows of the newest one count. A file that is
    empty or gone has a single row with first_line 0 and line_count 0.
    """

    org_id: Text
    repo_id: Text
    path: Text
    first_line: Count
    line_count: Count
    sha: Text
    fetched_at: Instant
