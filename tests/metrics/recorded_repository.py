"""The pull requests of the recorded repository, as records, straight from its JSON."""

import json
from datetime import datetime
from pathlib import Path

from tests.metrics import filled

WHERE = {"org_id": "acme", "repo_id": "recorded"}
HOST = "github.com"


def load(folder: Path) -> dict[str, list[dict]]:
    """The answers of the provider: pull_details, reviews, review_comments, users."""
    names = ("pull_details", "reviews", "review_comments", "users")
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in names}


def records(answers: dict[str, list[dict]]):
    yield filled.record("repository_targets", **WHERE, target="prs")
    for user in answers["users"]:
        is_bot = user["type"] == "Bot"
        yield filled.record("accounts", org_id="acme", provider_host=HOST, login=user["login"].lower(), is_bot=is_bot)
    for pull in answers["pull_details"]:
        yield filled.record(
            "pull_requests",
            **WHERE,
            number=pull["number"],
            provider_host=HOST,
            state="merged" if pull["merged_at"] else pull["state"],
            author=login(pull["user"]),
            created_at=moment(pull["created_at"]),
            merged_at=moment(pull["merged_at"]),
            closed_at=moment(pull["closed_at"]),
            additions=pull["additions"],
            deletions=pull["deletions"],
        )
    for review in answers["reviews"]:
        yield filled.record(
            "pull_request_reviews",
            **WHERE,
            number=number(review),
            review_id=str(review["id"]),
            author=login(review["user"]),
            state=review["state"].lower(),
            submitted_at=moment(review["submitted_at"]),
        )
    for comment in answers["review_comments"]:
        yield filled.record(
            "pull_request_comments",
            **WHERE,
            number=number(comment),
            comment_id=str(comment["id"]),
            kind="line",
            author=login(comment["user"]),
            created_at=moment(comment["created_at"]),
        )


def login(user: dict | None) -> str | None:
    return user["login"].lower() if user else None


def number(answer: dict) -> int:
    return int(answer["pull_request_url"].rpartition("/")[2])


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
