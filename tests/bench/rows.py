"""Records to store."""

from datetime import UTC, datetime, timedelta

from devhealth.models.git import CommitFileStat

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def file_changes(count):
    """Plausible file changes, five a commit."""
    return [
        CommitFileStat(
            org_id="bench",
            repo_id="repository",
            committed_at=BEGIN + timedelta(minutes=number // 5),
            sha=f"{number // 5:040x}",
            path=f"src/module_{number % 997}/file_{number % 5}.py",
            old_path=None,
            additions=number % 50,
            deletions=number % 20,
            is_binary=False,
            is_gone=False,
            fetched_at=BEGIN,
        )
        for number in range(count)
    ]
