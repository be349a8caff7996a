"""The pull-request metrics of the recorded repository equal those computed by hand from its JSON."""

import statistics
from collections import Counter, defaultdict
from datetime import UTC, date, datetime

import pytest

from devhealth.metrics import engine
from devhealth.metrics.engine import Scope
from tests.fixtures import fixtures
from tests.metrics.history import FETCHED, latest, store
from tests.metrics.recorded_repository import load, login, moment, number, records

AS_OF = datetime(2021, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def answers():
    return load(fixtures("github/faros-airbyte-connectors"))


@pytest.fixture
def shown(client, answers):
    store(client, records(answers))
    engine.compute(client, [Scope("acme", "recorded", date(2021, 1, 1), date(2022, 1, 1))], AS_OF, FETCHED)
    return latest(client, "acme")


def hours(since, until):
    return (moment(until) - moment(since)).total_seconds() / 3600


def percentile(values, percent):
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def reviews_by_others(answers):
    author = {pull["number"]: login(pull["user"]) for pull in answers["pull_details"]}
    bots = {login(user) for user in answers["users"] if user["type"] == "Bot"}
    for review in answers["reviews"]:
        if login(review["user"]) not in {author[number(review)], *bots}:
            yield review, login(review["user"]), author[number(review)]


def test_counts_by_day(answers, shown):
    expected = Counter()
    for pull in answers["pull_details"]:
        expected["prs_opened", pull["created_at"][:10]] += 1
        if pull["merged_at"]:
            expected["prs_merged", pull["merged_at"][:10]] += 1
        elif pull["closed_at"]:
            expected["prs_closed_unmerged", pull["closed_at"][:10]] += 1
    found = Counter()
    for (_, day), row in shown["repo_metrics_daily"].items():
        for column in ("prs_opened", "prs_merged", "prs_closed_unmerged"):
            found[column, day.isoformat()] += row[column]
    assert +found == expected
    totals = [
        sum(count for (name, _), count in expected.items() if name == column) for column in ("prs_opened", "prs_merged")
    ]
    assert totals == [38, 34]


def test_what_pull_requests_took_by_the_day_of_their_merge(answers, shown):
    first_reviews, first_answers = {}, {}
    merged_at = {pull["number"]: pull["merged_at"] or "" for pull in answers["pull_details"]}
    for review, _, _ in reviews_by_others(answers):
        key, at = number(review), review["submitted_at"]
        if at <= merged_at[key]:
            first_reviews[key] = min(at, first_reviews.get(key, at))
            first_answers[key] = min(at, first_answers.get(key, at))
    author = {pull["number"]: login(pull["user"]) for pull in answers["pull_details"]}
    for comment in answers["review_comments"]:
        key, at = number(comment), comment["created_at"]
        if login(comment["user"]) != author[key] and at <= merged_at[key]:
            first_answers[key] = min(at, first_answers.get(key, at))
    by_day = defaultdict(list)
    for pull in answers["pull_details"]:
        if pull["merged_at"]:
            by_day[date.fromisoformat(pull["merged_at"][:10])].append(pull)
    reviews = Counter(map(number, answers["reviews"]))
    comments = Counter(map(number, answers["review_comments"]))
    for day, pulls in by_day.items():
        row, numbers = shown["repo_metrics_daily"]["recorded", day], [pull["number"] for pull in pulls]
        spans = {
            "pr_cycle_hours": [hours(pull["created_at"], pull["merged_at"]) for pull in pulls],
            "pr_first_review_hours": [
                hours(pull["created_at"], first_reviews[pull["number"]])
                for pull in pulls
                if pull["number"] in first_reviews
            ],
            "pr_pickup_hours": [
                hours(pull["created_at"], first_answers[pull["number"]])
                for pull in pulls
                if pull["number"] in first_answers
            ],
            "pr_review_hours": [
                hours(first_reviews[pull["number"]], pull["merged_at"])
                for pull in pulls
                if pull["number"] in first_reviews
            ],
            "pr_size_loc": [loc for pull in pulls if (loc := pull["additions"] + pull["deletions"])],
        }
        for name, values in spans.items():
            assert row[f"{name}_count"] == len(values), (day, name)
            assert row[f"{name}_sum"] == pytest.approx(sum(values)), (day, name)
            for percent in (50, 90):
                expected = percentile(values, percent) if values else None
                assert row[f"{name}_p{percent}"] == pytest.approx(expected), (day, name, percent)
        assert row["unreviewed_prs_count"] == sum(one not in first_reviews for one in numbers)
        assert row["pr_reviews_count_all"] == sum(reviews[one] for one in numbers)
        assert row["pr_comments_count_all"] == sum(comments[one] for one in numbers)
        assert row["large_prs_count"] == sum(pull["additions"] + pull["deletions"] >= 1000 for pull in pulls)


def test_who_reviewed_whom(answers, shown):
    expected = Counter(
        (reviewer, author, review["submitted_at"][:10])
        for review, reviewer, author in reviews_by_others(answers)
        if not author.endswith("[bot]")
    )
    edges = shown["review_edges_daily"]
    assert {
        (who, whom, day.isoformat()): row["reviews_count"] for (_, who, whom, day), row in edges.items()
    } == expected


def test_people(answers, shown):
    """Reviews of bots' pull requests are given, and received by nobody."""
    bots = {login(user) for user in answers["users"] if user["type"] == "Bot"}
    expected = Counter()
    for pull in answers["pull_details"]:
        if login(pull["user"]) not in bots:
            expected["prs_opened", login(pull["user"])] += 1
            expected["prs_merged", login(pull["user"])] += bool(pull["merged_at"])
    for _, reviewer, author in reviews_by_others(answers):
        expected["reviews_given", reviewer] += 1
        expected["reviews_received", author] += author not in bots
    found = Counter()
    for (_, person, _), row in shown["user_metrics_daily"].items():
        for column in ("prs_opened", "prs_merged", "reviews_given", "reviews_received"):
            found[column, person] += row[column]
    assert +found == +expected
