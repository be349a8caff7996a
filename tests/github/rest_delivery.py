"""REST: deployments, releases, tags, workflow runs and their jobs, GitHub Apps."""

import base64
import json
from functools import partial
from typing import Any

from tests.github import apps, shapes
from tests.github.messages import Reply, Request, problem
from tests.github.routes import CAP, listed, one, route
from tests.github.search import in_range
from tests.github.shapes import plain
from tests.github.shapes_delivery import deployment, installation, job, release, run, status, tag, workflow
from tests.github.world import Item, World


@route("/repos/{repository}/deployments")
def deployments(_world: World, request: Request, item: Item) -> Reply:
    names = {"sha": "commitOid", "ref": "_ref", "task": "task", "environment": "environment"}
    found = [d for d in item["_deployments"] if all(request.query.get(n) in {None, d[f]} for n, f in names.items())]
    found.sort(key=lambda d: (d["createdAt"], d["_id"]), reverse=True)
    return listed(request, found, deployment, repository=item)


@route("/repos/{repository}/deployments/{number}")
def one_deployment(_world: World, request: Request, item: Item, number: str) -> Reply:
    return one(_by_id(item["_deployments"], number), deployment, request)


@route("/repos/{repository}/deployments/{number}/statuses")
def statuses(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _by_id(item["_deployments"], number)
    if found is None:
        return problem(404, "Not Found")
    return listed(request, found["_statuses"][::-1], status, repository=item)


@route("/repos/{repository}/releases")
def releases(_world: World, request: Request, item: Item) -> Reply:
    found = sorted(item["_releases"], key=lambda r: (r["createdAt"], r["_id"]), reverse=True)
    return listed(request, found, release, repository=item)


@route("/repos/{repository}/releases/{number}")
def one_release(_world: World, request: Request, item: Item, number: str) -> Reply:
    return one(_by_id(item["_releases"], number), release, request)


@route("/repos/{repository}/tags")
def tags(_world: World, request: Request, item: Item) -> Reply:
    found = [{"name": name, "target": target} for name, target in sorted(item["_tags"].items(), reverse=True)]
    return listed(request, found, partial(tag, repository=item), repository=item)


@route("/repos/{repository}/git/ref/tags/{path}")
def tag_ref(_world: World, _request: Request, item: Item, path: str) -> Reply:
    target = item["_tags"].get(path)
    if target is None:
        return problem(404, "Not Found")
    return Reply({"ref": f"refs/tags/{path}", "object": {"sha": target["oid"], "type": plain(target["__typename"])}})


@route("/repos/{repository}/git/tags/{sha}")
def tag_object(_world: World, _request: Request, item: Item, sha: str) -> Reply:
    found = next((t for t in item["_tags"].values() if t["oid"] == sha and t["__typename"] == "Tag"), None)
    if found is None:
        return problem(404, "Not Found")
    made = {"name": found["tagger"]["name"], "email": found["tagger"]["email"], "date": found["tagger"]["date"]}
    points_to = {"sha": found["target"]["oid"], "type": "commit"}
    return Reply({"tag": found["name"], "sha": sha, "message": found["message"], "tagger": made, "object": points_to})


@route("/repos/{repository}/git/commits/{sha}")
def commit_object(_world: World, _request: Request, item: Item, sha: str) -> Reply:
    found = item["_commits"].get(sha)
    if found is None:
        return problem(404, "Not Found")
    author, committer = (
        {"name": who["name"], "email": who["email"], "date": who["date"]}
        for who in (found["author"], found["committer"])
    )
    return Reply({"sha": sha, "message": found["message"], "author": author, "committer": committer})


# Workflow runs.

_FILTERS = ("actor", "branch", "check_suite_id", "created", "event", "head_sha", "status")


@route("/repos/{repository}/actions/runs")
def runs(_world: World, request: Request, item: Item) -> Reply:
    return _runs(request, item, list(item["_runs"].values()))


@route("/repos/{repository}/actions/workflows/{name}/runs")
def runs_of_workflow(_world: World, request: Request, item: Item, name: str) -> Reply:
    found = [r for r in item["_runs"].values() if name in {str(r["workflow"]["_id"]), _file(r["workflow"])}]
    return _runs(request, item, found)


def _runs(request: Request, item: Item, found: list[Item]) -> Reply:
    """Newest first. A list with a filter ends after 1,000, whatever its total."""
    found = [r for r in found if _is_wanted(r, request)]
    found.sort(key=lambda r: (r["createdAt"], r["_id"]), reverse=True)
    cap = CAP if any(name in request.query for name in _FILTERS) else 0
    return listed(request, found, run, repository=item, wrap="workflow_runs", cap=cap)


def _is_wanted(item: Item, request: Request) -> bool:
    newest = item["_attempts"][-1]
    login = (item["_actor"] or {}).get("login")
    shown = {
        "actor": {login},
        "branch": {item["_branch"]},
        "check_suite_id": {str(item["checkSuite"]["_id"])},
        "event": {item["event"]},
        "head_sha": {item["_sha"]},
        "status": {shapes.plain(newest["status"]), shapes.plain(newest["conclusion"])},
    }
    query = request.query
    in_time = "created" not in query or in_range(item["createdAt"], query["created"])
    return in_time and all(query[name] in values for name, values in shown.items() if name in query)


@route("/repos/{repository}/actions/runs/{number}")
def one_run(_world: World, request: Request, item: Item, number: str) -> Reply:
    return one(item["_runs"].get(int(number)), run, request)


@route("/repos/{repository}/actions/runs/{number}/attempts/{attempt}")
def one_attempt(_world: World, request: Request, item: Item, number: str, attempt: str) -> Reply:
    found = item["_runs"].get(int(number))
    if found is None or not 1 <= int(attempt) <= len(found["_attempts"]):
        return problem(404, "Not Found")
    return Reply(run(found, request.api, attempt=int(attempt)))


@route("/repos/{repository}/actions/runs/{number}/jobs")
def jobs(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = item["_runs"].get(int(number))
    if found is None:
        return problem(404, "Not Found")
    attempts = found["_attempts"] if request.query.get("filter") == "all" else found["_attempts"][-1:]
    return listed(request, [j for a in attempts for j in a["jobs"]], job, repository=item, wrap="jobs")


@route("/repos/{repository}/actions/runs/{number}/attempts/{attempt}/jobs")
def attempt_jobs(_world: World, request: Request, item: Item, number: str, attempt: str) -> Reply:
    found = item["_runs"].get(int(number))
    if found is None or not 1 <= int(attempt) <= len(found["_attempts"]):
        return problem(404, "Not Found")
    return listed(request, found["_attempts"][int(attempt) - 1]["jobs"], job, repository=item, wrap="jobs")


@route("/repos/{repository}/actions/workflows")
def workflows(_world: World, request: Request, item: Item) -> Reply:
    return listed(request, list(item["_workflows"].values()), workflow, repository=item, wrap="workflows")


@route("/repos/{repository}/actions/workflows/{name}")
def one_workflow(_world: World, request: Request, item: Item, name: str) -> Reply:
    found = next((w for w in item["_workflows"].values() if name in {str(w["_id"]), _file(w)}), None)
    return one(found, workflow, request)


def _file(item: Item) -> str:
    return str(item["_path"].rpartition("/")[2])


# GitHub Apps.


@route("/app")
def app(_world: World, request: Request) -> Reply:
    number = _app_id(request)
    return problem(401, "Bad credentials") if not number else Reply({"id": int(number), "slug": "devhealth"})


@route("/app/installations")
def installations(world: World, request: Request) -> Reply:
    return listed(request, _installed(world, request), installation)


@route("/app/installations/{number}")
def one_installation(world: World, request: Request, number: str) -> Reply:
    found = [i for i in _installed(world, request) if str(i["id"]) == number]
    return one(found[0] if found else None, installation, request)


@route("/orgs/{login}/installation")
@route("/users/{login}/installation")
def installation_of(world: World, request: Request, login: str) -> Reply:
    found = [i for i in _installed(world, request) if i["account"]["login"].lower() == login.lower()]
    return one(found[0] if found else None, installation, request)


@route("/repos/{repository}/installation")
def installation_at(world: World, request: Request, item: Item) -> Reply:
    return installation_of(world, request, item["owner"]["login"])


@route("/app/installations/{number}/access_tokens")
def access_tokens(world: World, request: Request, number: str) -> Reply:
    found = [i for i in _installed(world, request) if str(i["id"]) == number]
    if not found or request.method != "POST":
        return problem(404, "Not Found")
    token, ends = apps.new_token(world, found[0])
    permissions = {"metadata": "read", "pull_requests": "read"}
    body = {"token": token, "expires_at": ends, "permissions": permissions, "repository_selection": "all"}
    return Reply(body, 201, is_free=True)


@route("/installation/repositories")
def installed_repositories(world: World, request: Request) -> Reply:
    mine = [i["account"] for i in world.installations if request.token in i["tokens"]]
    found = [r for r in list(world.repositories.values()) if any(r["owner"] is account for account in mine)]
    return listed(request, found, shapes.repository, wrap="repositories")


def _installed(world: World, request: Request) -> list[Any]:
    return [i for i in world.installations if str(i["app_id"]) == _app_id(request)]


def _app_id(request: Request) -> str:
    """Who a JSON web token says it is of; its signature is not looked at."""
    try:
        payload = request.token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=="))["iss"])
    except (IndexError, ValueError, KeyError):
        return ""


def _by_id(items: list[Item], number: str) -> Item | None:
    return next((item for item in items if str(item["_id"]) == number), None)
