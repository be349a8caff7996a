"""Pull requests and the like of one organisation, enough for each filter of each query to matter."""

from datetime import UTC, datetime, timedelta

from devhealth.models.table import all_tables
from tests.metrics import filled
from tests.metrics.history import insert

HOST = "github.com"


def at(day, hour=12):
    """A time in March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def store_work(client, org_id, repo_id):
    """Ada's pull requests 1 and 3 to 5, Bob's 2; a review and a comment by Bob; a run, a deployment, an incident."""
    where = {"org_id": org_id, "repo_id": repo_id}
    run = {"run_id": "1", "attempt": 1, "conclusion": "success", "queued_at": at(3), "started_at": at(3)}
    deployment = {"deployment_id": "1", "environment": "production", "created_at": at(3), "finished_at": at(4)}
    insert(
        client,
        [
            *(filled.record("accounts", org_id=org_id, provider_host=HOST, login=login) for login in ("ada", "bob")),
            filled.record("account_emails", org_id=org_id, provider_host=HOST, login="ada", email="ada@example.org"),
            filled.record("repository_targets", **where, target="prs"),
            _pull(where, 1, "ada", created_at=at(3), merged_at=at(5), closed_at=at(5)),
            _pull(where, 2, "bob", created_at=at(6), closed_at=at(7)),
            _pull(where, 3, "ada", created_at=at(1)),
            _pull(where, 4, "ada", created_at=at(2)),
            _pull(where, 5, "ada", created_at=at(7)),
            _review(where, 1, "bob"),
            _comment(where, 1, "bob"),
            filled.record("pipeline_runs", **where, **run, finished_at=at(3, 13)),
            filled.record("deployments", **where, **deployment),
            filled.record("incidents", **where, incident_id="1", opened_at=at(3), resolved_at=at(4)),
        ],
    )
    _store_one_of_each(client, where)


def overtake(client, org_id, repo_id):
    """What was computed no longer holds, though nothing marks it dirty."""
    where = {"org_id": org_id, "repo_id": repo_id, "fetched_at": filled.FETCHED + timedelta(hours=1)}
    run = {"run_id": "1", "attempt": 2, "conclusion": "success", "queued_at": at(8), "started_at": at(8)}
    insert(
        client,
        [
            _pull(where, 2, "bob", created_at=at(6)),
            _comment(where, 1, "cleo"),
            filled.record("pipeline_runs", **where, **run, finished_at=at(8, 13)),
            filled.record("incidents", **where, incident_id="1", opened_at=at(3)),
        ],
    )
    client.execute(
        "insert into repo_metrics_daily select * replace (null as prs_opened, computed_at + 1 as computed_at) "
        "from repo_metrics_daily where org_id = %(org_id)s order by day limit 1",
        {"org_id": org_id},
    )


def take_part(client, org_id, repo_id):
    """Bob takes part in pull requests that are Ada's alone in the other organisation; newer than all else there is."""
    where = {"org_id": org_id, "repo_id": repo_id, "fetched_at": filled.FETCHED + timedelta(days=1)}
    insert(client, [_pull(where, 3, "bob", created_at=at(1)), _review(where, 4, "bob"), _comment(where, 5, "bob")])


def _pull(where, number, author, **times):
    state = "merged" if "merged_at" in times else "closed" if "closed_at" in times else "open"
    return filled.record(
        "pull_requests", **where, number=number, provider_host=HOST, author=author, state=state, additions=9, **times
    )


def _review(where, number, author):
    said = {"number": number, "review_id": author, "author": author, "state": "approved", "submitted_at": at(4)}
    return filled.record("pull_request_reviews", **where, **said)


def _comment(where, number, author):
    said = {"number": number, "comment_id": author, "author": author, "created_at": at(4)}
    return filled.record("pull_request_comments", **where, **said)


def _store_one_of_each(client, where):
    for declared in all_tables():
        there = client.execute(f"select count() from {declared.name} where org_id = %(org_id)s", where)[0][0]
        if not declared.is_metric and not there:
            columns = {column.name for column in declared.columns}
            insert(client, [filled.record(declared.name, **{k: v for k, v in where.items() if k in columns})])
