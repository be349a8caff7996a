"""Recorded issues in, exact records out: every recorded issue comes through, and no pull request does."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from devhealth.errors import RecordError
from devhealth.models import github_issue_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_issue_pages import IssuesState
from devhealth.models.table import Record, table_of
from devhealth.processors.github import work_items as processor
from devhealth.staging import UnitStaging
from tests.fixtures import fixtures
from tests.github import replay
from tests.pull_request_sync import unit_for

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_LISTS = {
    "hub4j": ["AppTest/testListIssues", "GHIssueEventTest/testEventsForSingleIssue"],
    "octokit": ["octokit/paginate-issues"],
}


class _Pages:
    """Stages pages as a connector would."""

    def __init__(self, folder, *, name="acme/shop"):
        self.staging, self.folder, self.number = UnitStaging(str(folder)), folder, 0
        state = IssuesState(fetched_at=_AT, at=_AT, host="github.com", repository=name)
        self.staging.write_page(github_pages.STATE, msgspec.json.encode(state))

    def add(self, name, kind, answer, about="", following=""):
        content = github_pages.encode(kind, _AT, json.dumps(answer).encode(), about=str(about), next=following)
        self.staging.write_page(name, content)

    def records(self, **changes):
        self.staging.write_page(github_pages.CURSOR, b"{}")
        unit = unit_for(self.folder, **({"target": "work-items"} | changes))
        return [record for batch in processor.to_records(self.staging.pages(), unit) for record in batch]


def _rows(records, table):
    return [record for record in records if isinstance(record, Record) and table_of(type(record)).name == table]


def _stage(pages, rows, timelines=None):
    """Rows of a list with a timeline of each issue."""
    pages.add("100-issues-00001", kinds.LISTED, rows)
    for place, row in enumerate((row for row in rows if not row.get("pull_request")), 1):
        timeline = (timelines or {}).get(row["number"], [])
        pages.add(f"100-issues-00001-more-{place:05d}", kinds.TIMELINE, timeline, row["number"])


def _issue(**changes):
    row = {"number": 1, "id": 11, "title": "It", "state": "open"}
    return row | {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"} | changes


def test_of_the_recorded_repository_one_row_in_thirty_nine_is_an_issue(tmp_path):
    rows = json.loads((fixtures("github/faros-airbyte-connectors") / "issues.json").read_text())
    pages = _Pages(tmp_path, name="faros-ai/airbyte-connectors")
    _stage(pages, rows)
    records = pages.records()
    [item] = _rows(records, "work_items")
    [raw] = [row for row in rows if not row.get("pull_request")]
    assert len(rows) == 39
    assert (item.item_id, item.key) == (str(raw["id"]), f"faros-ai/airbyte-connectors#{raw['number']}")
    assert (item.title, item.author, item.comments_count) == (raw["title"], raw["user"]["login"].lower(), 0)
    assert (item.labels, item.kind, item.assignees) == (["bug"], "bug", []), "its assignees are numbers, and nobody"
    assert (item.status, item.status_category, item.closed_at) == ("open", "todo", None)
    assert not _rows(records, "work_item_transitions")


@pytest.mark.parametrize(("file", "scenario"), [(file, one) for file, many in _LISTS.items() for one in many])
def test_every_recorded_issue_comes_through(tmp_path, file, scenario):
    rows = replay.read(fixtures(f"github/http/{file}.jsonl"), scenario)
    listed = [row for row in rows if "/issues?" in row["url"] and isinstance(row["body"], list)]
    expected = {str(one["id"]): one for row in listed for one in row["body"] if not one.get("pull_request")}
    alone = [row["body"]["issue"] for row in rows if isinstance(row["body"], dict) and "issue" in row["body"]]
    pages = _Pages(tmp_path)
    for number, body in enumerate([row["body"] for row in listed] or [alone], 1):
        expected |= {str(one["id"]): one for one in alone if not one.get("pull_request")}
        name = github_pages.name(100, "issues", number)
        pages.add(name, kinds.LISTED, body)
        for place, one in enumerate((one for one in body if not one.get("pull_request")), 1):
            events = [row["body"] for row in rows if row["url"].endswith(f"/issues/{one['number']}/events")]
            pages.add(f"{name}-more-{place:05d}", kinds.TIMELINE, (events or [[]])[0], one["number"])
    items = {item.item_id: item for item in _rows(pages.records(), "work_items")}
    assert items.keys() == expected.keys()
    assert items
    for item_id, raw in expected.items():
        item, login = items[item_id], (raw["user"] or {}).get("login", "ghost").lower()
        assert item.author == (None if login == "ghost" else login)
        assert item.labels == sorted({label["name"] for label in raw["labels"]})
        assert item.assignees == sorted({one["login"].lower() for one in raw.get("assignees") or ()})
        assert item.milestone == (raw["milestone"]["title"] if raw["milestone"] else None)
        for name in ("created_at", "updated_at", "closed_at"):
            at = getattr(item, name)
            assert (at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None) == raw[name]


def test_what_identifies_is_required_and_named(tmp_path):
    pages = _Pages(tmp_path)
    row = _issue(number=7)
    del row["id"]
    _stage(pages, [row])
    with pytest.raises(RecordError, match=r"acme/shop: 7: Object missing required field `id`"):
        pages.records()


def test_what_may_be_absent_or_null_may_be_so(tmp_path):
    pages = _Pages(tmp_path)
    names = (
        "user",
        "labels",
        "assignees",
        "milestone",
        "type",
        "state_reason",
        "closed_at",
        "parent_issue_url",
        "body",
    )
    _stage(pages, [_issue(), _issue(number=2, id=12, **dict.fromkeys((*names, "pull_request")))])
    assert [item.item_id for item in _rows(pages.records(), "work_items")] == ["11", "12"]


def test_a_timeline_of_rest_as_github_tells_it(tmp_path):
    pages, at = _Pages(tmp_path), "2026-01-02T00:00:00Z"
    who = {"actor": {"login": "Ada", "id": 1, "type": "User"}, "created_at": at}
    card = {"column_name": "Doing", "previous_column_name": "To do", "project_id": 3}
    told = [
        {"event": "labeled", "id": 1, "label": {"name": "bug", "color": "f00"}, **who},
        {"event": "assigned", "id": 2, "assignee": {"login": "Grace", "id": 2, "type": "User"}, **who},
        {"event": "milestoned", "id": 3, "milestone": {"title": "v2"}, **who},
        {"event": "closed", "id": 4, "state_reason": "not_planned", **who, "actor": None},
        {"event": "reopened", "id": 5, **who},
        {"event": "moved_columns_in_project", "id": 6, "project_card": card, **who},
        {"event": "project_v2_item_status_changed", "id": 7, **who},
        {"event": "commented", "id": 8, "user": {"login": "ada"}, "body": "!", **who},
        {"event": "cross-referenced", "source": {"type": "issue"}, **who},
        {"event": "committed", "sha": "00", "author": {"date": at}},
        {"event": "line-commented", "comments": []},
    ]
    _stage(pages, [_issue()], {1: told})
    rows = [
        (row.transition_id, row.field, row.from_value, row.to_value, row.actor)
        for row in _rows(pages.records(), "work_item_transitions")
    ]
    assert rows == [
        ("1", "label", None, "bug", "ada"),
        ("2", "assignee", None, "grace", "ada"),
        ("3", "milestone", None, "v2", "ada"),
        ("4", "state", "open", "not_planned", None),
        ("5", "state", "closed", "open", "ada"),
        ("6", "status", "To do", "Doing", "ada"),
        ("7", "status", None, None, "ada"),
    ]


def test_rows_of_one_that_goes_on_are_those_that_are_whole(tmp_path):
    pages = _Pages(tmp_path)
    pages.add("200-news-00001", kinds.LISTED, [_issue(), _issue(number=2, id=12), _issue(number=3, id=13)])
    pages.add("200-news-00001-more-00001", kinds.TIMELINE, [], "=1")
    pages.add("200-news-00001-more-00002", kinds.GONE, {"id": 12}, "2")
    pages.add("400-named-00001", kinds.GONE, {"id": None}, "9")
    records = pages.records(mode="incremental")
    assert not _rows(records, "work_items"), "1 is stored already, 2 is gone, nothing was taken of 3"
    gone = {record.table: record.values for record in records if not isinstance(record, Record)}
    assert gone == {"work_items": ("12",), "work_item_transitions": ("12",)}
