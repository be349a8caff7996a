"""Recorded pull requests in, exact records out; the same rows from either interface."""

import json
import re
from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest

from devhealth.errors import RecordError
from devhealth.models import github_pages
from devhealth.models import github_prs_pages as kinds
from devhealth.models.accounts import Account, AccountEmail
from devhealth.models.github_prs_pages import PullRequestsState
from devhealth.models.table import Record, Snapshot, table_of
from devhealth.processors.github import prs as processor
from devhealth.processors.github import staged
from devhealth.staging import UnitStaging
from tests.fixtures import fixtures
from tests.pull_request_sync import unit_for

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_REPOSITORY = "github/faros-airbyte-connectors"


class _Pages:
    """Stages pages as a connector would."""

    def __init__(self, folder, *, is_rest=True, chosen=None, name="acme/shop"):
        self.staging, self.folder, self.number = UnitStaging(str(folder)), folder, 0
        state = PullRequestsState(
            fetched_at=_AT,
            at=_AT,
            host="github.com",
            repository=name,
            is_rest=is_rest,
            total=None,
            open={},
            chosen=chosen,
        )
        self.staging.write_page(github_pages.STATE, msgspec.json.encode(state))

    def add(self, kind, answer, about=""):
        self.number += 1
        name = github_pages.name(200, "chosen", 1, self.number)
        content = github_pages.encode(kind, _AT, json.dumps(answer).encode(), about=str(about))
        self.staging.write_page(name, content)

    def records(self, **changes):
        self.staging.write_page(github_pages.CURSOR, b"{}")
        batches = processor.to_records(self.staging.pages(), unit_for(self.folder, **changes))
        return [record for batch in batches for record in batch]


def _rows(records, table):
    return [record for record in records if isinstance(record, Record) and table_of(type(record)).name == table]


def _read(name):
    return json.loads((fixtures(_REPOSITORY) / f"{name}.json").read_text())


def _of(rows, number, link):
    return [row for row in rows if row[link].endswith(f"/{number}")]


@pytest.fixture
def recorded(tmp_path):
    pages = _Pages(tmp_path, name="faros-ai/airbyte-connectors")
    reviews, comments = _read("reviews"), _read("review_comments")
    for pull in _read("pull_details"):
        number = pull["number"]
        pages.add(kinds.REST_PULL, pull, number)
        pages.add(kinds.REST_REVIEWS, _of(reviews, number, "pull_request_url"), number)
        pages.add(kinds.REST_LINE_COMMENTS, _of(comments, number, "pull_request_url"), number)
    return pages


def test_the_recorded_repository_to_exact_totals(recorded):
    records = recorded.records()
    pulls = _rows(records, "pull_requests")
    assert Counter(pull.state for pull in pulls) == {"merged": 34, "closed": 3, "open": 1}
    reviews = _rows(records, "pull_request_reviews")
    assert Counter(review.state for review in reviews) == {"commented": 90, "approved": 31}
    assert sum(pull.reviews_count for pull in pulls) == 121
    comments = _rows(records, "pull_request_comments")
    assert Counter((comment.kind, comment.body) for comment in comments) == {("line", None): 87}
    assert sum(pull.comments_count for pull in pulls) == 87


def test_every_field_of_the_recorded_repository_as_its_json_has_it(recorded):
    records = recorded.records()
    pulls = {pull.number: pull for pull in _rows(records, "pull_requests")}
    for raw in _read("pull_details"):
        pull = pulls[raw["number"]]
        assert pull.provider_id == str(raw["id"])
        assert pull.author == raw["user"]["login"].lower()
        assert (pull.title, pull.is_draft) == (raw["title"], raw["draft"])
        for name in ("created_at", "updated_at", "merged_at", "closed_at"):
            at = getattr(pull, name)
            assert (at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None) == raw[name]
        assert pull.merge_commit_sha == (raw["merge_commit_sha"] if raw["merged_at"] else None)
        sizes = (pull.additions, pull.deletions, pull.changed_files, pull.commits_count)
        assert sizes == tuple(raw[name] for name in ("additions", "deletions", "changed_files", "commits"))
        assert (pull.base_branch, pull.base_sha) == (raw["base"]["ref"], raw["base"]["sha"])
        assert (pull.head_branch, pull.head_sha) == (raw["head"]["ref"], raw["head"]["sha"])
        assert pull.head_repository == (raw["head"].get("repo") or {}).get("full_name")
        assert pull.labels == sorted(label["name"] for label in raw["labels"])
        assert pull.requested_reviewers == [], "the recording has numbers of people instead of people"
    comments = {comment.comment_id: comment for comment in _rows(records, "pull_request_comments")}
    for raw in _read("review_comments"):
        comment = comments[str(raw["id"])]
        assert comment.review_id == str(raw["pull_request_review_id"])
        assert comment.reply_to == (str(raw["in_reply_to_id"]) if raw.get("in_reply_to_id") else None)
        assert (comment.path, comment.body_length) == (raw["path"], len(raw["body"]))
    reviews = {review.review_id: review for review in _rows(records, "pull_request_reviews")}
    for raw in _read("reviews"):
        review = reviews[str(raw["id"])]
        assert (review.author, review.commit_sha) == (raw["user"]["login"].lower(), raw["commit_id"])
        assert f"{review.submitted_at:%Y-%m-%dT%H:%M:%SZ}" == raw["submitted_at"]


def test_bodies_are_kept_only_where_the_configuration_says_so(recorded):
    said = {str(raw["id"]): raw["body"] for raw in _read("review_comments")}
    comments = _rows(recorded.records(options={"bodies": True}), "pull_request_comments")
    assert {comment.comment_id: comment.body for comment in comments} == said


def _scenario(name):
    for line in (fixtures("github/http") / "hub4j.jsonl").read_text().strip().split("\n"):
        answer = json.loads(line)
        if answer["scenario"].endswith(name) and answer["status"] == 200:
            yield answer


def test_a_pending_review_has_no_date_and_does_not_count(tmp_path):
    found = {}
    for answer in _scenario("/pullRequestReviews"):
        if answer["url"].endswith("/reviews"):
            found |= {review["id"]: review for review in answer["body"]}
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(482), 482)
    pages.add(kinds.REST_REVIEWS, list(found.values()), 482)
    records = pages.records()
    reviews = _rows(records, "pull_request_reviews")
    assert {(review.review_id, review.state, review.submitted_at) for review in reviews} >= {
        ("2121304234", "pending", None)
    }
    assert _rows(records, "pull_requests")[0].reviews_count == sum(review.state != "pending" for review in reviews)


def test_every_recorded_line_comment_keeps_its_id(tmp_path):
    lists = [a["body"] for a in _scenario("/pullRequestReviewComments") if a["url"].endswith("/pulls/484/comments")]
    raw = {comment["id"]: comment for comments in lists for comment in comments}
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(484), 484)
    for comments in lists:
        pages.add(kinds.REST_LINE_COMMENTS, comments, 484)
    rows = _rows(pages.records(), "pull_request_comments")
    assert {row.comment_id: row.path for row in rows} == {str(key): one["path"] for key, one in raw.items()}


def test_recorded_commits_tie_accounts_to_e_mails(tmp_path):
    [commits] = [a["body"] for a in _scenario("/getListOfCommits") if a["url"].endswith("/commits")]
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(473), 473)
    pages.add(kinds.REST_COMMITS, commits, 473)
    records = pages.records()
    rows = _rows(records, "pull_request_commits")
    assert {row.sha for row in rows} == {one["sha"] for one in commits}
    expected = {(c["author"]["login"].lower(), c["commit"]["author"]["email"].lower()) for c in commits if c["author"]}
    found = {(one.login, one.email) for one in records if isinstance(one, AccountEmail)}
    assert {(login, re.sub(r"^\d+\+", "", email)) for login, email in expected} == found


def test_commits_come_from_a_comparison_too_and_each_once(tmp_path):
    [compared] = [a["body"] for a in _scenario("/listCommitsBetween") if "/compare/" in a["url"]]
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(1), 1)
    pages.add(kinds.REST_COMMITS, compared["commits"][:1], 1)
    pages.add(kinds.REST_COMPARED, compared, 1)
    rows = _rows(pages.records(), "pull_request_commits")
    assert [row.sha for row in rows] == [one["sha"] for one in compared["commits"]]


def test_a_deleted_author_is_nobody(tmp_path):
    [pull] = [a["body"] for a in _scenario("/checkNonExistentAuthor") if a["url"].endswith("/pulls/2")]
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, pull, 2)
    records = pages.records()
    assert _rows(records, "pull_requests")[0].author is None
    assert "ghost" not in {one.login for one in records if isinstance(one, Account)}


def _pull(number, **changes):
    branch = {"ref": "main", "sha": "a" * 40, "repo": {"full_name": "acme/shop", "default_branch": "main"}}
    pull = {
        "number": number,
        "id": 9_000_000_000 + number,
        "title": "Add it",
        "state": "open",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z",
        "user": {"login": "Ada", "id": 1, "type": "User"},
        "base": branch,
        "head": {"ref": "feature", "sha": "b" * 40, "repo": None},
        "additions": 1,
        "deletions": 2,
        "changed_files": 3,
        "commits": 1,
    }
    return pull | changes


def test_what_may_be_absent_is_null(tmp_path):
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(1, user=None, merge_commit_sha="c" * 40), 1)
    [pull] = _rows(pages.records(), "pull_requests")
    nothing = (pull.author, pull.head_repository, pull.merge_commit_sha, pull.milestone, pull.auto_merge_enabled_at)
    assert nothing == (None,) * 5


def test_an_absent_field_is_named_with_its_record(tmp_path):
    pages = _Pages(tmp_path)
    pull = _pull(12)
    del pull["created_at"]
    pages.add(kinds.REST_PULL, pull, 12)
    with pytest.raises(RecordError, match=r"acme/shop, pull request 12: 12: .*`created_at`"):
        pages.records()


def test_an_absent_field_deep_inside_is_named_with_all_it_stands_in(tmp_path):
    reviews = [{"fullDatabaseId": "7", "state": "APPROVED"}, {"fullDatabaseId": "8"}]
    node = {"number": 12, "reviews": {"nodes": reviews}}
    pages = _Pages(tmp_path, is_rest=False, chosen={12: "x"})
    pages.add(kinds.WHOLE, {"data": {"nodes": [node]}}, 12)
    with pytest.raises(RecordError, match=r"acme/shop: 12 reviews 8: .*`state`"):
        pages.records()


def test_a_null_where_a_value_must_be_is_named_too(tmp_path):
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(12, title=None), 12)
    with pytest.raises(RecordError, match=r"pull request 12: 12: Expected `str`, got `null` \(`title`\)"):
        pages.records()


def test_issues_are_linked_by_the_keywords_of_the_text(tmp_path):
    body = "Fixes #1, closes acme/web#2 and resolved https://github.com/acme/api/issues/3. See #4; prefixes #5"
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(12, body=body), 12)
    pages.add(kinds.REST_PULL, _pull(13, body=body, base=_pull(1)["base"] | {"ref": "next"}), 13)
    linked = [pull.linked_issues for pull in _rows(pages.records(), "pull_requests")]
    assert linked == [["acme/api#3", "acme/shop#1", "acme/web#2"], []]


def test_since_when_it_merges_by_itself_is_what_the_events_say(tmp_path):
    pages = _Pages(tmp_path)
    pages.add(kinds.REST_PULL, _pull(12, auto_merge={"merge_method": "squash"}), 12)
    event = {"id": 1, "node_id": "AMEE_1", "event": "auto_squash_enabled", "created_at": "2026-01-01T12:00:00Z"}
    other = {"id": 2, "node_id": "LE_2", "event": "labeled", "created_at": "2026-01-01T12:00:00Z"}
    asked = {"id": 3, "node_id": "RRE_3", "event": "review_requested", "created_at": "2026-01-01T12:00:00Z"}
    asked["requested_team"] = {"slug": "Platform"}
    pages.add(kinds.REST_EVENTS, [event, other, asked], 12)
    records = pages.records()
    assert _rows(records, "pull_requests")[0].auto_merge_enabled_at == datetime(2026, 1, 1, 12, tzinfo=UTC)
    events = {(row.event_id, row.kind, row.subject) for row in _rows(records, "pull_request_events")}
    assert events == {("AMEE_1", "auto_merge_enabled", None), ("RRE_3", "review_requested", "acme/platform")}


def test_what_was_fetched_whole_is_told_in_lots_and_what_is_gone_with_all_below_it(tmp_path, monkeypatch):
    monkeypatch.setattr(staged, "LOT", 2)
    pages = _Pages(tmp_path, chosen={1: "", 2: "", 3: "", 4: ""})
    for number in (1, 2, 3):
        pages.add(kinds.REST_PULL, _pull(number), number)
    pages.add(kinds.REST_GONE, None, 4)
    told = [one for one in pages.records() if isinstance(one, Snapshot)]
    assert {(one.table, one.values) for one in told if one.table == "pull_request_reviews"} == {
        ("pull_request_reviews", (1, 2)),
        ("pull_request_reviews", (3,)),
        ("pull_request_reviews", (4,)),
    }
    assert [one.values for one in told if one.table == "pull_requests"] == [(4,)]
    assert {one.column for one in told} == {"number"}


def test_a_run_that_read_everything_tells_of_the_whole_repository(recorded):
    told = [one for one in recorded.records() if isinstance(one, Snapshot)]
    assert [one.table for one in told] == [*processor.CHILDREN, "pull_requests"]
    assert {(one.column, one.values, one.version) for one in told} == {("", (), _AT)}


def test_pages_begin_with_the_state(tmp_path):
    with pytest.raises(RecordError, match="expected page 000-state first, got no page"):
        list(processor.to_records([], unit_for(tmp_path)))
