"""Deployments with their statuses, and releases."""

import base64
from typing import Any

import msgspec

from tests.github.accounts import Who, account
from tests.github.repositories import When, commit
from tests.github.repositories import tag as put_tag
from tests.github.world import Item, World, change

_STATES = {"success": "ACTIVE"}


@change
def create(
    world: World,
    repository: Item,
    *,
    environment: str = "production",
    sha: str = "",
    ref: str = "",
    task: str = "deploy",
    creator: Who = "ada",
    status: str = "",
    at: When = None,
    number: int | None = None,
) -> Item:
    """A deployment of a commit (the default branch's if not said), without a status unless one is given."""
    now = world.stamp(at)
    sha = sha or repository["_branches"].get(repository["_branch"]) or commit(world, repository, at=at)["oid"]
    number = number or world.number("Deployment")
    item = world.new(
        "Deployment",
        {
            "commitOid": sha,
            "commit": repository["_commits"].get(sha),
            "environment": environment,
            "originalEnvironment": environment,
            "latestEnvironment": environment,
            "description": None,
            "payload": None,
            "task": task,
            "creator": account(world, creator),
            "createdAt": now,
            "updatedAt": now,
            "state": "PENDING",
            "repository": repository,
            "_ref": ref or repository["_branch"],
            "_statuses": [],
        },
        number=number,
        node_id=_node_id("DE", repository, number),
    )
    repository["_deployments"].append(item)
    if status:
        set_status(world, item, status, by=creator, at=at)
    return item


@change
def set_status(
    world: World, deployment: Item, state: str, *, by: Who = "ada", at: When = None, auto_inactive: bool = True
) -> Item:
    """`success`, `failure`, `in_progress`, ...: a success makes earlier ones of its environment inactive, as GitHub
    does unless told not to or the environment is production."""
    now, number = world.stamp(at), world.number("DeploymentStatus")
    item = world.new(
        "DeploymentStatus",
        {
            "state": state.upper(),
            "creator": account(world, by),
            "createdAt": now,
            "updatedAt": now,
            "description": None,
            "environment": deployment["environment"],
            "environmentUrl": None,
            "logUrl": None,
            "deployment": deployment,
        },
        number=number,
        node_id=_node_id("DES", deployment["repository"], number),
    )
    deployment["_statuses"].append(item)
    deployment.update(state=_STATES.get(state, state.upper()), updatedAt=max(deployment["updatedAt"], now))
    if state == "success" and auto_inactive and deployment["environment"] != "production":
        for other in deployment["repository"]["_deployments"]:
            is_same = other["environment"] == deployment["environment"] and other is not deployment
            if is_same and other["state"] == "ACTIVE":
                set_status(world, other, "inactive", by=by, at=at)
    return item


@change
def delete(world: World, deployment: Item) -> None:
    deployment["repository"]["_deployments"].remove(deployment)
    world.forget(deployment)


@change
def release(
    world: World,
    repository: Item,
    tag: str,
    *,
    author: Who = "ada",
    name: str = "",
    sha: str = "",
    is_draft: bool = False,
    is_prerelease: bool = False,
    at: When = None,
    number: int | None = None,
    **fields: Any,
) -> Item:
    """A release, published at once unless it is a draft; its tag is made if there is none."""
    now = world.stamp(at)
    if tag not in repository["_tags"] and not is_draft:
        put_tag(world, repository, tag, sha, at=at)
    item = world.new(
        "Release",
        {
            "tagName": tag,
            "name": name or tag,
            "description": "",
            "author": account(world, author),
            "isDraft": is_draft,
            "isPrerelease": is_prerelease,
            "createdAt": now,
            "updatedAt": now,
            "publishedAt": None if is_draft else now,
            "repository": repository,
            "_target": repository["_branch"],
            **fields,
        },
        number=number,
    )
    repository["_releases"].append(item)
    return item


@change
def publish(world: World, item: Item, *, at: When = None) -> None:
    """A draft becomes a release."""
    if item["tagName"] not in item["repository"]["_tags"]:
        put_tag(world, item["repository"], item["tagName"], at=at)
    item.update(isDraft=False, publishedAt=world.stamp(at), updatedAt=world.stamp(at))


@change
def delete_release(world: World, item: Item) -> None:
    item["repository"]["_releases"].remove(item)
    world.forget(item)


@change
def edit_release(world: World, item: Item, *, name: str, at: When = None) -> None:
    item.update(name=name, updatedAt=world.stamp(at))


def _node_id(kind: str, repository: Item, number: int) -> str:
    """As GitHub makes them today."""
    packed = base64.urlsafe_b64encode(msgspec.msgpack.encode([0, repository["_id"], number]))
    return f"{kind}_{packed.decode().rstrip('=')}"
