"""REST: pull requests, issues, and what people say there."""

from functools import partial

from tests.github import shapes
from tests.github import shapes_conversation as said
from tests.github.choosing import in_order, in_state, since
from tests.github.fields_conversation import happened
from tests.github.messages import Reply, Request, problem
from tests.github.rest_events import event, timeline_entry
from tests.github.routes import listed, moved, one, route
from tests.github.world import Item, World

# Pull requests.


@route("/repos/{repository}/pulls")
def pulls(_world: World, request: Request, item: Item) -> Reply:
    found = in_state(list(item["_pulls"].values()), request)
    for name, field in (("base", "baseRefName"),):
        found = [p for p in found if request.query.get(name) in {None, p[field]}]
    return listed(request, in_order(found, request, "created"), said.pull, repository=item)


@route("/repos/{repository}/pulls/{number}")
def pull(_world: World, request: Request, item: Item, number: str) -> Reply:
    return one(_numbered(item["_pulls"], number), partial(said.pull, whole=True), request)


@route("/repos/{repository}/pulls/{number}/reviews")
def reviews(_world: World, request: Request, item: Item, number: str) -> Reply:
    return _below(request, item, number, "_reviews", said.review)


@route("/repos/{repository}/pulls/{number}/reviews/{review}")
def review(_world: World, request: Request, item: Item, number: str, review: str) -> Reply:
    pull_item = _numbered(item["_pulls"], number)
    found = (r for r in (pull_item or {"_reviews": []})["_reviews"] if str(r["_id"]) == review)
    return one(next(found, None), said.review, request)


@route("/repos/{repository}/pulls/{number}/reviews/{review}/comments")
def review_comments(_world: World, request: Request, item: Item, number: str, review: str) -> Reply:
    found = _numbered(item["_pulls"], number)
    known = [r for r in found["_reviews"] if str(r["_id"]) == review] if found else []
    if not known:
        return problem(404, "Not Found")
    return listed(request, known[0]["_comments"], said.line_comment, repository=item)


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
    whole = said.pull(found, request.api)
    return Reply({"users": whole["requested_reviewers"], "teams": whole["requested_teams"]})


@route("/repos/{repository}/pulls/comments")
def all_line_comments(_world: World, request: Request, item: Item) -> Reply:
    found = [c for p in item["_pulls"].values() for c in _line_comments(p)]
    return listed(
        request, in_order(since(found, request), request, "created", "asc"), said.line_comment, repository=item
    )


@route("/repos/{repository}/pulls/comments/{number}")
def line_comment(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = (c for p in item["_pulls"].values() for c in _line_comments(p) if str(c["_id"]) == number)
    return one(next(found, None), said.line_comment, request)


@route("/repos/{repository}/pulls/{number}/comments")
def line_comments(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _numbered(item["_pulls"], number)
    if found is None:
        return problem(404, "Not Found")
    shown = in_order(since(_line_comments(found), request), request, "created", "asc")
    return listed(request, shown, said.line_comment, repository=item)


def _line_comments(item: Item) -> list[Item]:
    return [c for thread in item["_threads"] for c in thread["_comments"] if c["state"] == "SUBMITTED"]


# Issues, pull requests among them.


@route("/repos/{repository}/issues")
def issues(_world: World, request: Request, item: Item) -> Reply:
    found = since(in_state([*item["_issues"].values(), *item["_pulls"].values()], request), request)
    for name in filter(None, request.query.get("labels", "").split(",")):
        found = [i for i in found if any(label["name"].lower() == name.lower() for label in i["_labels"])]
    if "type" in request.query:
        found = [i for i in found if i.get("_type", "").lower() == request.query["type"].lower()]
    return listed(request, in_order(found, request, "created"), said.issue, repository=item)


@route("/repos/{repository}/issues/comments")
def all_comments(_world: World, request: Request, item: Item) -> Reply:
    subjects = [*item["_issues"].values(), *item["_pulls"].values()]
    found = since([c for subject in subjects for c in subject["_comments"]], request)
    return listed(request, in_order(found, request, "created", "asc"), said.comment, repository=item)


@route("/repos/{repository}/issues/comments/{number}")
def comment(_world: World, request: Request, item: Item, number: str) -> Reply:
    subjects = [*item["_issues"].values(), *item["_pulls"].values()]
    found = (c for subject in subjects for c in subject["_comments"] if str(c["_id"]) == number)
    return one(next(found, None), said.comment, request)


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
    return one(_either(item, number), said.issue, request)


@route("/repos/{repository}/issues/{number}/comments")
def comments(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _either(item, number)
    if found is None:
        return problem(404, "Not Found")
    return listed(request, since(found["_comments"], request), said.comment, repository=item)


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
        problem(404, "Not Found") if found is None else listed(request, found["_children"], said.issue, repository=item)
    )


@route("/repos/{repository}/issues/{number}/parent")
def parent(_world: World, request: Request, item: Item, number: str) -> Reply:
    found = _numbered(item["_issues"], number)
    return one(found and found["parent"], said.issue, request)


@route("/repos/{repository}/labels")
def labels(_world: World, request: Request, item: Item) -> Reply:
    return listed(request, list(item["_labels"].values()), shapes.label, repository=item)


@route("/repos/{repository}/milestones")
def milestones(_world: World, request: Request, item: Item) -> Reply:
    found = in_state(list(item["_milestones"].values()), request)
    return listed(request, found, shapes.milestone, repository=item)


def _numbered(items: dict[int, Item], number: str) -> Item | None:
    return items.get(int(number)) if number.isdigit() else None


def _either(item: Item, number: str) -> Item | None:
    return _numbered(item["_issues"], number) or _numbered(item["_pulls"], number)


def _below(request: Request, item: Item, number: str, name: str, show: object) -> Reply:
    found = _numbered(item["_pulls"], number)
    return problem(404, "Not Found") if found is None else listed(request, found[name], show, repository=item)
