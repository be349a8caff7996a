"""Repositories, what lies in their git, and what becomes of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.github.accounts import Who, account, organization
from tests.github.world import Item, World, change

When = datetime | str | None
"""When it happens: now if not said."""


@change
def create(
    world: World, name: str, *, branch: str = "main", at: When = None, number: int | None = None, **fields: Any
) -> Item:
    """`acme/shop`, empty; `fields` are GraphQL fields: `isArchived=True`, `description="..."`."""
    owner, _, short = name.partition("/")
    now = world.stamp(at)
    item = world.new(
        "Repository",
        {
            "name": short,
            "owner": world.accounts.get(owner.lower()) or organization(world, owner),
            "description": None,
            "homepageUrl": None,
            "createdAt": now,
            "updatedAt": now,
            "pushedAt": now,
            "archivedAt": None,
            "isArchived": False,
            "isDisabled": False,
            "isFork": False,
            "isTemplate": False,
            "isPrivate": False,
            "isLocked": False,
            "isMirror": False,
            "lockReason": None,
            "hasIssuesEnabled": True,
            "diskUsage": 1,
            "forkCount": 0,
            "parent": None,
            "viewerPermission": "READ",
            "_state": "",
            "_branch": branch,
            "_branches": {},
            "_tags": {},
            "_commits": {},
            "_pulls": {},
            "_issues": {},
            "_numbers": 0,
            "_labels": {},
            "_milestones": {},
            "_releases": [],
            "_deployments": [],
            "_workflows": {},
            "_runs": {},
            "_topics": [],
            "_projects": [],
            **fields,
        },
        number=number,
    )
    _place(world, item)
    world.repositories[item["_id"]] = item
    return item


@change
def rename(world: World, repository: Item, name: str) -> None:
    """`acme/store`: renamed, or transferred if the owner is another; the old name leads to it."""
    old = repository["nameWithOwner"].lower()
    world.names.pop(old)
    world.moved[old] = repository
    owner, _, short = name.partition("/")
    repository["owner"] = world.accounts.get(owner.lower()) or organization(world, owner)
    repository["name"] = short
    repository["updatedAt"] = world.stamp()
    _place(world, repository)
    world.moved.pop(name.lower(), None)


@change
def delete(world: World, repository: Item) -> None:
    """Nobody finds it any more, under no name and no id."""
    world.names.pop(repository["nameWithOwner"].lower(), None)
    world.moved = {name: item for name, item in world.moved.items() if item is not repository}
    world.repositories.pop(repository["_id"], None)
    world.forget(repository)


@change
def close_off(world: World, repository: Item, why: str) -> None:
    """`blocked` (451), `forbidden` (403), `hidden` (404, as for want of permission), or "" for open again."""
    repository["_state"] = why


@change
def archive(world: World, repository: Item, *, at: When = None) -> None:
    now = world.stamp(at)
    repository.update(isArchived=True, archivedAt=now, updatedAt=now)


@change
def topics(world: World, repository: Item, names: Iterable[str]) -> None:
    repository["_topics"] = [
        world.new(
            "RepositoryTopic", {"topic": world.new("Topic", {"name": name}), "url": f"https://github.com/topics/{name}"}
        )
        for name in names
    ]
    repository["updatedAt"] = world.stamp()


@change
def label(world: World, repository: Item, name: str, *, color: str = "ededed", number: int | None = None) -> Item:
    """The label of that name, made if there is none."""
    if name not in repository["_labels"]:
        now = world.stamp()
        repository["_labels"][name] = world.new(
            "Label",
            {
                "name": name,
                "color": color,
                "description": None,
                "isDefault": False,
                "createdAt": now,
                "updatedAt": now,
                "repository": repository,
            },
            number=number,
        )
    return repository["_labels"][name]


@change
def milestone(world: World, repository: Item, title: str, *, by: Who = None, due: When = None, at: When = None) -> Item:
    now = world.stamp(at)
    number = len(repository["_milestones"]) + 1
    item = world.new(
        "Milestone",
        {
            "number": number,
            "title": title,
            "description": None,
            "state": "OPEN",
            "closed": False,
            "closedAt": None,
            "createdAt": now,
            "updatedAt": now,
            "dueOn": world.stamp(due) if due else None,
            "creator": account(world, by),
            "progressPercentage": 0.0,
            "repository": repository,
        },
    )
    repository["_milestones"][number] = item
    return item


@change
def commit(
    world: World,
    repository: Item,
    *,
    author: Who = "ada",
    message: str = "Change something",
    email: str = "",
    branch: str | None = "",
    authored: When = None,
    at: When = None,
    sha: str = "",
    parents: Iterable[str] | None = None,
    additions: int = 1,
    deletions: int = 0,
) -> Item:
    """A commit on a branch (the default one if ""; None: on none), its author known by e-mail."""
    person = account(world, author)
    now = world.stamp(at)
    branch = repository["_branch"] if branch == "" else branch
    tip = repository["_branches"].get(branch)
    login = person["login"] if person else "nobody"
    written = world.stamp(authored) if authored else now
    who = {
        "__typename": "GitActor",
        "name": (person and person.get("name")) or login,
        "email": email or (person and person.get("email")) or f"{login}@example.org",
        "user": person if person and person["__typename"] == "User" else None,
        "_account": person,
    }
    sha = sha or world.sha()
    item = world.new(
        "Commit",
        {
            "oid": sha,
            "message": message,
            "authoredDate": written,
            "committedDate": now,
            "author": {**who, "date": written},
            "committer": {**who, "date": now},
            "authoredByCommitter": True,
            "additions": additions,
            "deletions": deletions,
            "changedFilesIfAvailable": 1,
            "repository": repository,
            "_parents": list(parents) if parents is not None else [tip] if tip else [],
            "_suites": [],
        },
        node_id=f"C_{repository['_id']}_{sha}",
    )
    repository["_commits"][sha] = item
    if branch is not None:
        move_branch(world, repository, branch, sha, at=at)
    return item


@change
def move_branch(world: World, repository: Item, branch: str, sha: str | None, *, at: When = None) -> None:
    """Make, move or (with None) delete a branch; all are pushes."""
    if sha is None:
        repository["_branches"].pop(branch, None)
    else:
        repository["_branches"][branch] = sha
    repository["pushedAt"] = max(repository["pushedAt"] or "", world.stamp(at))
    if branch == repository["_branch"]:
        repository["updatedAt"] = max(repository["updatedAt"], world.stamp(at))


@change
def tag(world: World, repository: Item, name: str, sha: str = "", *, by: Who = None, at: When = None) -> Item:
    """A tag of a commit (the default branch's if not said): with `by` an annotated one."""
    sha = sha or repository["_branches"][repository["_branch"]]
    now = world.stamp(at)
    target = repository["_commits"].get(sha) or commit(world, repository, sha=sha, branch=None, at=at)
    if by is not None:
        person = account(world, by)
        assert person is not None
        tagger = {"__typename": "GitActor", "name": person["login"], "email": "", "date": now, "user": person}
        target = world.new(
            "Tag",
            {
                "oid": world.sha(),
                "name": name,
                "message": name,
                "tagger": tagger,
                "target": target,
                "repository": repository,
            },
        )
    repository["_tags"][name] = target
    repository["pushedAt"] = max(repository["pushedAt"] or "", now)
    return target


@change
def delete_tag(world: World, repository: Item, name: str, *, at: When = None) -> None:
    """A push, too."""
    repository["_tags"].pop(name)
    repository["pushedAt"] = max(repository["pushedAt"] or "", world.stamp(at))


def next_number(repository: Item) -> int:
    """Issues and pull requests count together."""
    repository["_numbers"] += 1
    return int(repository["_numbers"])


def _place(world: World, item: Item) -> None:
    full = f"{item['owner']['login']}/{item['name']}"
    item.update(nameWithOwner=full, resourcePath=f"/{full}", url=f"https://github.com/{full}")
    world.names[full.lower()] = item
