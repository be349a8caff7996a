"""Recorded deployments, releases and tags in, exact records out."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from devhealth.errors import RecordError
from devhealth.models import github_deployments_pages as kinds
from devhealth.models import github_pages
from devhealth.models.github_deployments_pages import ORDERS, DeliveryState, GoneOnes
from devhealth.models.table import Record, Snapshot, table_of
from devhealth.processors.github import deployments as processor
from devhealth.staging import UnitStaging
from tests.delivery_sync import unit_for
from tests.fixtures import fixtures

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_REPOSITORY = "github/faros-airbyte-connectors"


class _Pages:
    """Stages pages as a connector would."""

    def __init__(self, folder, *, is_rest=True, is_whole=True):
        self.staging, self.folder, self.counts = UnitStaging(str(folder)), folder, {}
        state = DeliveryState(
            fetched_at=_AT,
            at=_AT,
            host="github.com",
            repository="acme/shop",
            is_rest=is_rest,
            totals={} if is_rest else {"deployments": 3, "tags": 2, "releases": 1},
            is_whole=is_whole,
        )
        self.kinds = kinds.REST_LISTED if is_rest else kinds.LISTED
        self.staging.write_page(github_pages.STATE, msgspec.json.encode(state))

    def add(self, what, answer, about=""):
        number = self.counts[what] = self.counts.get(what, 0) + 1
        self._write(github_pages.name(ORDERS[what], what, number), self.kinds[what], answer, about)

    def add_rest(self, what, kind, answer, about=""):
        number = self.counts[what, "more"] = self.counts.get((what, "more"), 0) + 1
        self._write(github_pages.name(ORDERS[what], what, self.counts[what], number), kind, answer, about)

    def listed(self, what, rows, about=""):
        """A page of GraphQL."""
        field = "refs" if what == "tags" else what
        self.add(what, {"data": {"repository": {field: {"totalCount": 3, "nodes": rows}}}}, about)

    def records(self, *, is_complete=True):
        if is_complete:
            self.staging.write_page(github_pages.CURSOR, b"{}")
        batches = processor.to_records(self.staging.pages(), unit_for(self.folder))
        return [record for batch in batches for record in batch]

    def rows(self, table):
        return _rows(self.records(), table)

    def _write(self, name, kind, answer, about):
        self.staging.write_page(name, github_pages.encode(kind, _AT, json.dumps(answer).encode(), about=str(about)))


@pytest.fixture
def pages(tmp_path):
    return _Pages(tmp_path)


@pytest.fixture
def graphql(tmp_path):
    return _Pages(tmp_path, is_rest=False)


def _rows(records, table):
    return [record for record in records if isinstance(record, Record) and table_of(type(record)).name == table]


def _read(name):
    return json.loads((fixtures(_REPOSITORY) / f"{name}.json").read_text())


def _answers(scenario, path):
    for line in (fixtures("github/http") / "hub4j.jsonl").read_text().strip().split("\n"):
        answer = json.loads(line)
        if answer["scenario"].endswith(scenario) and path in answer["url"] and answer["status"] == 200:
            yield answer["body"]


def _zulu(at):
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None


def _tells(release, raw):
    """Whether the row has what the recording has."""
    author = raw.get("author") or {}
    return (release.tag, release.name, release.is_draft, release.is_prerelease) == (
        raw["tag_name"],
        raw["name"],
        raw["draft"],
        raw["prerelease"],
    ) and (release.author, _zulu(release.created_at), _zulu(release.published_at)) == (
        author["login"].lower() if author else None,
        raw["created_at"],
        raw["published_at"],
    )


def test_the_recorded_repository(pages):
    pages.add("tags", _read("tags"))
    pages.add("releases", _read("releases"))
    records = pages.records()
    assert [(tag.name, tag.sha) for tag in _rows(records, "tags")] == [
        (raw["name"], raw["commit"]["sha"]) for raw in _read("tags")
    ]
    [release], [raw] = _rows(records, "releases"), _read("releases")
    assert release.release_id == str(raw["id"])
    assert _tells(release, raw)
    assert release.sha == "5a6f58ef51166120242f93960ec1f0caa182c4bd", "where its tag leads"


def test_recorded_deployments(pages):
    [raw] = [row for body in _answers("/testCreateAndListDeployments", "/deployments") for row in body]
    pages.add("deployments", [raw])
    [deployment] = pages.rows("deployments")
    assert deployment.deployment_id == str(raw["id"])
    assert (deployment.environment, deployment.environment_name) == ("unittest", "unittest")
    assert (deployment.sha, deployment.ref, deployment.task) == (raw["sha"], raw["ref"], raw["task"])
    assert deployment.creator == raw["creator"]["login"].lower()
    assert (_zulu(deployment.created_at), _zulu(deployment.updated_at)) == (raw["created_at"], raw["updated_at"])
    assert (deployment.state, deployment.finished_at) == ("pending", None)


def test_recorded_releases(pages):
    found = {raw["id"]: raw for body in _answers("/listReleases", "/releases") for raw in body}
    pages.add("releases", list(found.values()))
    releases = {int(release.release_id): release for release in pages.rows("releases")}
    assert len(found) == 30
    assert set(releases) == set(found)
    assert all(_tells(release, found[number]) for number, release in releases.items())


def test_recorded_tags(pages):
    bodies = list(_answers("/listTags", "/tags"))
    for body in bodies:
        pages.add("tags", body)
    expected = {raw["name"]: raw["commit"]["sha"] for body in bodies for raw in body}
    assert {tag.name: tag.sha for tag in pages.rows("tags")} == expected
    assert len(expected) == 95


def _deployment(number=7, **changes):
    at = "2026-03-01T10:00:00Z"
    statuses = {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    return {
        "id": f"D{number}",
        "databaseId": number,
        "commitOid": "a" * 40,
        "environment": "Prod",
        "createdAt": at,
        "updatedAt": at,
        "statuses": statuses,
    } | changes


def _statuses(*states):
    nodes = [
        {"id": f"S{minute}", "state": state, "createdAt": f"2026-03-01T10:{minute:02}:00Z"}
        for minute, state in enumerate(states, 1)
    ]
    return {"nodes": nodes[::-1]}


@pytest.mark.parametrize(
    ("states", "state", "minute"),
    [
        ((), "pending", None),
        (("QUEUED",), "pending", None),
        (("WAITING",), "pending", None),
        (("PENDING", "IN_PROGRESS"), "running", None),
        (("IN_PROGRESS", "SUCCESS"), "success", 2),
        (("IN_PROGRESS", "FAILURE"), "failed", 2),
        (("ERROR",), "failed", 1),
        (("IN_PROGRESS", "SUCCESS", "INACTIVE"), "success", 2),
        (("SUCCESS", "FAILURE"), "failed", 2),
        (("FAILURE", "IN_PROGRESS", "SUCCESS"), "success", 3),
        (("SUCCESS", "SUCCESS"), "success", 1),
        (("FAILURE", "ERROR", "INACTIVE"), "failed", 1),
        (("SUCCESS", "INACTIVE", "SUCCESS"), "success", 1),
        (("FAILURE", "INACTIVE", "SUCCESS"), "success", 3),
        (("FAILURE", "SUCCESS", "FAILURE", "FAILURE"), "failed", 3),
        (("SUCCESS", "IN_PROGRESS"), "success", 1),
        (("QUEUED", "INACTIVE"), "canceled", None),
        (("SOMETHING_NEW",), "pending", None),
    ],
)
def test_the_state_of_a_deployment_and_when_it_finished(graphql, states, state, minute):
    graphql.listed("deployments", [_deployment(statuses=_statuses(*states))])
    [deployment] = graphql.rows("deployments")
    assert deployment.state == state
    assert deployment.finished_at == (datetime(2026, 3, 1, 10, minute, tzinfo=UTC) if minute else None)


def test_what_may_be_null(graphql):
    empty = dict.fromkeys(("environment", "originalEnvironment", "task", "ref", "creator", "databaseId"))
    graphql.listed("deployments", [_deployment(**empty), None])
    release = {"id": "R1", "tagName": "v1", "isDraft": True, "isPrerelease": False, "createdAt": "2026-03-01T10:00:00Z"}
    graphql.listed("releases", [release | dict.fromkeys(("name", "publishedAt", "author", "tagCommit"))])
    records = graphql.records()
    [deployment], [found] = _rows(records, "deployments"), _rows(records, "releases")
    assert (deployment.deployment_id, deployment.environment, deployment.task) == ("D7", "", "")
    assert (found.release_id, found.name, found.author, found.sha) == ("R1", "", None, None)


@pytest.mark.parametrize("field", ["id", "commitOid", "createdAt", "updatedAt", "statuses"])
def test_what_may_not_be_absent(graphql, field):
    lacking = _deployment()
    del lacking[field]
    graphql.listed("deployments", [_deployment(8), lacking])
    with pytest.raises(RecordError, match=field):
        graphql.records()


def test_statuses_that_could_not_be_read_are_not_none_at_all(graphql):
    graphql.listed("deployments", [_deployment(statuses=None)])
    with pytest.raises(RecordError, match="statuses"):
        graphql.records()


def test_more_statuses_belong_to_their_deployment(graphql):
    graphql.listed("deployments", [_deployment(7, statuses=_statuses("QUEUED")), _deployment(8)])
    more = {"n0": {"id": "D7", "databaseId": 7} | {"statuses": _statuses("QUEUED", "SUCCESS")}, "n1": None}
    graphql.add_rest("deployments", kinds.STATUSES, {"data": {**more, "rateLimit": {"cost": 1}}})
    records = graphql.records()
    assert [row.state for row in _rows(records, "deployments")] == ["success", "pending"]
    assert [(row.deployment_id, row.status_id) for row in _rows(records, "deployment_statuses")] == [
        ("7", "S1"),
        ("7", "S2"),
    ]


def test_a_status_within_the_same_second_comes_after_one_of_a_lower_number(pages):
    at = "2026-03-01T10:00:00Z"
    pages.add("deployments", [{"id": 7, "sha": "a" * 40, "created_at": at}])
    statuses = [{"id": 10, "state": "failure", "created_at": at}, {"id": 9, "state": "success", "created_at": at}]
    pages.add_rest("deployments", kinds.REST_STATUSES, statuses, about=7)
    assert pages.rows("deployments")[0].state == "failed"


def test_statuses_of_one_second_without_numbers_come_in_the_order_of_the_list(graphql):
    at = "2026-03-01T10:00:00Z"
    nodes = [{"id": "Sb", "state": "FAILURE", "createdAt": at}, {"id": "Sa", "state": "SUCCESS", "createdAt": at}]
    graphql.listed("deployments", [_deployment(statuses={"nodes": nodes})])
    assert graphql.rows("deployments")[0].state == "failed"


def test_what_is_stored_already_is_left_out(graphql):
    graphql.listed("deployments", [_deployment(7), _deployment(8), _deployment(9)], about="0,2")
    assert [row.deployment_id for row in graphql.rows("deployments")] == ["8"]


def test_a_tag_leads_to_a_commit_in_the_end(graphql):
    commit = {"__typename": "Commit", "oid": "c" * 40, "committedDate": "2026-03-01T10:00:00Z"}
    tag = {"__typename": "Tag", "oid": "d" * 40, "tagger": {"date": "2026-03-02T10:00:00+02:00"}, "target": commit}
    graphql.listed(
        "tags",
        [
            {"name": "light", "target": commit},
            {"name": "annotated", "target": tag},
            {"name": "of a tag", "target": tag | {"tagger": None, "target": tag}},
            {"name": "by nobody", "target": tag | {"tagger": None}},
            {"name": "of a key", "target": {"__typename": "Blob", "oid": "b" * 40}},
            {"name": "of nothing", "target": None},
        ],
    )
    found = {tag.name: (tag.sha and tag.sha[0], _zulu(tag.tagged_at)) for tag in graphql.rows("tags")}
    assert found == {
        "light": ("c", "2026-03-01T10:00:00Z"),
        "annotated": ("c", "2026-03-02T08:00:00Z"),
        "of a tag": ("c", "2026-03-02T08:00:00Z"),
        "by nobody": ("c", "2026-03-01T10:00:00Z"),
        "of a key": (None, None),
        "of nothing": (None, None),
    }


def test_a_run_that_listed_everything_says_so_once_it_is_whole(graphql):
    graphql.listed("deployments", [_deployment()])
    assert not [record for record in graphql.records(is_complete=False) if isinstance(record, Snapshot)]
    told = [record for record in graphql.records() if isinstance(record, Snapshot)]
    assert [(one.table, one.column) for one in told] == [
        (table, "") for table in ("deployment_statuses", "deployments", "tags", "releases")
    ]
    [target] = graphql.rows("repository_targets")
    assert (target.target, target.items_count) == ("deployments", 3)


def test_other_runs_tell_what_is_gone(tmp_path):
    pages = _Pages(tmp_path, is_rest=False, is_whole=False)
    assert pages.records() == [], "nothing new, nothing written"
    gone = GoneOnes(deployments=[str(number) for number in range(1_001)], tags=["v1"])
    pages.staging.write_page(kinds.GONE, msgspec.json.encode(gone))
    told = [record for record in pages.records() if isinstance(record, Snapshot)]
    assert [(one.table, one.column, len(one.values)) for one in told] == [
        ("deployment_statuses", "deployment_id", 1_000),
        ("deployments", "deployment_id", 1_000),
        ("deployment_statuses", "deployment_id", 1),
        ("deployments", "deployment_id", 1),
        ("tags", "name", 1),
    ]


def test_pages_without_a_state_are_no_pages(pages):
    with pytest.raises(RecordError, match="000-state"):
        list(processor.to_records([], unit_for(pages.folder)))
