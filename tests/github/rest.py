"""REST: repositories, pull requests, issues, people."""

from functools import partial

from tests.github import search, shapes
from tests.github.clock import moment, stamp
from tests.github.fields_conversation import happened
from tests.github.fields_repository import ancestry
from tests.github.messages import Reply, Request, problem
from tests.github.rest_events import event, timeline_entry
from tests.github.routes import listed, moved, one, route
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
    return listed(request, _sorted(found, request, "created"), shapes.repository)


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


# Pull requests.


@route("/repos/{repository}/pulls")
def pulls(_world: World, request: Request, item: Item) -> Reply:
    found = _in_state(list(item["_pulls"].values()), request)
    for name, field in (("base", "baseRefName"),):
        found = [p for p in found if request.query.get(name) in {None, p[field]}]
    return listed(request, _sorted(found, request, "created"), shapes.pull, repository=item)


@route("/repos/{repository}/pulls/{number}")
def pull(_world: World, request: Request, item: Item, number: str) -> Reply:
    return one(_numbered(item["_pulls"], number), partial(shapes.pull, whole=True), request)


@route("/repos/{repository}/pulls/{number}/reviews")
def reviews(_world: World, request: Request, item: Item, number: str) -> Reply:
    return _below(request, item, number, "_reviews", shapes.review)


@route("/repos/{repository}/pulls/{number}/reviews/{review}")
def review(_world: World, request: Request, item: Item, number: str, review: str) -> Reply:
    pull_item = _numbered(item["_pulls"], number)
    found = (r for r in (pull_item or {"_reviews": []})["_reviews"] if str(r["_id"]) == review)
    return one(next(found, None), shapes.review, request)


@route("/repos/{repository}/pulls/{number}/reviews/{review}/comments")
def review_comments(_world: World, request: Request, item: Item, number: str, review: str) -> Reply:
    found = _numbered(item["_pulls"], number)
    known = [r for r in found["_reviews"] if str(r["_id"]) == review] if found else []
    if not known:
        return problem(404, "Not Found")
    return listed(request, known[0]["_comments"], shapes.line_comment, repository=item)


@route("/repos/{repository}/pulls/{number}/commits")
def pull_commits(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _numbered(item["_pulls"], number)
    if found is None:
        return problem(404, "Not Found")
    return listed(request, [c["commit"] for c in found["_commits"]][:250], shapes.commit, repository=item)


@route("/repos/{repository}/pulls/{number}/requested_reviewers")
def requested(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _numbered(item["_pulls"], number)
    if found is None:
        return problem(404, "Not Found")
    whole = shapes.pull(found, request.api)
    return Reply({"users": whole["requested_reviewers"], "teams": whole["requested_teams"]})


@route("/repos/{repository}/pulls/comments")
def all_line_comments(_world: World, request: Request, item: Item) -> Reply:
    found = [c for p in item["_pulls"].values() for c in _line_comments(p)]
    return listed(
        request, _sorted(_since(found, request), request, "created", "asc"), shapes.line_comment, repository=item
    )


@route("/repos/{repository}/pulls/comments/{number}")
def line_comment(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = (c for p in item["_pulls"].values() for c in _line_comments(p) if str(c["_id"]) == number)
    return one(next(found, None), shapes.line_comment, request)


@route("/repos/{repository}/pulls/{number}/comments")
def line_comments(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _numbered(item["_pulls"], number)
    if found is None:
        return problem(404, "Not Found")
    said = _sorted(_since(_line_comments(found), request), request, "created", "asc")
    return listed(request, said, shapes.line_comment, repository=item)


def _line_comments(item: Item) -> list[Item]:
    return [c for thread in item["_threads"] for c in thread["_comments"] if c["state"] == "SUBMITTED"]


# Issues, pull requests among them.


@route("/repos/{repository}/issues")
def issues(_world: World, request: Request, item: Item) -> Reply:
    found = _since(_in_state([*item["_issues"].values(), *item["_pulls"].values()], request), request)
    for name in filter(None, request.query.get("labels", "").split(",")):
        found = [i for i in found if any(label["name"] == name for label in i["_labels"])]
    return listed(request, _sorted(found, request, "created"), shapes.issue, repository=item)


@route("/repos/{repository}/issues/comments")
def all_comments(_world: World, request: Request, item: Item) -> Reply:
    subjects = [*item["_issues"].values(), *item["_pulls"].values()]
    found = _since([c for subject in subjects for c in subject["_comments"]], request)
    return listed(request, _sorted(found, request, "created", "asc"), shapes.comment, repository=item)


@route("/repos/{repository}/issues/comments/{number}")
def comment(_world: World, request: Request, item: Item, number: str) -> Reply:
    subjects = [*item["_issues"].values(), *item["_pulls"].values()]
    found = (c for subject in subjects for c in subject["_comments"] if str(c["_id"]) == number)
    return one(next(found, None), shapes.comment, request)


@route("/repos/{repository}/issues/events")
def all_events(_world: World, request: Request, item: Item) -> Reply:
    subjects = [*item["_issues"].values(), *item["_pulls"].values()]
    found = sorted((e for subject in subjects for e in subject["_timeline"]), key=lambda e: -e["_id"])
    return listed(request, found, event, repository=item)


@route("/repos/{repository}/issues/{number}")
def issue(world: World, request: Request, item: Item, number: str) -> Reply:
    gone = world.moved_issues.get((item["_id"], int(number)))
    if gone is not None:
        return moved(f"{request.api}/repositories/{gone['repository']['_id']}/issues/{gone['number']}")
    if int(number) in item.get("_deleted_issues", ()):
        return problem(410, "This issue was deleted")
    return one(_either(item, number), shapes.issue, request)


@route("/repos/{repository}/issues/{number}/comments")
def comments(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _either(item, number)
    if found is None:
        return problem(404, "Not Found")
    return listed(request, _since(found["_comments"], request), shapes.comment, repository=item)


@route("/repos/{repository}/issues/{number}/events")
def events(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _either(item, number)
    if found is None:
        return problem(404, "Not Found")
    return listed(request, found["_timeline"], event, repository=item)


@route("/repos/{repository}/issues/{number}/timeline")
def timeline(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _either(item, number)
    return (
        problem(404, "Not Found")
        if found is None
        else listed(request, happened(found), timeline_entry, repository=item)
    )


@route("/repos/{repository}/issues/{number}/sub_issues")
def sub_issues(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _numbered(item["_issues"], number)
    return (
        problem(404, "Not Found")
        if found is None
        else listed(request, found["_children"], shapes.issue, repository=item)
    )


@route("/repos/{repository}/issues/{number}/parent")
def parent(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _numbered(item["_issues"], number)
    return one(found and found["parent"], shapes.issue, request)


@route("/repos/{repository}/labels")
def labels(_world: World, request: Request, item: Item) -> Reply:
    return listed(request, list(item["_labels"].values()), shapes.label, repository=item)


@route("/repos/{repository}/milestones")
def milestones(_world: World, request: Request, item: Item) -> Reply:
    found = _in_state(list(item["_milestones"].values()), request)
    return listed(request, found, shapes.milestone, repository=item)


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
    return listed(request, [*found.get("_pulls", []), *merged], shapes.pull, repository=item)


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
    show = shapes.repository if kind == "REPOSITORY" else shapes.issue
    answer = listed(request, found, show, wrap="items", more={"incomplete_results": False})
    answer.body["total_count"] = total
    return answer


# Choosing and ordering.

_TIMES = {"created": "createdAt", "updated": "updatedAt", "pushed": "pushedAt", "full_name": "nameWithOwner"}


def _sorted(items: list[Item], request: Request, sort: str, direction: str = "desc") -> list[Item]:
    name = _TIMES.get(request.query.get("sort", sort), "createdAt")
    is_descending = request.query.get("direction", "asc" if name == "nameWithOwner" else direction) == "desc"
    return sorted(items, key=lambda item: (item[name] or "", item["_id"]), reverse=is_descending)


def _in_state(items: list[Item], request: Request) -> list[Item]:
    wanted = request.query.get("state", "open")
    return items if wanted == "all" else [i for i in items if (i["state"] == "OPEN") is (wanted == "open")]


def _since(items: list[Item], request: Request) -> list[Item]:
    since = request.query.get("since")
    return [item for item in items if item["updatedAt"] >= stamp(moment(since))] if since else items


def _numbered(items: dict[int, Item], number: str) -> Item | None:
    return items.get(int(number)) if number.isdigit() else None


def _either(item: Item, number: str) -> Item | None:
    return _numbered(item["_issues"], number) or _numbered(item["_pulls"], number)


def _below(request: Request, item: Item, number: str, name: str, show: object) -> Reply:
    found = _numbered(item["_pulls"], number)
    return problem(404, "Not Found") if found is None else listed(request, found[name], show, repository=item)  # type: ignore[arg-type]
