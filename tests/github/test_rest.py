"""REST lists, links, conditions and what stands for a repository that cannot be read."""

import re
from datetime import UTC, datetime

from tests.github import issues, pipelines, pulls, repositories
from tests.github.server import GitHubServer
from tests.github.shop import ask, busy, shop


def test_links_lead_by_the_id_of_the_repository_through_every_page():
    world, repository = shop(7)
    with GitHubServer(world) as server:
        url, seen, links = f"{server.api_url}/repos/acme/shop/pulls?state=all&per_page=3", [], []
        while url:
            said = ask(server, url)
            seen += [row["number"] for row in said.data]
            found = re.findall(r'<([^>]*)>; rel="(\w+)"', said.headers["Link"])
            links.append({name: to for to, name in found})
            url = links[-1].get("next", "")
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert all(f"/repositories/{repository['_id']}/pulls?" in to for page in links for to in page.values())
    assert [sorted(page) for page in links] == [
        ["last", "next"],
        ["first", "last", "next", "prev"],
        ["first", "prev"],
    ]


def test_lists_are_ordered_and_cut_as_asked():
    world, repository = shop(3)
    pulls.review(world, repository["_pulls"][1], "grace", at=datetime(2024, 5, 2, tzinfo=UTC))
    issues.create(world, repository, at=datetime(2024, 5, 3, tzinfo=UTC))
    with GitHubServer(world) as server:
        updated = ask(server, "/repos/acme/shop/pulls?state=all&sort=updated&direction=desc").data
        since = ask(server, "/repos/acme/shop/issues?state=all&since=2024-05-02T00:00:00Z").data
    assert [row["number"] for row in updated] == [1, 3, 2]
    assert [(row["number"], "pull_request" in row) for row in since] == [(4, False), (1, True)]


def test_what_is_unchanged_is_304_and_free():
    world, repository = shop(2)
    with GitHubServer(world) as server:
        first = ask(server, "/repos/acme/shop/pulls")
        again = ask(server, "/repos/acme/shop/pulls", **{"If-None-Match": first.headers["ETag"]})
        pulls.merge(world, repository["_pulls"][1])
        changed = ask(server, "/repos/acme/shop/pulls", **{"If-None-Match": first.headers["ETag"]})
        whole = ask(server, "/repos/acme/shop")
        since = ask(server, "/repos/acme/shop", **{"If-Modified-Since": whole.headers["Last-Modified"]})
    assert [said.status for said in (first, again, changed, since)] == [200, 304, 200, 304]
    assert [seen.cost for seen in server.requests] == [1, 0, 1, 1, 0]
    assert changed.headers["x-ratelimit-used"] == "2"


def test_lists_of_runs_with_a_filter_end_after_a_thousand():
    world, repository = shop(0)
    for _ in range(1050):
        world.clock.advance(seconds=30)
        pipelines.create(world, repository)
    runs = "/repos/acme/shop/actions/runs?per_page=100"
    with GitHubServer(world) as server:
        counts = [
            len(ask(server, f"{runs}&created=2024-05-01..2024-05-02&page={n}").data["workflow_runs"])
            for n in range(1, 13)
        ]
        total = ask(server, f"{runs}&created=>=2024-05-01T00:00:00Z").data["total_count"]
        plain = len(ask(server, f"{runs}&page=11").data["workflow_runs"])
    assert (counts, total, plain) == ([100] * 10 + [0, 0], 1050, 50)


def test_search_shows_a_thousand_and_counts_all():
    world, repository = shop(0)
    for number in range(1010):
        issues.create(world, repository, labels=("bug",) if number % 2 else ())
    found = "/search/issues?q=repo:acme/shop+is:issue&per_page=100"
    with GitHubServer(world) as server:
        last = ask(server, f"{found}&page=10")
        beyond = ask(server, f"{found}&page=11")
        labelled = ask(server, "/search/issues?q=repo:acme/shop+label:bug+created:2024-05-01..2024-05-01")
    assert (len(last.data["items"]), last.data["total_count"], beyond.status) == (100, 1010, 422)
    assert labelled.data["total_count"] == 505


def test_a_renamed_repository_is_301_to_its_id_and_stays_the_same():
    world, repository = shop(1)
    repositories.rename(world, repository, "globex/store")
    with GitHubServer(world) as server:
        moved = ask(server, "/repos/acme/shop/pulls?state=all")
        there = ask(server, moved.headers["Location"])
        now = ask(server, "/repos/globex/store")
    assert moved.status == 301
    assert (there.status, len(there.data)) == (200, 1)
    assert (now.data["id"], now.data["owner"]["login"]) == (repository["_id"], "globex")


def test_what_cannot_be_read_says_why():
    world, repository = shop(1)
    gone, blocked, forbidden = (repositories.create(world, f"acme/{name}") for name in ("gone", "blocked", "forbidden"))
    repositories.delete(world, gone)
    repositories.close_off(world, blocked, "blocked")
    repositories.close_off(world, forbidden, "forbidden")
    repositories.create(world, "acme/empty")
    moved = issues.create(world, repository)
    issues.move(world, moved, repositories.create(world, "acme/other"))
    deleted = issues.create(world, repository)
    issues.delete(world, deleted)
    paths = ("gone", "blocked/pulls", "forbidden", "empty/commits", "shop/issues/2", "shop/issues/3")
    with GitHubServer(world) as server:
        statuses = [ask(server, f"/repos/acme/{path}").status for path in paths]
    assert statuses == [404, 451, 403, 409, 301, 410]


def test_bots_are_named_as_rest_names_them_and_deleted_people_are_ghosts():
    world, _ = busy()
    with GitHubServer(world) as server:
        comments = ask(server, "/repos/acme/shop/issues/1/comments").data
    assert [row["user"]["login"] for row in comments] == ["dependabot[bot]", "ghost"]
