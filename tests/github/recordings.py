"""The recorded repository as a world: what the recordings hold is served with its own ids, times and totals.

Not recorded are the commits of pull requests and the comments of conversations: as many as the recordings count are
made up, so that totals agree; the last commit is the recorded head, all are by the author of the pull request.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.github import accounts, conversations, deployments, issues, pulls, repositories
from tests.github.accounts import account
from tests.github.world import Item, World

TAKEN_AT = datetime(2021, 8, 27, tzinfo=UTC)
"""The clock of the world: just after the newest recorded change."""


def load(folder: Path) -> World:
    """The world of `github/faros-airbyte-connectors`."""
    return _Load(folder).run()


class _Load:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World(TAKEN_AT)
        self.people: dict[int, Item] = {}

    def read(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_text())

    def run(self) -> World:
        for user in self.read("users"):
            self.person(user)
        self.repository = self.add_repository(self.read("repository"))
        for row in self.read("issue_labels"):
            self.keep(repositories.label(self.world, self.repository, row["name"], color=row["color"]), row)
        for row in reversed(self.read("commits_main")):
            self.commit(row)
        self.milestones = {row["id"]: self.milestone(row) for row in self.read("issue_milestones")}
        subjects = {row["number"]: row for row in self.read("issues")}
        details = sorted(self.read("pull_details"), key=lambda row: row["number"])
        for row in (row for row in subjects.values() if "pull_request" not in row):
            self.issue(row)
        for row in details:
            self.pull(row, subjects[row["number"]])
        reviews = {row["id"]: self.review(row) for row in sorted(self.read("reviews"), key=lambda row: row["id"])}
        self.line_comments(reviews)
        for row in details:
            self.finish(row)
        self.references()
        return self.world

    def keep(self, item: Item, row: Item) -> Item:
        """The item under the ids of the recording."""
        self.world.forget(item)
        number = row["id"]
        item.update(_id=number, id=row["node_id"], databaseId=number, fullDatabaseId=str(number))
        self.world.nodes[item["id"]] = item
        return item

    def person(self, row: Item) -> Item:
        if row["id"] not in self.people:
            kind = row.get("type", "User")
            if kind == "Organization":
                made = accounts.organization(self.world, row["login"])
            else:
                made = account(self.world, row["login"]) or {}
            self.people[row["id"]] = self.keep(made, row)
        return self.people[row["id"]]

    def by_id(self, number: int | None) -> Item | None:
        return self.people.get(number or 0)

    def add_repository(self, row: Item) -> Item:
        item = repositories.create(self.world, row["full_name"], number=row["id"], branch=row["default_branch"])
        item.update(
            id=row["node_id"],
            description=row["description"],
            createdAt=row["created_at"],
            updatedAt=row["updated_at"],
            isArchived=row["archived"],
            isFork=row["fork"],
            isPrivate=row["private"],
        )
        self.world.nodes[item["id"]] = item
        self.pushed_at = row["pushed_at"]
        return item

    def commit(self, row: Item) -> None:
        recorded = row["commit"]
        parents = [parent["sha"] for parent in row["parents"]]
        times = {"at": recorded["committer"]["date"], "authored": recorded["author"]["date"]}
        made = repositories.commit(
            self.world, self.repository, sha=row["sha"], message=recorded["message"], parents=parents, branch=None,
            author=row["author"] and self.person(row["author"]), **times,
        )  # fmt: skip
        for side in ("author", "committer"):
            who = row[side] and self.person(row[side])
            user = who if who and who["__typename"] == "User" else None
            made[side] = {"__typename": "GitActor", **recorded[side], "user": user, "_account": who}

    def known_commit(self, sha: str, at: str, author: Item | None = None, message: str = "Not recorded") -> Item:
        known: Item | None = self.repository["_commits"].get(sha)
        return known or repositories.commit(
            self.world, self.repository, sha=sha, at=at, author=author, branch=None, message=message, parents=[]
        )

    def milestone(self, row: Item) -> Item:
        made = repositories.milestone(self.world, self.repository, row["title"], at=row["created_at"])
        creator = self.by_id(row["creator_id"])
        made.update(number=row["number"], description=row["description"], updatedAt=row["updated_at"], creator=creator)
        return self.keep(made, row)

    def issue(self, row: Item) -> None:
        made = issues.create(
            self.world, self.repository, author=self.person(row["user"]), title=row["title"], body=row["body"] or "",
            number=row["number"], issue_id=row["id"], at=row["created_at"],
        )  # fmt: skip
        self.keep(made, row)
        self.shared(made, row)
        made["updatedAt"] = row["updated_at"]

    def shared(self, made: Item, row: Item) -> None:
        names = dict.fromkeys(label["name"] for label in row["labels"])
        made["_labels"] = [repositories.label(self.world, self.repository, name) for name in names]
        made["_assignees"] = [one for one in map(self.by_id, row["assignees"]) if one]
        made["milestone"] = self.milestones.get(row.get("milestone_id"))
        made["authorAssociation"] = row["author_association"]
        for _ in range(row.get("comments", 0)):
            conversations.comment(self.world, made, made["author"], "Not recorded.", at=row["created_at"])

    def pull(self, row: Item, subject: Item) -> None:
        author = self.person(row["user"])
        made = pulls.create(
            self.world, self.repository, author=author, title=row["title"], body=row["body"] or "",
            branch=row["head"]["ref"], base=row["base"]["ref"], baseRefOid=row["base"]["sha"], commits=0,
            draft=row["draft"], number=row["number"], numbers=(row["id"], subject["id"]), at=row["created_at"],
        )  # fmt: skip
        self.keep(made, row)
        self.shared(made, row)
        for position in range(row["commits"]):
            is_last = position == row["commits"] - 1
            sha = row["head"]["sha"] if is_last else self.world.sha()
            if sha not in self.repository["_commits"]:
                pulls.push(self.world, made, author, sha=sha, at=row["created_at"], message="Not recorded")
            else:
                pulls.add_commit(self.world, made, self.repository["_commits"][sha], at=row["created_at"])
        made.update(additions=row["additions"], deletions=row["deletions"], changedFiles=row["changed_files"])

    def review(self, row: Item) -> Item:
        pull = self.repository["_pulls"][int(row["pull_request_url"].rpartition("/")[2])]
        made = pulls.review(
            self.world, pull, self.person(row["user"]), row["state"], body=row["body"], at=row["submitted_at"],
            number=row["id"], commit_sha=row["commit_id"],
        )  # fmt: skip
        self.known_commit(row["commit_id"], row["submitted_at"], pull["author"])
        made["authorAssociation"] = row["author_association"]
        return self.keep(made, row)

    def line_comments(self, reviews: dict[int, Item]) -> None:
        made: dict[int, Item] = {}
        for row in sorted(self.read("review_comments"), key=lambda row: row["id"]):
            review = reviews[row["pull_request_review_id"]]
            comment = pulls.line_comment(
                self.world, review["pullRequest"], self.person(row["user"]), row["body"], path=row["path"],
                reply_to=made.get(row.get("in_reply_to_id")), review_item=review, at=row["created_at"],
                number=row["id"], commit_sha=row["commit_id"],
            )  # fmt: skip
            more = {"line": row["line"], "originalLine": row["original_line"], "diffHunk": row["diff_hunk"]}
            comment.update(more, updatedAt=row["updated_at"], authorAssociation=row["author_association"])
            made[row["id"]] = self.keep(comment, row)

    def finish(self, row: Item) -> None:
        """How the pull request ended, who is still asked, and its recorded time of change."""
        made = self.repository["_pulls"][row["number"]]
        for number in row["requested_reviewers"]:
            fields = {"requestedReviewer": self.by_id(number), "pullRequest": made, "asCodeOwner": False}
            made["_requests"].append(self.world.new("ReviewRequest", fields))
        made["_test_merge"] = row["merge_commit_sha"]
        if row["merged"]:
            by, at = self.by_id(row["merged_by_id"]), row["merged_at"]
            commit = self.known_commit(row["merge_commit_sha"], at, made["author"])
            made.update(state="MERGED", merged=True, mergedAt=at, mergedBy=by, mergeCommit=commit)
            conversations.happen(
                self.world, made, "MergedEvent", by=by, at=at, commit=commit, mergeRefName=made["baseRefName"]
            )
        if row["closed_at"]:
            by = self.by_id(row.get("merged_by_id"))
            made.update(closed=True, closedAt=row["closed_at"], state=made["state"] if row["merged"] else "CLOSED")
            more = {"closer": None, "closable": made, "stateReason": None}
            conversations.happen(self.world, made, "ClosedEvent", by=by, at=row["closed_at"], **more)
        made["updatedAt"] = row["updated_at"]

    def references(self) -> None:
        """Branches, tags and releases as recorded; commits outside the main branch are made up."""
        item = self.repository
        item["_branches"] = {row["name"]: row["commit"]["sha"] for row in self.read("branches")}
        for sha in item["_branches"].values():
            self.known_commit(sha, self.pushed_at)
        for row in self.read("tags"):
            repositories.tag(
                self.world, item, row["name"], self.known_commit(row["commit"]["sha"], self.pushed_at)["oid"]
            )
        for row in self.read("releases"):
            made = deployments.release(
                self.world, item, row["tag_name"], author=self.by_id(row["author_id"]), name=row["name"],
                is_prerelease=row["prerelease"], at=row["created_at"], publishedAt=row["published_at"],
                description=row["body"],
            )  # fmt: skip
            self.keep(made, row)
        item["pushedAt"] = self.pushed_at
