"""Fields of deployments, releases, checks and projects."""

from datetime import date, timedelta

from tests.github.connections import page
from tests.github.fields import field, ordered
from tests.github.fields_repository import branch_ref, tag_ref
from tests.github.world import Item, World


@field("Deployment.statuses")
def statuses(_world: World, item: Item, args: Item) -> Item:
    return page(item["_statuses"][::-1], args)


@field("Deployment.latestStatus")
def latest_status(_world: World, item: Item, _args: Item) -> Item | None:
    return item["_statuses"][-1] if item["_statuses"] else None


GHOST = {
    "__typename": "User",
    "id": "MDQ6VXNlcjEwMTM3",
    "databaseId": 10137,
    "login": "ghost",
    "name": "Deleted user",
    "email": "",
    "url": "https://github.com/ghost",
    "resourcePath": "/ghost",
}


@field("Deployment.creator", "DeploymentStatus.creator")
def creator(_world: World, item: Item, _args: Item) -> Item:
    """Never null: who deleted the account is a ghost."""
    person: Item | None = item["creator"]
    return GHOST if person is None or person.get("_deleted") else person


@field("Deployment.ref")
def deployed_ref(_world: World, item: Item, _args: Item) -> Item | None:
    return branch_ref(item["repository"], item["_ref"]) or tag_ref(item["repository"], item["_ref"])


# Releases.


@field("Repository.releases")
def releases(_world: World, item: Item, args: Item) -> Item:
    order = args.get("orderBy") or {"field": "CREATED_AT", "direction": "DESC"}
    return ordered(item["_releases"], {**args, "orderBy": order})


@field("Repository.release")
def release(_world: World, item: Item, args: Item) -> Item | None:
    return next((r for r in item["_releases"] if r["tagName"] == args["tagName"]), None)


@field("Repository.latestRelease")
def latest_release(_world: World, item: Item, _args: Item) -> Item | None:
    full = [r for r in item["_releases"] if not r["isDraft"] and not r["isPrerelease"]]
    return max(full, key=lambda r: (r["createdAt"], r["_id"]), default=None)


@field("Release.isLatest")
def is_latest(world: World, item: Item, args: Item) -> bool:
    return latest_release(world, item["repository"], args) is item


@field("Release.tag")
def release_tag(_world: World, item: Item, _args: Item) -> Item | None:
    return tag_ref(item["repository"], item["tagName"])


@field("Release.tagCommit")
def release_commit(_world: World, item: Item, _args: Item) -> Item | None:
    target: Item | None = item["repository"]["_tags"].get(item["tagName"])
    return target["target"] if target and target["__typename"] == "Tag" else target


@field("Release.author")
def release_author(_world: World, item: Item, _args: Item) -> Item | None:
    """A user: where a bot has published it, nobody."""
    author: Item | None = item["author"]
    return author if author and author["__typename"] == "User" and not author.get("_deleted") else None


@field("Release.url", "Release.resourcePath")
def release_url(_world: World, item: Item, _args: Item) -> str:
    return f"{item['repository']['url']}/releases/tag/{item['tagName']}"


# Checks.


@field("Commit.checkSuites")
def suites(_world: World, item: Item, args: Item) -> Item:
    wanted = (args.get("filterBy") or {}).get("appId")
    return page([s for s in item["_suites"] if wanted in {None, s["app"]["databaseId"]}], args)


@field("CheckSuite.checkRuns")
def check_runs(_world: World, item: Item, args: Item) -> Item:
    run = item["workflowRun"]
    return page(run["_attempts"][-1]["jobs"] if run else [], args)


@field("CheckSuite.branch")
def suite_branch(_world: World, item: Item, _args: Item) -> Item | None:
    return branch_ref(item["repository"], item["workflowRun"]["_branch"]) if item["workflowRun"] else None


@field("CheckSuite.url", "CheckRun.url", "CheckRun.permalink", "WorkflowRun.url", "Workflow.url")
def check_url(_world: World, item: Item, _args: Item) -> str:
    return f"{item['repository']['url']}/actions/runs/{item['_id']}"


@field("Workflow.runs")
def workflow_runs(_world: World, item: Item, args: Item) -> Item:
    order = args.get("orderBy") or {"field": "CREATED_AT", "direction": "DESC"}
    return ordered(
        [r for r in item["repository"]["_runs"].values() if r["workflow"] is item], {**args, "orderBy": order}
    )


# Projects.


@field("Organization.projectsV2")
def projects(_world: World, item: Item, args: Item) -> Item:
    return page(item["_projects"], args)


@field("Repository.projectsV2")
def repository_projects(_world: World, item: Item, args: Item) -> Item:
    """Those of the owner, which are all taken to be linked."""
    return ordered(item["owner"]["_projects"], args)


@field("Organization.projectV2")
def project(_world: World, item: Item, args: Item) -> Item | None:
    return next((p for p in item["_projects"] if p["number"] == args["number"]), None)


@field("ProjectV2.items")
def items(_world: World, item: Item, args: Item) -> Item:
    return page(item["_items"], args)


@field("ProjectV2.fields")
def project_fields(_world: World, item: Item, args: Item) -> Item:
    return page(list(item["_fields"].values()), args)


@field("ProjectV2.field")
def project_field(_world: World, item: Item, args: Item) -> Item | None:
    found: Item | None = item["_fields"].get(args["name"])
    return found


@field("ProjectV2SingleSelectField.options")
def options(_world: World, item: Item, _args: Item) -> list[Item]:
    return list(item["_options"])


@field("ProjectV2IterationField.configuration")
def configuration(world: World, item: Item, _args: Item) -> Item:
    today = world.clock.now().date()
    over = [
        i for i in item["_iterations"] if date.fromisoformat(i["startDate"]) + timedelta(days=i["duration"]) <= today
    ]
    running = [i for i in item["_iterations"] if i not in over]
    return {"completedIterations": over, "iterations": running, "duration": 14, "startDay": 1}


@field("ProjectV2Item.fieldValues")
def values(_world: World, item: Item, args: Item) -> Item:
    return page(list(item["_values"].values()), args)


@field("ProjectV2Item.fieldValueByName")
def value(_world: World, item: Item, args: Item) -> Item | None:
    found: Item | None = item["_values"].get(args["name"])
    return found
