"""The pages of target `prs` of GitHub.

000-state                               PullRequestsState
100-pull-requests-<n>                   of a run that reads everything: numbers and node ids, a hundred at a time
100-pull-requests-<n>-more-<m>          those pull requests, and the rest of their longer lists
200-chosen-<n>-more-<m>                 of other runs: the same of the pull requests that the state names
999-cursor                              PullRequestsCursor
"""

from datetime import datetime, timedelta

import msgspec

LISTED, CHOSEN = "pull-requests", "chosen"

OVERLAP = timedelta(minutes=10)
"""How far before the last run's time this one looks again: times of update have whole seconds, replicas lag."""
SETTLED = timedelta(seconds=2)
"""What was updated so long before it was read has shown all that happened to it in that second."""

NAMES = "graphql:pull_requests_listed"
"""A page of `repository.pullRequests`, with numbers, node ids and times of update only."""
WHOLE = "graphql:pull_requests_by_id"
"""`nodes`, the pull requests that were asked for; null is one that is gone.

`about` has their numbers, an equals sign before each that is stored already as it is there."""
MORE = "graphql:pull_request_more"
"""By alias, more of the lists of pull requests, and of threads in them, of the pages before it."""

REST_NAMES = "rest:pulls"
REST_PULL = "rest:pull_request"
REST_GONE = "rest:gone"
"""Nothing: the pull request of the number in `about` is not there any more."""
REST_REVIEWS = "rest:reviews"
REST_LINE_COMMENTS = "rest:review_comments"
REST_COMMENTS = "rest:issue_comments"
REST_COMMITS = "rest:pull_request_commits"
REST_COMPARED = "rest:compare"
"""All commits of a pull request that has more than REST lists of it."""
REST_EVENTS = "rest:issue_events"


class PullRequestsCursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a run ended."""

    until: datetime
    """On the provider's clock: what was updated before it is stored."""
    open: dict[int, str] = {}
    """Numbers that were open, and their node ids; none where REST is read."""
    recent: dict[int, datetime] = {}
    """When what lies in the next run's overlap was updated, for it to leave out what it knows."""
    unsettled: dict[int, str] = {}
    """What was updated just before it was read, and may change without a sign: a digest of what it was."""
    totals: dict[str, tuple[int, int]] = {}
    """By table the least and the most rows the provider has, since some may come while a unit is read."""

    def knows(self, number: int, updated_at: datetime) -> bool:
        """Whether a pull request that was updated then is stored as it is."""
        return updated_at < self.until - OVERLAP or self.recent.get(number) == updated_at


class PullRequestsState(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when the unit began."""

    fetched_at: datetime
    at: datetime
    """The same moment on the provider's clock."""
    host: str
    """github.com, lower case."""
    repository: str
    """acme/shop, as it is called now."""
    is_rest: bool
    total: int | None
    """How many there are; None where REST is read, which does not say."""
    open: dict[int, str]
    chosen: dict[int, str] | None
    """What is to be fetched, numbers and node ids; None: everything."""
    recent: dict[int, datetime] = {}
    """What was left out because it is known, as in the cursor."""
    most: int | None = None
    """How many there were when the news were listed."""
