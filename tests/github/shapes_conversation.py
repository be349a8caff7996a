"""Issues, pull requests and what people say there as REST shows them."""

from tests.github.fields_conversation import line_comments_count, page_url
from tests.github.shapes import account, author, label, milestone, repository, team
from tests.github.world import Item


def _conversation(item: Item, api: str) -> Item:
    """What issues and pull requests share."""
    people = [account(one, api) for one in item["_assignees"] if not one.get("_deleted")]
    return {
        "html_url": page_url(item),
        "number": item["number"],
        "title": item["title"],
        "user": author(item["author"], api),
        "state": "open" if item["state"] == "OPEN" else "closed",
        "locked": item["locked"],
        "assignee": people[0] if people else None,
        "assignees": people,
        "labels": [label(one, api) for one in item["_labels"]],
        "milestone": milestone(item["milestone"], api),
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "closed_at": item["closedAt"],
        "author_association": item["authorAssociation"],
        "active_lock_reason": None,
        "body": item["body"] or None,
    }


def issue(item: Item, api: str) -> Item:
    """An entry of /issues: pull requests are there too, marked as such."""
    here = f"{api}/repos/{item['repository']['nameWithOwner']}"
    shown = {
        **_conversation(item, api),
        "id": item.get("_issue_id", item["_id"]),
        "node_id": item["id"],
        "url": f"{here}/issues/{item['number']}",
        "repository_url": here,
        "labels_url": f"{here}/issues/{item['number']}/labels{{/name}}",
        "comments_url": f"{here}/issues/{item['number']}/comments",
        "events_url": f"{here}/issues/{item['number']}/events",
        "timeline_url": f"{here}/issues/{item['number']}/timeline",
        "comments": len(item["_comments"]),
        "performed_via_github_app": None,
        "state_reason": (item.get("stateReason") or "").lower() or None,
    }
    if item["__typename"] == "PullRequest":
        link = f"{here}/pulls/{item['number']}"
        more = {"url": link, "html_url": shown["html_url"], "merged_at": item["mergedAt"]}
        return {**shown, "draft": item["isDraft"], "pull_request": more}
    done = sum(child["state"] == "CLOSED" for child in item["_children"])
    parent = item["parent"]
    total = len(item["_children"])
    return {
        **shown,
        "type": _issue_type(item["_type"]),
        "sub_issues_summary": {
            "total": total,
            "completed": done,
            "percent_completed": 100 * done // total if total else 0,
        },
        "parent_issue_url": parent and f"{api}/repos/{parent['repository']['nameWithOwner']}/issues/{parent['number']}",
    }


def _issue_type(name: str) -> Item | None:
    return {"id": 1, "node_id": f"IT_{name}", "name": name, "description": None, "is_enabled": True} if name else None


def pull(item: Item, api: str, *, whole: bool = False) -> Item:
    """An entry of /pulls; `whole` adds what only /pulls/{number} has."""
    here = f"{api}/repos/{item['repository']['nameWithOwner']}"
    link = f"{here}/pulls/{item['number']}"
    wanted = [request["requestedReviewer"] for request in item["_requests"]]
    links = {
        "self": link,
        "issue": f"{here}/issues/{item['number']}",
        "comments": f"{here}/issues/{item['number']}/comments",
        "review_comments": f"{link}/comments",
        "commits": f"{link}/commits",
        "statuses": f"{here}/statuses/{item['headRefOid']}",
    }
    shown = {
        **_conversation(item, api),
        "id": item["_id"],
        "node_id": item["id"],
        "url": link,
        "issue_url": links["issue"],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "merged_at": item["mergedAt"],
        "merge_commit_sha": item["mergeCommit"]["oid"] if item["mergeCommit"] else item.get("_test_merge"),
        "draft": item["isDraft"],
        "requested_reviewers": [account(one, api) for one in wanted if one and one["__typename"] != "Team"],
        "requested_teams": [team(one, api) for one in wanted if one and one["__typename"] == "Team"],
        "head": _side(item["headRepository"], item["headRefName"], item["headRefOid"], api),
        "base": _side(item["repository"], item["baseRefName"], item["baseRefOid"], api),
        "auto_merge": _auto_merge(item["autoMergeRequest"], api),
        "_links": {name: {"href": href} for name, href in links.items()},
    }
    if not whole:
        return shown
    return {
        **shown,
        "merged": item["merged"],
        "mergeable": None if item["merged"] else True,
        "rebaseable": None,
        "mergeable_state": "unknown" if item["merged"] else "clean",
        "merged_by": account(item["mergedBy"], api),
        "comments": len(item["_comments"]),
        "review_comments": line_comments_count(item),
        "maintainer_can_modify": item["maintainerCanModify"],
        "commits": len(item["_commits"]),
        "additions": item["additions"],
        "deletions": item["deletions"],
        "changed_files": item["changedFiles"],
    }


def _side(item: Item | None, branch: str, sha: str, api: str) -> Item:
    owner = item["owner"] if item else None
    login = owner["login"] if owner else "unknown"
    return {
        "label": f"{login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": account(owner, api),
        "repo": repository(item, api) if item else None,
    }


def _auto_merge(item: Item | None, api: str) -> Item | None:
    if item is None:
        return None
    method = item["mergeMethod"].lower()
    return {"enabled_by": account(item["enabledBy"], api), "merge_method": method, "commit_title": None}


def review(item: Item, api: str) -> Item:
    link = f"{api}/repos/{item['repository']['nameWithOwner']}/pulls/{item['pullRequest']['number']}"
    shown = {
        "id": item["_id"],
        "node_id": item["id"],
        "user": account(item["author"], api),
        "body": item["body"],
        "state": item["state"],
        "html_url": f"{page_url(item['pullRequest'])}#pullrequestreview-{item['_id']}",
        "pull_request_url": link,
        "author_association": item["authorAssociation"],
        "_links": {"pull_request": {"href": link}},
        "commit_id": item["_sha"],
    }
    return {**shown, "submitted_at": item["submittedAt"]} if item["submittedAt"] else shown


def line_comment(item: Item, api: str) -> Item:
    here = f"{api}/repos/{item['repository']['nameWithOwner']}/pulls"
    link = f"{here}/{item['pullRequest']['number']}"
    review_item = item["pullRequestReview"]
    shown = {
        "url": f"{here}/comments/{item['_id']}",
        "pull_request_review_id": review_item["_id"] if review_item else None,
        "id": item["_id"],
        "node_id": item["id"],
        "diff_hunk": item["diffHunk"],
        "path": item["path"],
        "commit_id": item["_sha"],
        "original_commit_id": item["_sha"],
        "user": author(item["author"], api),
        "body": item["body"],
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "html_url": f"{page_url(item['pullRequest'])}#discussion_r{item['_id']}",
        "pull_request_url": link,
        "author_association": item["authorAssociation"],
        "_links": {"self": {"href": f"{here}/comments/{item['_id']}"}, "pull_request": {"href": link}},
        "line": item["line"],
        "original_line": item["originalLine"],
        "side": "RIGHT",
    }
    return {**shown, "in_reply_to_id": item["replyTo"]["_id"]} if item["replyTo"] else shown


def comment(item: Item, api: str) -> Item:
    here = f"{api}/repos/{item['repository']['nameWithOwner']}/issues"
    return {
        "url": f"{here}/comments/{item['_id']}",
        "html_url": f"{page_url(item['_subject'])}#issuecomment-{item['_id']}",
        "issue_url": f"{here}/{item['_subject']['number']}",
        "id": item["_id"],
        "node_id": item["id"],
        "user": author(item["author"], api),
        "created_at": item["createdAt"],
        "updated_at": item["updatedAt"],
        "author_association": item["authorAssociation"],
        "body": item["body"],
        "performed_via_github_app": None,
    }
