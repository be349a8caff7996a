"""Recorded lists of issues through connector and processor: no issue is lost, and no pull request taken for one."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from devhealth.connectors.github import work_items as connector
from devhealth.models.table import Record, table_of
from devhealth.processors.github import work_items as processor
from tests.fixtures import fixtures
from tests.github import replay
from tests.github.messages import Reply
from tests.pull_request_sync import settings_for, unit_for


class _Served(replay.Replay):
    """The recording, and what it lacks of what is asked: the repository, and timelines."""

    repository = ""
    recorded: dict[str, str] = {}  # noqa: RUF012

    def respond(self, asked):
        if asked.path == f"/repos/{self.repository}":
            return Reply({"full_name": self.repository, "id": 1})
        if asked.path.endswith("/timeline"):
            return Reply([])
        page = {name: value for name, value in asked.query.items() if name == "page"}
        return super().respond(replace(asked, query={**self.recorded, **page}))


@pytest.mark.parametrize(
    ("file", "scenario"), [("hub4j", "AppTest/testListIssues"), ("octokit", "octokit/paginate-issues")]
)
def test_every_recorded_issue_comes_through(tmp_path, file, scenario):
    rows = replay.read(fixtures(f"github/http/{file}.jsonl"), scenario)
    listed = [row for row in rows if "/issues?" in row["url"]]
    first = urlsplit(listed[0]["url"])
    with _Served(rows) as server:
        server.repository = first.path.removeprefix("/repos/").removesuffix("/issues")
        server.recorded = dict(parse_qsl(first.query))
        options = {"api": "rest"}
        unit = unit_for(tmp_path / "unit", target="work-items", source=server.repository, options=options)
        pages = list(connector.fetch(unit, settings_for(server, tmp_path)))
    records = [one for batch in processor.to_records(iter(pages), unit) for one in batch]
    items = [one for one in records if isinstance(one, Record) and table_of(type(one)).name == "work_items"]
    expected = [str(one["id"]) for row in listed for one in row["body"] if not one.get("pull_request")]
    assert sorted(item.item_id for item in items) == sorted(set(expected))
    assert len(items) > len(listed)
