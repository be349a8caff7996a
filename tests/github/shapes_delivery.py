"""Deployments, releases, runs and installations as REST shows them."""

from tests.github.shapes import account, author, plain
from tests.github.shapes import repository as shown_repository
from tests.github.world import Item


def deployment(item: Item, api: str) -> Item:
    here = f"{api}/repos/{item['repository']['nameWithOwner']}"
    return {
        "url": f"{here}/deployments/{item['_id']}",
        "id": item["_id"],
        "node_id": item["id"],
        "task": item["task"],
        "original_environment": item["originalEnvironment"],
        "environment": item["environment"],
        "description": item["description"],
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "statuses_url": f"{here}/deployments/{item['_id']}/statuses",
        "repository_url": here,
        "creator": account(item["creator"], api),
        "sha": item["commitOid"],
        "ref": item["_ref"],
        "payload": {},
        "transient_environment": False,
        "production_environment": item["environment"] == "production",
        "performed_via_github_app": None,
    }


def status(item: Item, api: str) -> Item:
    place = item["deployment"]
    here = f"{api}/repos/{place['repository']['nameWithOwner']}"
    return {
        "url": f"{here}/deployments/{place['_id']}/statuses/{item['_id']}",
        "id": item["_id"],
        "node_id": item["id"],
        "state": plain(item["state"]),
        "creator": account(item["creator"], api),
        "description": item["description"] or "",
        "environment": item["environment"],
        "target_url": "",
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "deployment_url": f"{here}/deployments/{place['_id']}",
        "repository_url": here,
        "environment_url": item["environmentUrl"] or "",
        "log_url": item["logUrl"] or "",
    }


def release(item: Item, api: str) -> Item:
    here = f"{api}/repos/{item['repository']['nameWithOwner']}"
    return {
        "url": f"{here}/releases/{item['_id']}",
        "html_url": f"{item['repository']['url']}/releases/tag/{item['tagName']}",
        "id": item["_id"],
        "author": author(item["author"], api),
        "node_id": item["id"],
        "tag_name": item["tagName"],
        "target_commitish": item["_target"],
        "name": item["name"],
        "draft": item["isDraft"],
        "prerelease": item["isPrerelease"],
        "created_at": item["createdAt"],
        "published_at": item["publishedAt"],
        "assets": [],
        "body": item["description"],
    }


def tag(item: Item, api: str, *, repository: Item) -> Item:
    target = item["target"]
    commit = target["target"] if target["__typename"] == "Tag" else target
    link = f"{api}/repos/{repository['nameWithOwner']}/commits/{commit['oid']}"
    return {
        "name": item["name"],
        "commit": {"sha": commit["oid"], "url": link},
        "node_id": f"REF_{repository['_id']}_{item['name']}",
        "zipball_url": "",
        "tarball_url": "",
    }


def workflow(item: Item, api: str) -> Item:
    return {
        "id": item["_id"],
        "node_id": item["id"],
        "name": item["name"],
        "path": item["_path"],
        "state": plain(item["state"]),
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "url": f"{api}/repos/{item['repository']['nameWithOwner']}/actions/workflows/{item['_id']}",
        "html_url": item["repository"]["url"],
        "badge_url": "",
    }


def run(item: Item, api: str, *, attempt: int = 0) -> Item:
    """With the state of an attempt, the newest if none is named."""
    here = f"{api}/repos/{item['repository']['nameWithOwner']}"
    link = f"{here}/actions/runs/{item['_id']}"
    seen = item["_attempts"][attempt - 1]
    head = item["checkSuite"]["commit"]
    pulls = [p for p in item["repository"]["_pulls"].values() if p["headRefOid"] == item["_sha"]]
    return {
        "id": item["_id"],
        "name": item["workflow"]["name"],
        "node_id": item["id"],
        "head_branch": item["_branch"],
        "head_sha": item["_sha"],
        "path": item["workflow"]["_path"],
        "display_title": head["message"],
        "run_number": item["runNumber"],
        "event": item["event"],
        "status": plain(seen["status"]),
        "conclusion": plain(seen["conclusion"]),
        "workflow_id": item["workflow"]["_id"],
        "check_suite_id": item["checkSuite"]["_id"],
        "check_suite_node_id": item["checkSuite"]["id"],
        "url": link,
        "html_url": f"{item['repository']['url']}/actions/runs/{item['_id']}",
        "pull_requests": [{"id": p["_id"], "number": p["number"], "url": f"{here}/pulls/{p['number']}"} for p in pulls],
        "created_at": item["createdAt"],
        "updated_at": seen["updated"],
        "actor": account(item["_actor"], api),
        "run_attempt": seen["number"],
        "run_started_at": seen["started"],
        "triggering_actor": account(seen["actor"], api),
        "jobs_url": f"{link}/jobs",
        "previous_attempt_url": f"{link}/attempts/{seen['number'] - 1}" if seen["number"] > 1 else None,
        "workflow_url": f"{here}/actions/workflows/{item['workflow']['_id']}",
        "head_commit": {"id": item["_sha"], "message": head["message"], "timestamp": head["committedDate"]},
        "repository": shown_repository(item["repository"], api),
        "head_repository": shown_repository(item["repository"], api),
    }


def job(item: Item, api: str) -> Item:
    of = item["_run"]
    here = f"{api}/repos/{item['repository']['nameWithOwner']}"
    return {
        "id": item["_id"],
        "run_id": of["_id"],
        "workflow_name": of["workflow"]["name"],
        "head_branch": of["_branch"],
        "run_url": f"{here}/actions/runs/{of['_id']}",
        "run_attempt": item["_attempt"],
        "node_id": item["id"],
        "head_sha": of["_sha"],
        "url": f"{here}/actions/jobs/{item['_id']}",
        "html_url": f"{item['repository']['url']}/actions/runs/{of['_id']}/job/{item['_id']}",
        "status": plain(item["status"]),
        "conclusion": plain(item["conclusion"]),
        "created_at": item["_created"],
        "started_at": item["startedAt"] or item["_created"],
        "completed_at": item["completedAt"],
        "name": item["name"],
        "steps": [],
        "labels": ["ubuntu-latest"],
        "runner_id": None,
        "runner_name": None,
    }


def installation(item: Item, api: str) -> Item:
    return {
        "id": item["id"],
        "account": account(item["account"], api),
        "access_tokens_url": f"{api}/app/installations/{item['id']}/access_tokens",
        "repositories_url": f"{api}/installation/repositories",
        "app_id": item["app_id"],
        "target_type": "Organization",
        "repository_selection": "all",
        "permissions": {"metadata": "read", "pull_requests": "read"},
        "events": [],
        "created_at": item["created_at"],
        "updated_at": item["created_at"],
    }
