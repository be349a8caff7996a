"""Days that no longer read as reported although nothing marks them dirty."""

from datetime import UTC, date, datetime, timedelta

from devhealth.metrics import engine
from devhealth.metrics.engine import Scope
from tests.metrics import filled
from tests.metrics.history import FETCHED, Change, History, latest, records, store

AS_OF = datetime(2026, 3, 20, 18, tzinfo=UTC)
WHERE = {"org_id": "acme", "repo_id": "repo"}
LATER = WHERE | {"fetched_at": FETCHED + timedelta(hours=1)}


def at(day, hour=12):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def compute(client, scopes=None, computed_at=FETCHED):
    engine.compute(client, scopes or [Scope("acme", "repo", date(2026, 1, 1), date(2027, 1, 1))], AS_OF, computed_at)


def heal(client, *expected):
    """The overdue days are these, each a scope, and none after they are computed."""
    found = engine.overdue(client, ["acme"], AS_OF)
    assert found == [Scope("acme", "repo", first, before) for first, before in expected]
    compute(client, found, FETCHED + timedelta(hours=2))
    assert engine.overdue(client, ["acme"], AS_OF) == []


def test_rows_tell_of_pull_requests_once_they_are_asked_for(client):
    store(client, records("acme", History("repo", [Change("one", at(2))])))
    compute(client)
    store(client, [filled.record("repository_targets", **LATER, target="prs")])
    heal(client, (date(2026, 3, 2), date(2026, 3, 21)))
    assert {row["prs_opened"] for row in latest(client, "acme")["repo_metrics_daily"].values()} == {0}


def test_quiet_days_follow_pull_requests_too(client):
    pull = {"number": 1, "author": "ada", "created_at": at(2)}
    store(client, [filled.record("pull_requests", **WHERE, **pull)])
    engine.compute(client, [Scope("acme", "repo", date(2026, 3, 1), date(2026, 3, 5))], at(4), FETCHED)
    heal(client, (date(2026, 3, 5), date(2026, 3, 21)))


def test_a_reopened_pull_request_was_not_closed(client):
    pull = {"number": 1, "author": "ada", "created_at": at(2)}
    store(client, [filled.record("pull_requests", **WHERE, **pull, closed_at=at(5))])
    compute(client)
    store(client, [filled.record("pull_requests", **LATER, **pull)])
    heal(client, (date(2026, 3, 5), date(2026, 3, 6)))
    assert latest(client, "acme")["repo_metrics_daily"]["repo", date(2026, 3, 5)]["prs_closed_unmerged"] == 0


def test_a_reopened_incident_was_not_resolved(client):
    store(client, [filled.record("incidents", **WHERE, incident_id="1", opened_at=at(2), resolved_at=at(5))])
    compute(client)
    store(client, [filled.record("incidents", **LATER, incident_id="1", opened_at=at(2))])
    heal(client, (date(2026, 3, 5), date(2026, 3, 6)))
    assert {day for _, day in latest(client, "acme")["incident_metrics_daily"]} == {date(2026, 3, 2)}


def test_a_repeated_run_counts_on_the_day_of_its_newest_attempt(client):
    run = {"run_id": "1", "conclusion": "success", "started_at": at(2), "queued_at": at(2)}
    store(client, [filled.record("pipeline_runs", **WHERE, **run, attempt=1, finished_at=at(2, 13))])
    compute(client)
    store(client, [filled.record("pipeline_runs", **LATER, **run, attempt=2, finished_at=at(4, 13))])
    heal(client, (date(2026, 3, 2), date(2026, 3, 3)))
    assert latest(client, "acme")["cicd_metrics_daily"] == {}
