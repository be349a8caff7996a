"""Fields of repositories and of what lies in their git."""

from typing import Any

from tests.github.connections import page
from tests.github.fields import field, ordered, refuse
from tests.github.world import Item, World


@field("Repository.defaultBranchRef")
def default_branch(_world: World, item: Item, _args: Item) -> Item | None:
    return branch_ref(item, item["_branch"])


def branch_ref(item: Item, name: str) -> Item | None:
    sha = item["_branches"].get(name)
    target = item["_commits"].get(sha)
    return _ref(item, "refs/heads/", name, target) if target else None


def tag_ref(item: Item, name: str) -> Item | None:
    target = item["_tags"].get(name)
    return _ref(item, "refs/tags/", name, target) if target else None


def _ref(item: Item, prefix: str, name: str, target: Item) -> Item:
    return {
        "__typename": "Ref",
        "_id": 0,
        "id": f"REF_{item['_id']}_{prefix}{name}",
        "name": name,
        "prefix": prefix,
        "target": target,
        "repository": item,
    }


@field("Repository.ref")
def ref(_world: World, item: Item, args: Item) -> Item | None:
    name = args["qualifiedName"]
    if name.startswith("refs/tags/"):
        return tag_ref(item, name.removeprefix("refs/tags/"))
    return branch_ref(item, name.removeprefix("refs/heads/"))


@field("Repository.refs")
def refs(_world: World, item: Item, args: Item) -> Item:
    if args["refPrefix"] == "refs/tags/":
        found = [tag_ref(item, name) for name in item["_tags"]]
    else:
        found = [branch_ref(item, name) for name in item["_branches"]]
    known = [r for r in found if r is not None and (args.get("query") or "") in r["name"]]
    order = args.get("orderBy") or {"field": "ALPHABETICAL", "direction": args.get("direction") or "ASC"}
    by_date = order["field"] == "TAG_COMMIT_DATE"
    known.sort(key=lambda r: (_commit_date(r) if by_date else "", r["name"]), reverse=order["direction"] == "DESC")
    return page(known, args)


def _commit_date(found: Item) -> str:
    target = found["target"]
    return str((target["target"] if target["__typename"] == "Tag" else target)["committedDate"])


@field("Ref.associatedPullRequests")
def pulls_of_ref(_world: World, item: Item, args: Item) -> Item:
    pulls = item["repository"]["_pulls"].values()
    return ordered([p for p in pulls if p["headRefName"] == item["name"] and in_states(p, args)], args)


@field("Repository.isEmpty")
def is_empty(_world: World, item: Item, _args: Item) -> bool:
    return not item["_branches"]


@field("Repository.isInOrganization")
def in_organization(_world: World, item: Item, _args: Item) -> bool:
    return bool(item["owner"]["__typename"] == "Organization")


@field("Repository.visibility")
def visibility(_world: World, item: Item, _args: Item) -> str:
    return "PRIVATE" if item["isPrivate"] else "PUBLIC"


@field("Repository.sshUrl")
def ssh_url(_world: World, item: Item, _args: Item) -> str:
    return f"git@github.com:{item['nameWithOwner']}.git"


@field("Repository.pullRequests")
def pulls(_world: World, item: Item, args: Item) -> Item:
    found = [
        p
        for p in item["_pulls"].values()
        if in_states(p, args)
        and args.get("baseRefName") in {None, p["baseRefName"]}
        and args.get("headRefName") in {None, p["headRefName"]}
        and _labelled(p, args.get("labels"))
    ]
    return ordered(found, args)


@field("Repository.issues")
def issues(_world: World, item: Item, args: Item) -> Item:
    wanted = args.get("filterBy") or {}
    found = [
        i
        for i in item["_issues"].values()
        if in_states(i, args)
        and in_states(i, wanted)
        and _labelled(i, args.get("labels"))
        and _labelled(i, wanted.get("labels"))
        and i["updatedAt"] >= _zulu(wanted.get("since"))
        and wanted.get("createdBy") in {None, (i["author"] or {}).get("login")}
        and (wanted.get("assignee") is None or wanted["assignee"] in [a["login"] for a in i["_assignees"]])
    ]
    return ordered(found, args)


def _zulu(text: str | None) -> str:
    from tests.github.clock import moment, stamp

    return stamp(moment(text)) if text else ""


def in_states(item: Item, args: Item) -> bool:
    return not args.get("states") or item["state"] in args["states"]


def _labelled(item: Item, names: list[str] | None) -> bool:
    return names is None or any(label["name"] in names for label in item["_labels"])


@field("Repository.pullRequest")
def pull(_world: World, item: Item, args: Item) -> Item:
    return _numbered(item["_pulls"], args["number"], "a PullRequest")


@field("Repository.issue")
def issue(world: World, item: Item, args: Item) -> Item:
    moved = world.moved_issues.get((item["_id"], args["number"]))
    return moved if moved is not None else _numbered(item["_issues"], args["number"], "an Issue")


@field("Repository.issueOrPullRequest")
def either(_world: World, item: Item, args: Item) -> Item:
    return _numbered({**item["_issues"], **item["_pulls"]}, args["number"], "an issue or pull request")


def _numbered(items: dict[int, Item], number: int, what: str) -> Item:
    if number not in items:
        raise refuse("NOT_FOUND", f"Could not resolve to {what} with the number of {number}.")
    return items[number]


@field("Repository.label")
def label(_world: World, item: Item, args: Item) -> Item | None:
    found: Item | None = item["_labels"].get(args["name"])
    return found


@field("Repository.labels")
def labels(_world: World, item: Item, args: Item) -> Item:
    return page([n for n in item["_labels"].values() if (args.get("query") or "") in n["name"]], args)


@field("Repository.milestone")
def milestone(_world: World, item: Item, args: Item) -> Item:
    return _numbered(item["_milestones"], args["number"], "a Milestone")


@field("Repository.milestones")
def milestones(_world: World, item: Item, args: Item) -> Item:
    return page([m for m in item["_milestones"].values() if in_states(m, args)], args)


@field("Repository.repositoryTopics")
def topics(_world: World, item: Item, args: Item) -> Item:
    return page(item["_topics"], args)


@field("Label.url", "Label.resourcePath", "Milestone.url")
def listed_url(_world: World, item: Item, _args: Item) -> str:
    where = f"labels/{item['name']}" if item["__typename"] == "Label" else f"milestone/{item['number']}"
    return f"{item['repository']['url']}/{where}"


# Commits.


@field("Repository.object")
def git_object(_world: World, item: Item, args: Item) -> Item | None:
    wanted = args.get("oid") or args.get("expression") or ""
    sha = item["_branches"].get(wanted.removeprefix("refs/heads/").replace("HEAD", item["_branch"]), wanted)
    found: Item | None = item["_commits"].get(sha) or item["_tags"].get(wanted.removeprefix("refs/tags/"))
    return found


@field("Commit.abbreviatedOid", "Tag.abbreviatedOid")
def abbreviated(_world: World, item: Item, _args: Item) -> str:
    return str(item["oid"][:7])


@field("Commit.messageHeadline")
def headline(_world: World, item: Item, _args: Item) -> str:
    return str(item["message"].partition("\n")[0])


@field("Commit.messageBody")
def message_body(_world: World, item: Item, _args: Item) -> str:
    return str(item["message"].partition("\n")[2].strip())


@field("Commit.url", "Commit.resourcePath")
def commit_url(_world: World, item: Item, _args: Item) -> str:
    return f"{item['repository']['url']}/commit/{item['oid']}"


@field("Commit.parents")
def parents(_world: World, item: Item, args: Item) -> Item:
    known = item["repository"]["_commits"]
    return page([known[sha] for sha in item["_parents"] if sha in known], args)


@field("Commit.authors")
def authors(_world: World, item: Item, args: Item) -> Item:
    return page([item["author"]], args)


@field("GitActor.user")
def git_user(_world: World, item: Item, _args: Item) -> Item | None:
    user: Item | None = item["user"]
    return user


@field("Commit.associatedPullRequests")
def pulls_of_commit(_world: World, item: Item, args: Item) -> Item:
    merged = [p for p in item["repository"]["_pulls"].values() if p["mergeCommit"] is item]
    return page([*item.get("_pulls", []), *merged], args)


@field("Commit.history")
def history(_world: World, item: Item, args: Item) -> Item:
    return page(list(ancestry(item, _zulu(args.get("since")), _zulu(args.get("until")))), args)


def ancestry(item: Item, since: str = "", until: str = "") -> list[Item]:
    """The commit and all before it, newest first."""
    known: dict[str, Item] = item["repository"]["_commits"]
    found, todo = {}, [item["oid"]]
    while todo:
        sha = todo.pop()
        if sha in known and sha not in found:
            found[sha] = known[sha]
            todo += known[sha]["_parents"]
    order = sorted(found.values(), key=lambda c: c["committedDate"], reverse=True)
    return [c for c in order if c["committedDate"] >= since and (not until or c["committedDate"] <= until)]


@field("Commit.deployments", "Repository.deployments")
def deployments(_world: World, item: Item, args: Item) -> Item:
    found = item["_deployments"] if item["__typename"] == "Repository" else _of_commit(item)
    names = args.get("environments")
    return ordered([d for d in found if names is None or d["environment"] in names], args)


def _of_commit(item: Item) -> list[Any]:
    return [d for d in item["repository"]["_deployments"] if d["commitOid"] == item["oid"]]
