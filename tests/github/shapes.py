"""Accounts, repositories and commits as REST shows them; `api` is what URLs begin with."""

from typing import Any

from tests.github.world import Item

GHOST = {
    "login": "ghost",
    "id": 10137,
    "node_id": "MDQ6VXNlcjEwMTM3",
    "type": "User",
    "site_admin": False,
    "html_url": "https://github.com/ghost",
}


def account(item: Item | None, api: str) -> Item | None:
    """None for nobody, and for who deleted the account."""
    if item is None or item.get("_deleted"):
        return None
    login = f"{item['login']}[bot]" if item["__typename"] == "Bot" else item["login"]
    return {
        "login": login,
        "id": item["_id"],
        "node_id": item["id"],
        "avatar_url": f"https://avatars.githubusercontent.com/u/{item['_id']}?v=4",
        "url": f"{api}/users/{login.replace('[', '%5B').replace(']', '%5D')}",
        "html_url": item["url"],
        "type": item["__typename"],
        "site_admin": False,
    }


def author(item: Item | None, api: str) -> Item:
    """As of pull requests, issues and comments: who deleted the account is a ghost."""
    return account(item, api) or {**GHOST, "url": f"{api}/users/ghost"}


def profile(item: Item, api: str) -> Item:
    return {
        **(account(item, api) or {}),
        "name": item["name"],
        "email": item["email"] or None,
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "repos_url": f"{api}/{'orgs' if item['__typename'] == 'Organization' else 'users'}/{item['login']}/repos",
        "suspended_at": None,
    }


def repository(item: Item, api: str) -> Item:
    at = f"{api}/repos/{item['nameWithOwner']}"
    return {
        "id": item["_id"],
        "node_id": item["id"],
        "name": item["name"],
        "full_name": item["nameWithOwner"],
        "private": item["isPrivate"],
        "owner": account(item["owner"], api),
        "html_url": item["url"],
        "description": item["description"],
        "fork": item["isFork"],
        "url": at,
        "clone_url": item.get("_clone_url") or f"{item['url']}.git",
        "ssh_url": f"git@github.com:{item['nameWithOwner']}.git",
        "pulls_url": f"{at}/pulls{{/number}}",
        "issues_url": f"{at}/issues{{/number}}",
        "deployments_url": f"{at}/deployments",
        "releases_url": f"{at}/releases{{/id}}",
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "pushed_at": item["pushedAt"],
        "homepage": item["homepageUrl"],
        "size": item["diskUsage"] if item["_branches"] else 0,
        "has_issues": item["hasIssuesEnabled"],
        "forks_count": item["forkCount"],
        "archived": item["isArchived"],
        "disabled": item["isDisabled"],
        "is_template": item["isTemplate"],
        "open_issues_count": sum(i["state"] == "OPEN" for i in [*item["_issues"].values(), *item["_pulls"].values()]),
        "topics": [topic["topic"]["name"] for topic in item["_topics"]],
        "visibility": "private" if item["isPrivate"] else "public",
        "default_branch": item["_branch"],
    }


def label(item: Item, api: str) -> Item:
    return {
        "id": item["_id"],
        "node_id": item["id"],
        "url": f"{api}/repos/{item['repository']['nameWithOwner']}/labels/{item['name']}",
        "name": item["name"],
        "color": item["color"],
        "default": item["isDefault"],
        "description": item["description"],
    }


def milestone(item: Item | None, api: str) -> Item | None:
    if item is None:
        return None
    return {
        "url": f"{api}/repos/{item['repository']['nameWithOwner']}/milestones/{item['number']}",
        "id": item["_id"],
        "node_id": item["id"],
        "number": item["number"],
        "title": item["title"],
        "description": item["description"],
        "state": item["state"].lower(),
        "creator": account(item["creator"], api),
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "closed_at": item["closedAt"],
        "due_on": item["dueOn"],
    }


def team(item: Item, api: str) -> Item:
    return {
        "id": item["_id"],
        "node_id": item["id"],
        "name": item["name"],
        "slug": item["slug"],
        "description": item["description"],
        "privacy": "closed",
        "permission": "pull",
        "url": f"{api}/organizations/{item['organization']['_id']}/team/{item['_id']}",
        "html_url": item["url"],
        "repositories_url": f"{api}/organizations/{item['organization']['_id']}/team/{item['_id']}/repos",
        "parent": None,
    }


def commit(item: Item, api: str, *, whole: bool = False) -> Item:
    here = f"{api}/repos/{item['repository']['nameWithOwner']}"

    def person(who: Item) -> Item:
        return {"name": who["name"], "email": who["email"], "date": who["date"]}

    shown: Item = {
        "sha": item["oid"],
        "node_id": item["id"],
        "commit": {
            "author": person(item["author"]),
            "committer": person(item["committer"]),
            "message": item["message"],
            "tree": {"sha": item["oid"], "url": f"{here}/git/trees/{item['oid']}"},
            "url": f"{here}/git/commits/{item['oid']}",
            "comment_count": 0,
        },
        "url": f"{here}/commits/{item['oid']}",
        "html_url": f"{item['repository']['url']}/commit/{item['oid']}",
        "author": account(item["author"].get("_account"), api),
        "committer": account(item["committer"].get("_account"), api),
        "parents": [{"sha": sha, "url": f"{here}/commits/{sha}"} for sha in item["_parents"]],
    }
    if whole:
        lines = {"additions": item["additions"], "deletions": item["deletions"]}
        shown["stats"] = {**lines, "total": item["additions"] + item["deletions"]}
        shown["files"] = []
    return shown


def plain(value: Any) -> Any:
    """Text of an enumeration as REST has it: lower case."""
    return value.lower() if isinstance(value, str) else value
