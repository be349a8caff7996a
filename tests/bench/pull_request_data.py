"""Plausible pull requests with reviews and comments for the warehouse of `metrics_data`, made inside ClickHouse."""

from typing import Any

from devhealth.metrics import engine

_PULL_REQUESTS = """
insert into pull_requests (
    org_id, repo_id, number, provider, provider_host, provider_id, state, author, created_at, updated_at, merged_at,
    closed_at, base_branch, additions, deletions, reviews_count, comments_count, fetched_at
)
select
    {org_id:String},
    'repo-' || leftPad(toString(number % {repositories:UInt32}), 4, '0'),
    intDiv(number, {repositories:UInt32}) + 1,
    'github',
    'github.com',
    toString(number),
    multiIf(number % 10 < 8, 'merged', number % 10 = 8, 'closed', 'open'),
    'person' || toString(toUInt32(pow(cityHash64(number, 'who') % 1000 / 1000, 3) * 40) + number % 50 * 20),
    toDateTime({first_day:String}, 'UTC') + cityHash64(number, 'at') % ({days:UInt32} * 86400) as at,
    at,
    if(number % 10 < 8, at + 60 + cityHash64(number, 'merge') % 400000, null) as merged,
    if(number % 10 < 9, coalesce(merged, at + 86400), null),
    'main',
    cityHash64(number, 'more') % 1500,
    cityHash64(number, 'less') % 300,
    2,
    3,
    toDateTime64('2030-01-01 00:00:00', 6, 'UTC')
from numbers({pull_requests:UInt64})
"""

_REVIEWS = """
insert into pull_request_reviews (
    org_id, repo_id, number, review_id, author, state, submitted_at, fetched_at
)
select
    org_id,
    repo_id,
    number,
    repo_id || toString(number * 10 + position),
    'person' || toString(toUInt32(pow(cityHash64(number, position) % 1000 / 1000, 3) * 40) + number % 50 * 20),
    ['approved', 'commented', 'changes_requested'][cityHash64(number, position, repo_id) % 3 + 1],
    created_at + cityHash64(number, position, 'at') % 300000,
    fetched_at
from pull_requests
array join range(2) as position
where org_id = {org_id:String}
"""

_COMMENTS = """
insert into pull_request_comments (
    org_id, repo_id, number, comment_id, kind, author, created_at, updated_at, fetched_at
)
select
    org_id,
    repo_id,
    number,
    repo_id || toString(number * 10 + position),
    'line',
    if(position = 0, 'helper[bot]', 'person' || toString(number % 50 * 20 + position)),
    created_at + cityHash64(number, position, 'comment') % 300000 * position as at,
    at,
    fetched_at
from pull_requests
array join range(3) as position
where org_id = {org_id:String}
"""

_ACCOUNTS = """
insert into accounts (org_id, provider_host, login, account_id, kind, is_bot, fetched_at)
select distinct
    org_id,
    provider_host,
    author,
    author,
    'user',
    false,
    fetched_at
from pull_requests
where org_id = {org_id:String}
"""

_EMAILS = """
insert into account_emails (org_id, provider_host, login, email, last_used_at, fetched_at)
select
    org_id,
    provider_host,
    login,
    replace(login, 'person', 'person.') || '@example.com',
    toDateTime(1, 'UTC'),
    fetched_at
from accounts
where org_id = {org_id:String}
"""


def fill(client: Any, parameters: dict[str, Any], pull_requests: int) -> None:
    """Store `pull_requests` pull requests, two reviews and three comments each, over the same repositories and days."""
    for statement in (_PULL_REQUESTS, _REVIEWS, _COMMENTS, _ACCOUNTS, _EMAILS):
        engine.execute(client, statement, parameters | {"pull_requests": pull_requests})
