"""Rows of pull requests for tests that are about something else."""

from datetime import UTC, datetime
from typing import Any

from devhealth.models.pull_requests import PullRequest


def pull_request(number: int, fetched_at: datetime, **changes: Any) -> PullRequest:
    """An open pull request of acme's repository shop; anything can be changed."""
    fields: dict[str, Any] = {
        "org_id": "acme",
        "repo_id": "shop",
        "number": number,
        "provider": "github",
        "provider_host": "github.com",
        "provider_id": str(number),
        "title": "Add it",
        "state": "open",
        "is_draft": False,
        "author": "ann",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "updated_at": datetime(2026, 1, 1, tzinfo=UTC),
        "merged_at": None,
        "closed_at": None,
        "merged_by": None,
        "base_branch": "main",
        "base_sha": None,
        "head_branch": "feature",
        "head_sha": None,
        "head_repository": None,
        "merge_commit_sha": None,
        "additions": 0,
        "deletions": 0,
        "changed_files": 0,
        "labels": [],
        "milestone": None,
        "requested_reviewers": [],
        "linked_issues": [],
        "auto_merge_enabled_at": None,
        "reviews_count": 0,
        "comments_count": 0,
        "commits_count": 0,
        "is_deleted": False,
        "fetched_at": fetched_at,
    }
    return PullRequest(**(fields | changes))
