"""Workflows, their runs, attempts and jobs."""

from typing import Any

from tests.github.accounts import Who, account
from tests.github.repositories import When, commit
from tests.github.world import Item, World, change


@change
def create(
    world: World,
    repository: Item,
    *,
    workflow: str = "CI",
    event: str = "push",
    branch: str = "",
    sha: str = "",
    actor: Who = "ada",
    jobs: tuple[str, ...] = (),
    at: When = None,
    number: int | None = None,
) -> Item:
    """A queued run, with queued jobs of these names."""
    branch = branch or repository["_branch"]
    sha = sha or repository["_branches"].get(branch) or commit(world, repository, branch=branch, at=at)["oid"]
    now = world.stamp(at)
    process = _workflow(world, repository, workflow)
    process["_count"] += 1
    item = world.new(
        "WorkflowRun",
        {
            "event": event,
            "runNumber": process["_count"],
            "workflow": process,
            "createdAt": now,
            "updatedAt": now,
            "repository": repository,
            "_branch": branch,
            "_sha": sha,
            "_actor": account(world, actor),
            "_attempts": [],
        },
        number=number,
    )
    item["checkSuite"] = _suite(world, repository, item, sha, now)
    repository["_runs"][item["_id"]] = item
    _attempt(world, item, actor, jobs, now)
    return item


@change
def start(world: World, run: Item, *, at: When = None) -> None:
    """The run and its jobs begin."""
    _set(world, run, "IN_PROGRESS", None, at)
    for one in newest(run)["jobs"]:
        start_job(world, one, at=at)


@change
def finish(world: World, run: Item, conclusion: str = "success", *, at: When = None) -> None:
    """Jobs not completed yet end with it and alike."""
    for one in newest(run)["jobs"]:
        if one["status"] != "COMPLETED":
            finish_job(world, one, conclusion, at=at)
    _set(world, run, "COMPLETED", conclusion.upper(), at)


@change
def rerun(world: World, run: Item, *, by: Who = "ada", at: When = None) -> None:
    """Another attempt of it with the same jobs, queued: the run keeps its id and the time it was created."""
    names = tuple(one["name"] for one in newest(run)["jobs"])
    _attempt(world, run, by, names, world.stamp(at))
    _set(world, run, "QUEUED", None, at)


@change
def add_job(world: World, run: Item, name: str, *, at: When = None) -> Item:
    """One more queued job of the newest attempt."""
    now = world.stamp(at)
    item = world.new(
        "CheckRun",
        {
            "name": name,
            "status": "QUEUED",
            "conclusion": None,
            "startedAt": None,
            "completedAt": None,
            "detailsUrl": None,
            "externalId": None,
            "checkSuite": run["checkSuite"],
            "repository": run["repository"],
            "_created": now,
            "_run": run,
            "_attempt": len(run["_attempts"]),
        },
    )
    newest(run)["jobs"].append(item)
    return item


@change
def start_job(world: World, one: Item, *, at: When = None) -> None:
    one.update(status="IN_PROGRESS", startedAt=world.stamp(at))


@change
def finish_job(world: World, one: Item, conclusion: str = "success", *, at: When = None) -> None:
    now = world.stamp(at)
    one.update(status="COMPLETED", conclusion=conclusion.upper(), startedAt=one["startedAt"] or now, completedAt=now)


@change
def delete(world: World, run: Item) -> None:
    """As runs go when they are too old."""
    del run["repository"]["_runs"][run["_id"]]
    run["checkSuite"]["workflowRun"] = None
    world.forget(run)


def newest(run: Item) -> dict[str, Any]:
    """The newest attempt: number, status, conclusion, actor, started, updated, jobs."""
    attempt: dict[str, Any] = run["_attempts"][-1]
    return attempt


def _attempt(world: World, run: Item, by: Who, jobs: tuple[str, ...], now: str) -> None:
    run["_attempts"].append(
        {
            "number": len(run["_attempts"]) + 1,
            "status": "QUEUED",
            "conclusion": None,
            "actor": account(world, by),
            "started": now,
            "updated": now,
            "jobs": [],
        }
    )
    for name in jobs:
        add_job(world, run, name, at=now)


def _set(world: World, run: Item, status: str, conclusion: str | None, at: When) -> None:
    now = world.stamp(at)
    newest(run).update(status=status, conclusion=conclusion, updated=now)
    run["updatedAt"] = max(run["updatedAt"], now)
    run["checkSuite"].update(status=status, conclusion=conclusion, updatedAt=now)


def _workflow(world: World, repository: Item, name: str) -> Item:
    known: Item | None = repository["_workflows"].get(name)
    if known is None:
        now = world.stamp()
        known = world.new(
            "Workflow",
            {
                "name": name,
                "state": "ACTIVE",
                "createdAt": now,
                "updatedAt": now,
                "repository": repository,
                "_path": f".github/workflows/{name.lower().replace(' ', '-')}.yml",
                "_count": 0,
            },
        )
        repository["_workflows"][name] = known
    return known


def _suite(world: World, repository: Item, run: Item, sha: str, now: str) -> Item:
    found = repository["_commits"].get(sha) or commit(world, repository, branch=None, sha=sha, at=now)
    item = world.new(
        "CheckSuite",
        {
            "app": {
                "__typename": "App",
                "id": "A_actions",
                "databaseId": 15368,
                "name": "GitHub Actions",
                "slug": "github-actions",
            },
            "commit": found,
            "status": "QUEUED",
            "conclusion": None,
            "creator": run["_actor"] if run["_actor"] and run["_actor"]["__typename"] == "User" else None,
            "createdAt": now,
            "updatedAt": now,
            "repository": repository,
            "workflowRun": run,
        },
    )
    found["_suites"].append(item)
    return item
