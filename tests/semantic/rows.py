"""A row for each table of the semantic database, by the revision that makes it."""

from datetime import UTC, date, datetime
from typing import Any

AT = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = {"since": date(2026, 1, 1), "before": date(2026, 1, 8)}

ROWS: dict[str, dict[str, dict[str, Any]]] = {
    "0001": {
        "organizations": {"org_id": "o", "slug": "acme", "created_at": AT},
        "repositories": {
            "org_id": "o",
            "repo_id": "r",
            "provider": "local_git",
            "provider_host": "h",
            "provider_id": "/srv/shop",
            "name": "shop",
            "created_at": AT,
        },
        "repository_aliases": {"org_id": "o", "alias": "/srv/shop", "repo_id": "r", "created_at": AT},
        "sync_configurations": {
            "org_id": "o",
            "configuration_id": "c",
            "provider": "local_git",
            "name": "shop",
            "sources": ["/srv/shop"],
            "targets": ["git"],
            "options": {"depth_days": 9},
            "is_paused": True,
            "created_at": AT,
            "updated_at": AT,
        },
        "sync_watermarks": {
            "org_id": "o",
            "repo_id": "r",
            "target": "git",
            "at": AT,
            "cursor": "where",
            "updated_at": AT,
        },
        "metric_dirty_ranges": {"org_id": "o", "repo_id": "r", **DAYS, "reason": "git", "created_at": AT},
    },
    "0002": {"tiers": {"tier": "trial", "backfill_days": 2}},
    "0003": {
        "users": {
            "user_id": "u",
            "email": "ada@example.org",
            "display_name": "Ada",
            "password_hash": None,
            "created_at": AT,
        },
        "memberships": {"org_id": "o", "user_id": "u", "role": "owner", "created_at": AT},
    },
    "0004": {
        "settings": {"org_id": "o", "name": "zone", "value": "UTC", "is_encrypted": False, "updated_at": AT},
        "integration_credentials": {
            "org_id": "o",
            "name": "git-host",
            "provider": "local_git",
            "ciphertext": "x",
            "created_at": AT,
            "updated_at": AT,
        },
    },
    "0005": {
        "sync_configurations": {
            "org_id": "o",
            "configuration_id": "c2",
            "provider": "local_git",
            "name": "found",
            "sources": [],
            "targets": ["git"],
            "options": {},
            "is_paused": False,
            "discovery": ["/srv/*.git"],
            "schedule": "@daily",
            "credential_name": "git-host",
            "last_outcome": "failed",
            "created_at": AT,
            "updated_at": AT,
        }
    },
    "0006": {
        "identity_mappings": {
            "org_id": "o",
            "alias": "ada",
            "identity_id": "ada@example.org",
            "is_bot": False,
            "created_at": AT,
            "updated_at": AT,
        }
    },
    "0007": {
        "teams": {"org_id": "o", "team_id": "platform", "name": "Platform", "created_at": AT},
        "team_mappings": {
            "org_id": "o",
            "team_id": "platform",
            "kind": "member",
            "pattern": "ada@example.org",
            "valid_from": date(1970, 1, 1),
            "valid_to": None,
            "created_at": AT,
        },
    },
    "0008": {
        "backfill_jobs": {
            "org_id": "o",
            "job_id": "j",
            "provider": "local_git",
            "configuration": "shop",
            "targets": ["git"],
            **DAYS,
            "sort_order": "oldest_first",
            "window_days": 7,
            "origin": "dag",
            "dag_id": "backfill",
            "run_id": "manual",
            "status": "running",
            "requested_at": AT,
        },
        "backfill_chunks": {
            "org_id": "o",
            "job_id": "j",
            "number": 1,
            "source": "/srv/shop",
            "name": "shop",
            "target": "git",
            **DAYS,
            "status": "pending",
            "attempts": 0,
            "rows": 0,
            "requests": 0,
        },
    },
    "0009": {
        "sync_runs": {
            "org_id": "o",
            "run_id": "1",
            "unit_id": "shop-git",
            "provider": "local_git",
            "configuration": "shop",
            "name": "shop",
            "target": "git",
            "mode": "full",
            "before": AT,
            "outcome": "stored",
            "rows": 5,
            "requests": 1,
            "fetch_seconds": 0.5,
            "process_seconds": 0.25,
            "store_seconds": 0.125,
            "finished_at": AT,
        }
    },
    "0010": {
        "sync_watermarks": {
            "org_id": "o",
            "repo_id": "r",
            "target": "blame",
            "at": AT,
            "updated_at": AT,
            "mark": "moved 3",
        }
    },
    "0011": {
        "repositories": {
            "org_id": "o",
            "repo_id": "g",
            "provider": "github",
            "provider_host": "github.com",
            "provider_id": "7",
            "name": "acme/gone",
            "created_at": AT,
            "gone_since": AT,
        }
    },
    "0012": {
        "record_versions": {"org_id": "o", "repo_id": "r", "target": "git", "newest": AT},
        "sync_watermarks": {
            "org_id": "o",
            "repo_id": "r",
            "target": "prs",
            "at": AT,
            "updated_at": AT,
            "version": AT,
        },
    },
}
