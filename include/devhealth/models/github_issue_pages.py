"""The pages of target `work-items` of GitHub.

000-state                 IssuesState
100-issues-<n>            of a run that reads everything: a hundred issues as REST lists them
200-news-<n>              of a run that goes on: those updated since the last one, the newest last
300-open-<n>              ... those that are open, if their number does not fit what the news say: taken are those that
                          were not, or that moved in a project
400-named-<n>             ... one that no list has had: closed or gone without a sign, or moved in a project
500-found-<m>-<n>         of a backfill: results of its search number m
600-issues-<n>            as 100, once more when the numbers do not add up
<one of these>-more-<m>   what happened to the issues that are taken from that page
999-cursor                IssuesCursor

REST lists pull requests among the issues; nothing is taken of them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

OVERLAP = timedelta(minutes=10)
"""How far before the last run's time this one looks again: times of update have whole seconds, replicas lag."""
SETTLED = timedelta(seconds=2)
"""What was updated so long before it was read has shown all that happened to it in that second."""

LISTED = "rest:issues"
FOUND = "rest:search_issues"
NAMED = "rest:issue"
GONE = "rest:issue_gone"
"""The issue of the number in `about` is not there any more; the answer has its `id`, or null."""

DETAILS = "graphql:issues_by_id"
"""`nodes`, what happened to the issues with the numbers in `about`, and where they stand in projects; null is one that
is gone. A number after an equals sign is stored already as it is there."""
MORE = "graphql:issue_more"
"""By alias, more of the lists of issues of the pages before it."""
TIMELINE = "rest:timeline"
"""A page of what happened to the issue of the number in `about`, with an equals sign as above on the last one."""


class Project(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stood in a project when it was looked at last."""

    at: str
    """When the project was updated and how much it held; empty when that may have changed without a sign."""
    items: dict[int, int] = {}
    """Numbers of issues of the repository, and the second in which each was moved there; 0 as above."""


class IssuesCursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a run ended."""

    until: datetime
    """On the provider's clock: what was updated before it is stored."""
    open: dict[int, int] = {}
    """Numbers that were open, and their ids."""
    recent: dict[int, datetime] = {}
    """When what lies in the next run's overlap was updated, for it to leave out what it knows."""
    unsettled: dict[int, str] = {}
    """What was updated just before it was read, and may change without a sign: a digest of what it was."""
    projects: dict[str, Project] = {}
    """By node id."""
    newest: int = 0
    """The greatest number."""
    totals: dict[str, tuple[int, int]] = {}
    """By table the least and the most rows the provider has, since some may come while a unit is read."""


class IssuesState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was true when the unit began."""

    fetched_at: datetime
    at: datetime
    """The same moment on the provider's clock."""
    host: str
    """github.com, lower case."""
    repository: str
    """acme/shop, as it is called now."""
    is_rest: bool = False
    total: int | None = None
    """How many issues there are; None where REST is read, which does not say."""
    open: int | None = None
    """How many of them are open."""
    newest: int = 0
    """The number of the one that was made last."""
    projects: dict[str, str] | None = None
    """Projects to be told of in the cursor, with `Project.at` of each; None: they may not be read."""
    moved: list[int] = []
    """Numbers of what came, went or moved in a project since the cursor."""
    searches: list[str] | None = None
    """What a backfill selects; none of them has more results than GitHub shows."""


def is_issue(row: Mapping[str, object]) -> bool:
    """Whether a row of a REST list is no pull request."""
    return not row.get("pull_request")
