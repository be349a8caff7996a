"""Recorded deployments, tags and releases through connector and processor: none is lost."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.delivery_sync import stored, sync, true
from tests.fixtures import fixtures
from tests.git_sync import Tables
from tests.github import recordings, replay
from tests.github.messages import Reply
from tests.github.server import GitHubServer
from tests.pull_request_sync import settings_for

_LISTS = {"deployments", "tags", "releases"}


class _Served(replay.Replay):
    """The recording, and what it lacks of what is asked: the repository, the other lists, more pages."""

    listed = ""
    recorded: dict[str, str] = {}  # noqa: RUF012

    def respond(self, asked):
        repository, _, what = self.listed.rpartition("/")
        if asked.path == repository:
            return Reply({"full_name": repository.removeprefix("/repos/"), "id": 1})
        if asked.path in {f"{repository}/{other}" for other in _LISTS - {what}}:
            return Reply([])
        page = {name: value for name, value in asked.query.items() if name == "page"}
        reply = super().respond(replace(asked, query={**self.recorded, **page}))
        return Reply([]) if reply.status == 404 and page else reply


@pytest.mark.parametrize(
    ("scenario", "key", "column", "count"),
    [
        ("AppTest/testCreateAndListDeployments", "id", "deployment_id", 1),
        ("GHRepositoryTest/listReleases", "id", "release_id", 30),
        ("GHRepositoryTest/listTags", "name", "name", 95),
    ],
)
def test_every_recorded_one_comes_through(tmp_path, scenario, key, column, count):
    rows = replay.read(fixtures("github/http/hub4j.jsonl"), scenario)
    listed = [row for row in rows if urlsplit(row["url"]).path.rpartition("/")[2] in _LISTS]
    first = urlsplit(listed[0]["url"])
    what = first.path.rpartition("/")[2]
    tables = Tables()
    with _Served(rows) as server:
        server.listed, server.recorded = first.path, dict(parse_qsl(first.query))
        source = first.path.removeprefix("/repos/").removesuffix(f"/{what}")
        sync(tables, settings_for(server, tmp_path), tmp_path / "unit", source=source, options={"api": "rest"})
    expected = {str(one[key]) for row in listed for one in row["body"]}
    assert {row[column] for row in stored(tables)[what]} == expected
    assert len(expected) == count


@pytest.mark.parametrize("options", [{}, {"api": "rest"}], ids=["graphql", "rest"])
def test_the_recorded_repository_by_either_interface(tmp_path, options):
    world = recordings.load(fixtures("github/faros-airbyte-connectors"))
    tables = Tables()
    with GitHubServer(world) as server:
        name = "faros-ai/airbyte-connectors"
        sync(tables, settings_for(server, tmp_path), tmp_path / "unit", source=name, options=options)
    assert stored(tables) == true(world.repository(name))
    assert [row["release_id"] for row in stored(tables)["releases"]] == ["48534495"]
    assert [row["name"] for row in stored(tables)["tags"]] == ["v0.1.0", "v0.1.1"]
