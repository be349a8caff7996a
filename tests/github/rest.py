"""REST: repositories, people, git, search."""

from functools import partial

from tests.github import search, shapes
from tests.github import shapes_conversation as said
from tests.github.choosing import in_order
from tests.github.clock import moment, stamp
from tests.github.fields_repository import ancestry
from tests.github.messages import Reply, Request, problem
from tests.github.routes import listed, one, route
from tests.github.world import Item, World


@route("/repos/{repository}")
def repository(_world: World, request: Request, item: Item) -> Reply:
    return one(item, shapes.repository, request)


@route("/orgs/{login}/repos")
@route("/users/{login}/repos")
def repositories_of(world: World, request: Request, login: str) -> Reply:
    owner = world.accounts.get(login.lower())
    if owner is None or owner.get("_suspended"):
        return problem(404, "Not Found")
    found = [r for r in list(world.repositories.values()) if r["owner"] is owner and r["_state"] != "hidden"]
    wanted = request.query.get("type", "all")
    if wanted in {"forks", "sources"}:
        found = [r for r in found if r["isFork"] is (wanted == "forks")]
    return listed(request, in_order(found, request, "created"), shapes.repository)


@route("/orgs/{login}")
@route("/users/{login}")
def account(world: World, request: Request, login: str) -> Reply:
    found = world.accounts.get(login.lower())
    return one(None if found and found.get("_suspended") else found, shapes.profile, request)


@route("/orgs/{login}/teams/{slug}")
def team(world: World, request: Request, login: str, slug: str) -> Reply:
    return one(_team(world, login, slug), shapes.team, request)


@route("/orgs/{login}/teams/{slug}/repos")
def team_repositories(world: World, request: Request, login: str, slug: str) -> Reply:
    found = _team(world, login, slug)
    if found is None:
        return problem(404, "Not Found")
    seen = [r for r in found["_repositories"] if r["_id"] in world.repositories and r["_state"] != "hidden"]
    return listed(request, seen, shapes.repository)


@route("/orgs/{login}/teams/{slug}/members")
def team_members(world: World, request: Request, login: str, slug: str) -> Reply:
    found = _team(world, login, slug)
    return problem(404, "Not Found") if found is None else listed(request, found["_members"], shapes.account)


def _team(world: World, login: str, slug: str) -> Item | None:
    owner = world.accounts.get(login.lower(), {"_teams": []})
    return next((item for item in owner["_teams"] if item["slug"] == slug), None)


# Git.


@route("/repos/{repository}/commits")
def commits(_world: World, request: Request, item: Item) -> Reply:
    if not item["_branches"]:
        return problem(409, "Git Repository is empty.")
    wanted = request.query.get("sha") or item["_branch"]
    tip = item["_commits"].get(item["_branches"].get(wanted, wanted))
    if tip is None:
        return problem(404, "Not Found")
    bounds = [stamp(moment(request.query[name])) if name in request.query else "" for name in ("since", "until")]
    return listed(request, ancestry(tip, *bounds), shapes.commit, repository=item)


@route("/repos/{repository}/commits/{sha}")
def commit(_world: World, request: Request, item: Item, sha: str) -> Reply:
    found = item["_commits"].get(item["_branches"].get(sha, sha))
    return one(found, partial(shapes.commit, whole=True), request)


@route("/repos/{repository}/commits/{sha}/pulls")
def commit_pulls(_world: World, request: Request, item: Item, sha: str) -> Reply:
    found = item["_commits"].get(sha)
    if found is None:
        return problem(404, "Not Found")
    merged = [p for p in item["_pulls"].values() if p["mergeCommit"] is found]
    return listed(request, [*found.get("_pulls", []), *merged], said.pull, repository=item)


@route("/repos/{repository}/branches")
def branches(_world: World, request: Request, item: Item) -> Reply:
    names = [{"name": name, "sha": sha} for name, sha in sorted(item["_branches"].items())]

    def show(one_branch: Item, api: str) -> Item:
        link = f"{api}/repos/{item['nameWithOwner']}/commits/{one_branch['sha']}"
        return {"name": one_branch["name"], "commit": {"sha": one_branch["sha"], "url": link}, "protected": False}

    return listed(request, names, show, repository=item)


# Search.


@route("/search/issues")
def search_issues(world: World, request: Request) -> Reply:
    return _found(world, request, "ISSUE")


@route("/search/repositories")
def search_repositories(world: World, request: Request) -> Reply:
    return _found(world, request, "REPOSITORY")


def _found(world: World, request: Request, kind: str) -> Reply:
    size, number = request.number("per_page", 30), request.number("page", 1)
    if (number - 1) * size >= search.CAP:
        return problem(422, "Only the first 1000 search results are available")
    text = request.query.get("q", "")
    if "sort" in request.query:
        text += f" sort:{request.query['sort']}-{request.query.get('order', 'desc')}"
    found, total = search.find(world, text, kind)
    show = shapes.repository if kind == "REPOSITORY" else said.issue
    answer = listed(request, found, show, wrap="items", more={"incomplete_results": False})
    answer.body["total_count"] = total
    return answer
