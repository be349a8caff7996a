"""Who repositories are, and what tells of news in them."""

from dataclasses import replace

import pytest

from devhealth.connectors.github import discovery, source
from devhealth.errors import InputError, SourceError, SourceForbidden, SourceNotFound
from devhealth.models.credential import Credential
from devhealth.settings import Settings
from tests.github import accounts, faults, issues, pipelines, projects, pulls, repositories
from tests.github.messages import Reply


@pytest.fixture
def settings(server, tmp_path):
    credential = Credential("env:TOKEN", {"token": "open-sesame", "url": server.api_url}, "acme")
    return replace(Settings(home=tmp_path), credential=credential)


def marks(settings, name="acme/shop"):
    return source.survey([name], {}, settings)[name].marks


def test_a_repository_keeps_its_id_and_its_old_name_when_it_is_renamed_or_transferred(world, settings):
    shop = repositories.create(world, "acme/Shop")
    before = source.resolve("acme/shop", settings)
    assert before.name == "acme/Shop"
    assert len(before.aliases) == 1
    repositories.rename(world, shop, "globex/store")
    after = source.resolve("acme/shop", settings)
    assert (after.provider_id, after.name) == (before.provider_id, "globex/store")
    assert [alias.partition("/")[2] for alias in after.aliases] == ["globex/store", "acme/shop"]


def test_one_that_cannot_be_read_does_not_stop_the_others(world, settings):
    repositories.create(world, "acme/shop")
    found = source.survey(["acme/gone", "acme/shop", "what?"], {}, settings)
    assert [type(one).__name__ for one in found.values()] == ["SourceNotFound", "Surveyed", "SourceNotFound"]
    assert "acme/gone is not on 127.0.0.1" in str(found["acme/gone"])
    with pytest.raises(SourceNotFound):
        source.resolve("acme/gone", settings)


@pytest.mark.parametrize(("status", "kind"), [(401, SourceForbidden), (403, SourceForbidden), (422, SourceError)])
def test_a_refused_credential_is_the_trouble_of_each_repository_and_of_no_other(server, settings, status, kind):
    server.faults.add(faults.status(status, b"{}"), times=-1)
    found = source.survey(["acme/shop", "acme/site"], {}, settings)
    assert [type(one) for one in found.values()] == [kind] * 2


def test_marks_change_with_what_moved_and_with_nothing_else(world, settings):
    shop = repositories.create(world, "acme/shop")
    pull = pulls.create(world, shop, author="ada")
    first = marks(settings)
    assert marks(settings) == first
    world.clock.advance(minutes=5)
    pulls.review(world, pull, "grace")
    second = marks(settings)
    assert {target for target in first if first[target] != second[target]} == {"prs"}
    issues.create(world, shop, author="ada")
    third = marks(settings)
    assert {target for target in first if second[target] != third[target]} == {"work-items"}, (
        "without a rule nothing is news of incidents"
    )


def test_the_mark_of_runs_tells_of_the_default_branch_at_once_and_of_others_the_next_day(world, settings):
    shop = repositories.create(world, "acme/shop")
    repositories.commit(world, shop)
    runs = [pipelines.create(world, shop, workflow=name) for name in ("Build", "Test", "Lint")]
    other = pipelines.create(world, shop, sha=world.sha())
    for step, run in ((pipelines.finish, runs[2]), (pipelines.finish, runs[0]), (pipelines.rerun, runs[0])):
        before = marks(settings)["cicd"]
        world.clock.advance(minutes=5)
        step(world, run)
        assert marks(settings)["cicd"] != before
    before = marks(settings)["cicd"]
    pipelines.finish(world, other)
    assert marks(settings)["cicd"] == before
    world.clock.advance(days=1)
    assert marks(settings)["cicd"] != before


def test_a_hundred_are_asked_for_in_one_request_and_fewer_where_that_is_too_much(world, server, settings):
    names = [f"acme/shop-{number}" for number in range(250)]
    for name in names:
        repositories.create(world, name)
    assert len(source.survey(names, {}, settings)) == 250
    assert len(server.requests) == 3
    server.heaviest = 300
    server.requests.clear()
    assert all(hasattr(one, "identity") for one in source.survey(names, {}, settings).values())


@pytest.mark.parametrize("options", [{"api": "rest"}, {}])
def test_without_graphql_each_is_asked_for_by_rest_and_has_no_marks(world, server, settings, options):
    repositories.create(world, "acme/shop")
    server.has_graphql = bool(options)
    found = source.survey(["acme/shop", "acme/gone"], options, settings)
    assert found["acme/shop"].identity.name == "acme/shop"
    assert found["acme/shop"].marks == {}
    assert isinstance(found["acme/gone"], SourceNotFound)


def _without(*path):
    """A list that may not be read, and takes what it stands in with it."""

    def fault(_request, right):
        answer = right()
        body = {**answer.body, "errors": [{"type": "FORBIDDEN", "path": list(path), "message": "Not accessible"}]}
        place = body["data"]
        for step in path[:-2]:
            place = place[step]
        place[path[-2]] = None
        return replace(answer, body=body)

    return fault


def test_a_credential_that_may_not_read_all_lists_reads_the_repository(world, server, settings):
    for name in ("acme/shop", "acme/site"):
        repositories.create(world, name)
    server.faults.add(_without("r0", "deployments"), when=faults.says("...marks"), times=-1)
    found = source.survey(["acme/shop", "acme/site", "acme/gone"], {}, settings)
    assert (found["acme/shop"].identity.name, found["acme/shop"].marks) == ("acme/shop", {})
    assert found["acme/site"].marks
    assert isinstance(found["acme/gone"], SourceNotFound)
    server.faults.clear()
    server.faults.add(_without("owner", "repositories", "nodes", 1, "deployments"), when=faults.graphql)
    assert discovery.discover("org:acme", {}, settings) == {"acme/shop": None, "acme/site": None}


def test_rules_find_by_owner_team_topic_and_pattern(world, server, settings):
    shop, api, _ = (repositories.create(world, f"acme/{name}") for name in ("shop", "shop-api", "web"))
    repositories.create(world, "acme/old", isArchived=True)
    repositories.create(world, "acme/fork", isFork=True)
    accounts.team(world, "acme/platform", repositories=[api])
    repositories.topics(world, shop, ["payments"])

    def found(rule, **options):
        return [name.partition("/")[2] for name in discovery.discover(rule, options, settings)]

    for has_graphql in (True, False):
        server.has_graphql = has_graphql
        assert found("org:acme") == ["shop", "shop-api", "web"]
        assert found("org:acme", archived=True) == ["old", "shop", "shop-api", "web"]
        assert found("org:acme", forks=True) == ["fork", "shop", "shop-api", "web"]
        assert found("acme/{shop*,WEB}") == ["shop", "shop-api", "web"]
        assert found("acme/*-api") == ["shop-api"]
        assert found("team:acme/platform") == ["shop-api"]
        assert found("topic:acme/payments") == ["shop"]
    with pytest.raises(SourceNotFound, match="nobody"):
        discovery.discover("org:nobody", {}, settings)


def test_a_listing_tells_what_a_survey_would(world, server, settings):
    for number in range(120):
        repositories.create(world, f"acme/shop-{number}")
    found = discovery.discover("org:acme", {}, settings)
    assert len(server.requests) == 2
    assert found == source.survey(list(found), {}, settings)


@pytest.mark.parametrize("rule", ["acme", "org:acme/shop", "team:acme", "group:acme", "*/shop", "acme/[/]"])
def test_a_rule_that_is_none_is_refused(rule, tmp_path):
    with pytest.raises(InputError, match="is not understood"):
        discovery.rule_of(rule, tmp_path)


def test_moves_in_a_linked_project_are_news_of_work_items_only(world, settings):
    shop = repositories.create(world, "acme/shop")
    board = projects.create(world, "acme")
    item = projects.add(world, board, issues.create(world, shop, author="ada"))
    before = marks(settings)
    world.clock.advance(minutes=1)
    projects.set_status(world, item, "Done")
    after = marks(settings)
    assert {target for target in after if after[target] != before[target]} == {"work-items"}


def test_another_rule_is_news_of_incidents(world, settings):
    repositories.create(world, "acme/shop")
    surveys = [
        source.survey(["acme/shop"], options, settings)["acme/shop"].marks
        for options in ({}, {"incident_labels": ["sev1"]}, {"incident_types": ["Incident"]})
    ]
    assert len({one["incidents"] for one in surveys}) == 3
    assert len({one["work-items"] for one in surveys}) == 1


def test_projects_that_may_not_be_read_hide_no_repository(world, server, settings):
    for name in ("one", "two", "three"):
        repositories.create(world, f"acme/{name}")
    names = ["acme/one", "acme/two", "acme/three"]
    found = source.survey(names, {}, settings)
    denied = faults.partial("r1", kind="FORBIDDEN", message="Resource not accessible by personal access token")
    server.faults.add(_below(denied, "projectsV2"))
    again = source.survey(names, {}, settings)
    assert {name: one.identity for name, one in again.items()} == {name: one.identity for name, one in found.items()}
    scopes = {"type": "INSUFFICIENT_SCOPES", "message": "Your token has not been granted the required scopes"}
    refuse = faults.says("projectsV2")
    server.faults.add(lambda _request, _right: Reply({"errors": [scopes]}), when=refuse, times=-1)
    server.forget_requests()
    again = source.survey(names, {}, settings)
    assert {name: one.identity for name, one in again.items()} == {name: one.identity for name, one in found.items()}
    assert len(server.requests) == 2
    assert list(discovery.discover("org:acme", {}, settings)) == ["acme/one", "acme/three", "acme/two"]


def _below(fault, field):
    """The error of a fault stands one step deeper, at a field that must not be null."""

    def deeper(request, right):
        answer = fault(request, right)
        answer.body["errors"][-1]["path"].append(field)
        return answer

    return deeper


def test_a_look_through_rest_costs_no_point_when_nothing_has_changed(world, server, settings):
    shop = repositories.create(world, "acme/shop")

    def looked():
        server.forget_requests()
        found = source.survey(["acme/shop"], {"api": "rest"}, settings)["acme/shop"].identity.name
        return found, [(one.status, one.cost) for one in server.requests]

    assert looked() == ("acme/shop", [(200, 1)])
    assert looked() == ("acme/shop", [(304, 0)])
    repositories.rename(world, shop, "acme/store")
    assert looked()[0] == "acme/store"
