"""Whom accounts of a provider stand for: what metrics apply, and the days that read differently when it changes.

It changes with the identities of the organisation, the e-mails the provider ties to an account, and the mailmap of a
repository. Whatever the reason, the view `account_people` then says something else than `account_identities` keeps.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

from devhealth.metrics import engine as metrics_engine
from devhealth.models.people import AccountIdentity

Days = dict[str, set[date]]
"""UTC days by repository."""

_AT_ONCE = 5_000
"""Accounts in one query."""


def changed(client: Any, org_id: str, at: datetime) -> list[AccountIdentity]:
    """The rows that make `account_identities` say of each account what holds now; their version is `at`, or later."""
    repo_ids = [repo_id for (repo_id,) in _rows(client, "repositories_with_pull_requests", org_id=org_id)]
    if not repo_ids:
        return []
    return [
        AccountIdentity(
            org_id=org_id,
            repo_id=repo_id,
            login=login,
            identity_id=identity_id,
            is_bot=is_bot,
            fetched_at=max(at, kept_at.replace(tzinfo=UTC) + timedelta(microseconds=1)),
        )
        for repo_id, login, identity_id, is_bot, kept_at in _rows(
            client, "changed_accounts", org_id=org_id, repo_ids=repo_ids
        )
    ]


def touched_days(client: Any, accounts: list[AccountIdentity]) -> Days:
    """The days of all pull requests these accounts of one organisation took part in, by repository."""
    days: Days = defaultdict(set)
    for start in range(0, len(accounts), _AT_ONCE):
        some = accounts[start : start + _AT_ONCE]
        subjects = {"subject_repo_ids": [one.repo_id for one in some], "logins": [one.login for one in some]}
        for repo_id, found in _rows(client, "days_of_accounts", org_id=some[0].org_id, **subjects):
            days[repo_id].update(found)
    return days


def _rows(client: Any, query: str, **parameters: Any) -> list[Any]:
    text = resources.files("devhealth.pipelines.people").joinpath(f"{query}.sql").read_text()
    rows: list[Any] = metrics_engine.execute(client, text, parameters)
    return rows
